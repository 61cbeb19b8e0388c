"""Random programs: what scripts do to a graph, drawn by hypothesis, run beside something that watches lives.

`programs()` draws one: a size and a list of steps. `run(program, lives)` runs it: after each step `lives` is handed
every node and buffer that a script could have a hand on, by a label that says which it is, and told where the program
is. So the same program can be run twice, watched in two ways, and the two stories compared.
"""

import contextlib
import gc
from typing import NamedTuple

from hypothesis import strategies as st

import gradviz as torch
from gradviz.engine.node import place_of

SMALL, LARGE = 4, 6000  # elements; gradients of at least 16 KiB are added to and handed over in place


class Program(NamedTuple):
    """The size of the vectors, and the steps: a statement's name, and which of the tensors at hand it is about."""

    size: int
    steps: list[tuple[str, int, int]]


class Lives:
    """What is told of a run; the base hears nothing."""

    def node(self, label, node):
        """A node is there."""

    def array(self, label, array):
        """An array is there."""

    def mark(self, text):
        """The program has come to here."""


class World:
    """The variables of a running program."""

    def __init__(self, size, lives):
        self.lives = lives
        self.size = size
        self.held = []  # tensors
        self.kept = []  # exceptions, nodes
        self.step = 0
        self._looked_at = set()

    def look(self, tensor):
        """Hands over a tensor's buffer, its .grad's, and the nodes that it leads to with all that they saved."""
        self._array("data", tensor)
        with contextlib.suppress(RuntimeError):  # a view whose base was changed may have no grad_fn to show
            self._nodes(tensor)
            if (tensor.is_leaf or tensor.retains_grad) and tensor.grad is not None:
                self._array(".grad", tensor.grad)
                self._nodes(tensor.grad)

    def _array(self, what, tensor):
        self.lives.array(f"{self.step} {what}", tensor._array)

    def _nodes(self, tensor):
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or node.sequence_nr in self._looked_at:
                continue
            self._looked_at.add(node.sequence_nr)
            label = f"{self.step} {node.name()}"
            self.lives.node(label, node)
            for position, array in enumerate(node._saved):
                if hasattr(array, "ndim"):
                    self.lives.array(f"{label} saved {position}", array)
            waiting += [place_of(edge)[0] for edge in node._edges]

    def heard(self, gradient):
        """A hook that looks and changes nothing."""
        self.lives.array(f"{self.step} gradient", gradient._array)


class Cube(torch.autograd.Function):
    """A Function of the script's own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3 * x * x * grad


# -- what a step may be: a function of the world and two of its tensors, which returns what it made -------


def no_grad(world, a, b):
    with torch.no_grad():
        return [a * b + 1]


def update(world, a, b):
    with torch.no_grad():
        world.held[0].sub_(0.1 * b)


def in_place(world, a, b):
    a.mul_(b)


def in_place_of_a_view(world, a, b):
    a[1:3].add_(b[1:3])


def parts(world, a, b):
    return list(a.chunk(2))[:1] + [torch.cat([b, a])[: world.size]]


def largest(world, a, b):
    values, places = a.view(2, -1).max(0)
    return [torch.cat([values, values]), places]


def backward(world, a, b, **settings):
    a.sum().backward(**settings)


def backward_retained(world, a, b):
    backward(world, a, b, retain_graph=True)


def backward_with_graph(world, a, b):
    backward(world, a, b, create_graph=True)


def backward_to_one(world, a, b):
    backward(world, a, b, inputs=[world.held[0]])


def grad(world, a, b):
    return list(torch.autograd.grad(a.sum(), world.held[0]))


def grad_of_any(world, a, b):
    return [each for each in torch.autograd.grad(a.sum(), [b, world.held[1]], allow_unused=True) if each is not None]


def grad_with_graph(world, a, b):
    return list(torch.autograd.grad(a.sum(), world.held[0], create_graph=True))


def retain_grad(world, a, b):
    a.retain_grad()


def hook(world, a, b):
    a.register_hook(world.heard)


def hook_that_changes(world, a, b):
    a.register_hook(lambda grad: grad * 2)


def hook_that_holds(world, a, b):
    a.register_hook(lambda grad: world.kept.append(grad))


def hook_after_accumulation(world, a, b):
    a.register_post_accumulate_grad_hook(world.look)


def hooks_on_saved(world, a, b):
    with torch.autograd.graph.saved_tensors_hooks(torch.clone, lambda packed: packed):
        return [torch.exp(a * b * 0.1)]


def checkpointed(world, a, b):
    return [torch.utils.checkpoint.checkpoint(lambda x: torch.tanh(x) * x, a, use_reentrant=False)]


def hook_of_a_node(world, a, b):
    a.grad_fn.register_hook(lambda inputs, outputs: None)


def hook_that_fails(world, a, b):
    def fails(grad):
        raise RuntimeError("no further")

    a.register_hook(fails)


def no_more_grad(world, a, b):
    for each in world.held:
        if each.is_leaf:
            each.grad = None


def grad_to_zero(world, a, b):
    if a.is_leaf and a.grad is not None:
        a.grad.zero_()


def hold_grad(world, a, b):
    return [a.grad] if a.is_leaf and a.grad is not None else []


def hold_node(world, a, b):
    world.kept.append(a.grad_fn)


def hold_error(world, a, b):
    try:
        backward(world, a, b)
    except RuntimeError as error:
        world.kept.append(error)


def drop_kept(world, a, b):
    if world.kept:
        world.kept.pop(0)


def fail(world, a, b):
    return [(a * b) @ torch.ones(3)]  # the sizes differ: an error half way


def delete(world, a, b):
    if len(world.held) > 3:
        places = [place for place, each in enumerate(world.held) if place > 2 and each is a]
        del world.held[places[0] if places else -1]


STATEMENTS = {
    "mul": lambda world, a, b: [a * b],
    "add": lambda world, a, b: [a + b],
    "square": lambda world, a, b: [a**2],
    "twice": lambda world, a, b: [a * a + a],
    "exp": lambda world, a, b: [torch.exp(a * 0.1)],
    "tanh": lambda world, a, b: [torch.tanh(a)],
    "relu": lambda world, a, b: [torch.relu(a)],
    "softmax": lambda world, a, b: [torch.softmax(a, 0)],
    "std": lambda world, a, b: [a / (a.std() + 1)],
    "mean": lambda world, a, b: [a.mean()],
    "scaled": lambda world, a, b: [a * world.held[2]],
    "view": lambda world, a, b: [a.view(2, -1)[0] * 2, a.view(2, -1).t()],
    "reshape": lambda world, a, b: [a.view(2, -1).t().reshape(world.size)],
    "slice": lambda world, a, b: [torch.sum(a[1:3] * 2) * b],
    "expand": lambda world, a, b: [a.expand(2, world.size).sum(0)],
    "parts": parts,
    "largest": largest,
    "product": lambda world, a, b: [a @ b],
    "where": lambda world, a, b: [torch.where(a > b, a, b)],
    "clone": lambda world, a, b: [a.clone()],
    "detach": lambda world, a, b: [a.detach()],
    "leaf": lambda world, a, b: [a.detach().requires_grad_()],
    "cube": lambda world, a, b: [Cube.apply(a)],
    "no_grad": no_grad,
    "update": update,
    "in_place": in_place,
    "in_place_of_a_view": in_place_of_a_view,
    "backward": backward,
    "backward_retained": backward_retained,
    "backward_with_graph": backward_with_graph,
    "backward_to_one": backward_to_one,
    "grad": grad,
    "grad_of_any": grad_of_any,
    "grad_with_graph": grad_with_graph,
    "retain_grad": retain_grad,
    "hook": hook,
    "hook_that_changes": hook_that_changes,
    "hook_that_holds": hook_that_holds,
    "hook_after_accumulation": hook_after_accumulation,
    "hooks_on_saved": hooks_on_saved,
    "checkpointed": checkpointed,
    "hook_of_a_node": hook_of_a_node,
    "hook_that_fails": hook_that_fails,
    "no_more_grad": no_more_grad,
    "grad_to_zero": grad_to_zero,
    "hold_grad": hold_grad,
    "hold_node": hold_node,
    "hold_error": hold_error,
    "drop_kept": drop_kept,
    "fail": fail,
    "delete": delete,
}


OFTEN = "mul twice scaled backward backward_retained backward_with_graph grad no_more_grad delete".split()


def programs(longest=25):
    """A strategy for programs; the shortest that fails is found as hypothesis finds it."""
    places = st.integers(0, 9)
    step = st.tuples(st.sampled_from([*STATEMENTS, *OFTEN, *OFTEN]), places, places)
    return st.builds(Program, st.sampled_from([SMALL, LARGE]), st.lists(step, max_size=longest))


def run(program, lives):
    """Runs a program without the collector of cycles: what dies, dies of its last reference.

    Statements that PyTorch would refuse are refused, and the program goes on. At the end all variables are dropped, in
    order, and then the collector runs.
    """
    gc.disable()
    gc.freeze()  # what was there before is no business of the collector's here
    try:
        world = World(program.size, lives)
        _begin(world)
        for world.step, (kind, i, j) in enumerate(program.steps, 1):
            lives.mark(f"step {world.step} {kind}")
            _step(world, STATEMENTS[kind], i, j)
        lives.mark("end")
        while world.held:
            world.held.pop(0)
        world.kept.clear()
        world = None
        lives.mark("collector")
        gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()


def _begin(world):
    """A leaf, a constant and a scale."""
    world.held += [
        torch.linspace(0.25, 0.75, world.size).requires_grad_(),
        torch.full((world.size,), 0.25),
        torch.tensor(0.5, requires_grad=True),
    ]
    for each in world.held:
        world.look(each)


def _step(world, statement, i, j):
    count = len(world.held)
    try:
        made = statement(world, world.held[i % count], world.held[j % count]) or []
    except (RuntimeError, IndexError, AttributeError):
        made = []
    world.held += made
    for each in [*made, *world.held]:
        world.look(each)
