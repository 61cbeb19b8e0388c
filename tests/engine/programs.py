"""Small programs whose graphs are known: run on gradviz and on PyTorch alike, and described in the same words.

A program is `run(torch, *inputs)`; its inputs are specs as in samples.py. The names follow the measured
facts that gradviz is built on.
"""

import contextlib
import itertools

import gradviz
from gradviz.engine.switches import Observer, mode
from tests.engine import (
    programs_drawn,
    programs_elementwise,
    programs_in_place,
    programs_layers,
    programs_measures,
    programs_neural,
    programs_rarer,
    programs_shaping,
)
from tests.engine.sampling import Sample

M, SQUARE, V, CLASSES, POSITIVE = (2, 3), (3, 3), (3,), ((2,), "class"), ((2, 3), "positive")


def _mlp(torch, x, w1, b1, w2, target):
    hidden = torch.nn.functional.linear(x, w1, b1).tanh()
    return torch.nn.functional.mse_loss(hidden @ w2, target)


def _loop(torch, w):
    total = w.sum()
    for _ in range(3):
        total = total * total + w[0]
    return total


def _in_place(change):
    def run(torch, a, *others):
        x = a * 1
        change(x, *others)
        return x

    return run


PROGRAMS = {
    "a + b": (lambda torch, a, b: a + b, (M, M)),
    "a + b (broadcast)": (lambda torch, a, b: a + b, (M, V)),
    "a + 2": (lambda torch, a: a + 2, (M,)),
    "2 + a": (lambda torch, a: 2 + a, (M,)),
    "torch.add(a,b,alpha=3)": (lambda torch, a, b: torch.add(a, b, alpha=3), (M, M)),
    "a - b": (lambda torch, a, b: a - b, (M, M)),
    "a - 2": (lambda torch, a: a - 2, (M,)),
    "2 - a": (lambda torch, a: 2 - a, (M,)),
    "a * b": (lambda torch, a, b: a * b, (M, M)),
    "a * b (broadcast)": (lambda torch, a, b: a * b, (M, V)),
    "a * a": (lambda torch, a: a * a, (M,)),
    "a * 2": (lambda torch, a: a * 2, (M,)),
    "2 * a": (lambda torch, a: 2 * a, (M,)),
    "a / b": (lambda torch, a, b: a / b, (M, M)),
    "a / 2": (lambda torch, a: a / 2, (M,)),
    "2 / a": (lambda torch, a: 2 / a, (M,)),
    "-a": (lambda torch, a: -a, (M,)),
    "a ** 2": (lambda torch, a: a**2, (M,)),
    "a ** 0.5": (lambda torch, a: a**0.5, (POSITIVE,)),
    "a ** b": (lambda torch, a, b: a**b, (POSITIVE, M)),
    "2 ** a": (lambda torch, a: 2**a, (M,)),
    "a.square()": (lambda torch, a: a.square(), (M,)),
    "a.reciprocal()": (lambda torch, a: a.reciprocal(), (M,)),
    **{
        f"a.{name}()": (lambda torch, a, name=name: getattr(a, name)(), (POSITIVE,))
        for name in "exp log sqrt sin cos tanh sigmoid abs sign neg relu clone double sum mean flatten t".split()
    },
    "mm 2d@2d": (lambda torch, a, b: a @ b, (M, SQUARE)),
    "matmul 1d@1d": (lambda torch, a, b: a @ b, (V, V)),
    "matmul 2d@1d": (lambda torch, a, b: a @ b, (M, V)),
    "matmul 1d@2d": (lambda torch, a, b: a @ b, (V, SQUARE)),
    "matmul 3d@2d": (lambda torch, a, b: a @ b, ((2, 2, 3), SQUARE)),
    "matmul 3d@3d": (lambda torch, a, b: a @ b, ((2, 2, 3), (2, 3, 2))),
    "matmul 4d@4d": (lambda torch, a, b: a @ b, ((2, 2, 2, 3), (2, 2, 3, 2))),
    "matmul 3d@1d": (lambda torch, a, b: a @ b, ((2, 2, 3), V)),
    "matmul broadcast 4d@3d": (lambda torch, a, b: a @ b, ((2, 2, 2, 3), (2, 3, 2))),
    "torch.bmm": (lambda torch, a, b: torch.bmm(a, b), ((2, 2, 3), (2, 3, 2))),
    "torch.addmm": (lambda torch, c, a, b: torch.addmm(c, a, b), (V, M, SQUARE)),
    "F.linear 2d": (lambda torch, x, w, b: torch.nn.functional.linear(x, w, b), (M, SQUARE, V)),
    "F.linear 2d no bias": (lambda torch, x, w: torch.nn.functional.linear(x, w), (M, SQUARE)),
    "F.linear 3d": (lambda torch, x, w, b: torch.nn.functional.linear(x, w, b), ((2, 2, 3), SQUARE, V)),
    "F.linear 3d no bias": (lambda torch, x, w: torch.nn.functional.linear(x, w), ((2, 2, 3), SQUARE)),
    "a.sum(1)": (lambda torch, a: a.sum(1), (M,)),
    "a.sum(1,keepdim)": (lambda torch, a: a.sum(1, keepdim=True), (M,)),
    "a.mean(1)": (lambda torch, a: a.mean(1), (M,)),
    "a[0]": (lambda torch, a: a[0], (M,)),
    "a[:,1]": (lambda torch, a: a[:, 1], (M,)),
    "a[0:1]": (lambda torch, a: a[0:1], (M,)),
    "a[:]": (lambda torch, a: a[:], (M,)),
    "a[...]": (lambda torch, a: a[...], (M,)),
    "a[:,::2]": (lambda torch, a: a[:, ::2], (M,)),
    "a[0,1]": (lambda torch, a: a[0, 1], (M,)),
    "a[:,:]": (lambda torch, a: a[:, :], (M,)),
    "a[None]": (lambda torch, a: a[None], (M,)),
    "torch.where(m,a,b)": (lambda torch, m, a, b: torch.where(m, a, b), (((2, 3), "bool"), M, M)),
    "torch.where(m,a,0.)": (lambda torch, m, a: torch.where(m, a, 0.0), (((2, 3), "bool"), M)),
    "a.view(6)": (lambda torch, a: a.view(6), (M,)),
    "a.reshape(6)": (lambda torch, a: a.reshape(6), (M,)),
    "a.t().reshape(6) (copy)": (lambda torch, a: a.t().reshape(6), (M,)),
    "a.reshape(2,3) (same)": (lambda torch, a: a.reshape(2, 3), (M,)),
    "a.flatten(1) (3d)": (lambda torch, a: a.flatten(1), ((2, 3, 2),)),
    "a.T": (lambda torch, a: a.T, (M,)),
    "a.transpose(0,1)": (lambda torch, a: a.transpose(0, 1), (M,)),
    "a.unsqueeze(0)": (lambda torch, a: a.unsqueeze(0), (M,)),
    "a.expand(4,3)": (lambda torch, a: a.expand(4, 3), ((1, 3),)),
    "a.t().contiguous()": (lambda torch, a: a.t().contiguous(), (M,)),
    "F.relu": (lambda torch, a: torch.nn.functional.relu(a), (M,)),
    "F.sigmoid": (lambda torch, a: torch.nn.functional.sigmoid(a), (M,)),
    "a.softmax(-1)": (lambda torch, a: a.softmax(-1), (M,)),
    "a.log_softmax(-1)": (lambda torch, a: a.log_softmax(-1), (M,)),
    "F.cross_entropy": (lambda torch, a, t: torch.nn.functional.cross_entropy(a, t), (M, CLASSES)),
    "F.cross_entropy(sum)": (
        lambda torch, a, t: torch.nn.functional.cross_entropy(a, t, reduction="sum"),
        (M, CLASSES),
    ),
    "F.cross_entropy(none)": (
        lambda torch, a, t: torch.nn.functional.cross_entropy(a, t, reduction="none"),
        (M, CLASSES),
    ),
    "F.nll_loss": (lambda torch, a, t: torch.nn.functional.nll_loss(a, t), (M, CLASSES)),
    "F.mse_loss": (lambda torch, a, b: torch.nn.functional.mse_loss(a, b), (M, M)),
    "F.mse_loss(sum)": (lambda torch, a, b: torch.nn.functional.mse_loss(a, b, reduction="sum"), (M, M)),
    "F.mse_loss(none)": (lambda torch, a, b: torch.nn.functional.mse_loss(a, b, reduction="none"), (M, M)),
    "x=a*1; x.add_(1)": (_in_place(lambda x: x.add_(1)), (M,)),
    "x=a*1; x.add_(b)": (_in_place(lambda x, b: x.add_(b)), (M, M)),
    "x=a*1; x.mul_(b)": (_in_place(lambda x, b: x.mul_(b)), (M, M)),
    "x=a*1; x.zero_()": (_in_place(lambda x: x.zero_()), (M,)),
    "x=a*1; x.fill_(2)": (_in_place(lambda x: x.fill_(2)), (M,)),
    "x=a*1; x.fill_(b)": (_in_place(lambda x, b: x.fill_(b)), (M, ())),
    "x=a*1; x.copy_(b)": (_in_place(lambda x, b: x.copy_(b)), (M, M)),
    "x=a*1; x += b": (_in_place(lambda x, b: x.__iadd__(b)), (M, M)),
    # longer ones, for the order of the steps
    "diamond": (lambda torch, a: (a.exp() * a.tanh() + a * 3).sum(), (M,)),
    "the same twice": (lambda torch, a: ((y := a * a) + y * y).mean(), (M,)),
    "a loop": (_loop, (V,)),
    "an mlp": (_mlp, (M, (4, 3), (4,), (4, 1), (2, 1))),
    "a late use of an early leaf": (lambda torch, a, b: ((a * b).sum() * a).sum() + b.sum(), (V, V)),
    **programs_elementwise.PROGRAMS,
    **programs_shaping.PROGRAMS,
    **programs_neural.PROGRAMS,
    **programs_in_place.PROGRAMS,
    **programs_layers.PROGRAMS,
    **programs_measures.PROGRAMS,
    **programs_rarer.PROGRAMS,
    **programs_drawn.PROGRAMS,
}  # fmt: skip


def cases():
    """(key, program, which inputs require grad) for each pattern with at least one that does."""
    for name, (run, specs) in PROGRAMS.items():
        able = Sample(name, run, specs).floating()
        for wanted in itertools.product(*((True, False) if each else (False,) for each in able)):
            if any(wanted):
                yield f"{name} | {''.join('01'[each] for each in wanted)}", name, wanted


def described(torch, name, wanted):
    """The graph of a program, by its name."""
    return graph_of(torch, Sample(name, *PROGRAMS[name]), wanted)


def graph_of(torch, sample, wanted):
    """The graph of a sample: one dict a node, from the root on, and the order in which backward runs them."""
    run, arrays = sample.run, sample.arrays("float32")
    leaves = [torch.tensor(array.tolist(), dtype=_dtype(torch, array)) for array in arrays]
    for leaf, need in zip(leaves, wanted, strict=True):
        leaf.requires_grad_(need)
    out = run(torch, *leaves)
    nodes = _nodes(out.grad_fn)
    places = {node: place for place, node in enumerate(nodes)}
    known = {f"input{k}": leaf for k, leaf in enumerate(leaves)} | {"result": out}
    graph = [
        {
            "name": type(node).__name__,
            "next": [None if n is None else [places[n], nr] for n, nr in node.next_functions],
            "saved": {each: _kind(getattr(node, each), known) for each in dir(node) if each.startswith("_saved_")},
        }
        for node in nodes
    ]
    steps = _Steps(torch, nodes)
    with steps:
        out.backward(torch.ones(tuple(out.shape), dtype=out.dtype))
    return {"nodes": graph, "order": [places[node] for node in steps.seen]}


def _dtype(torch, array):
    return getattr(torch, array.dtype.name)


def _nodes(root):
    """The nodes that a root leads to, itself first, in the order of a breadth-first walk."""
    found = [] if root is None else [root]
    for node in found:
        found += [n for n in dict.fromkeys(n for n, _ in node.next_functions) if n is not None and n not in found]
    return found


def _kind(saved, known):
    if saved is None or not hasattr(saved, "grad_fn"):
        return "None" if saved is None else "setting"
    place = saved.detach().numpy().ctypes.data
    for name, each in known.items():
        if each.detach().numpy().ctypes.data == place and saved.shape == each.shape:
            return name
    return "intermediate"


class _Steps(contextlib.AbstractContextManager):
    """The nodes in the order in which backward runs them, heard from either module."""

    def __init__(self, torch, nodes):
        self.seen = []
        self._nodes, self._ours = nodes, torch is gradviz

    def __enter__(self):
        if self._ours:
            heard = Observer()
            heard.step = lambda call, node, incoming, outgoing, started: self.seen.append(node)
            mode.observer = heard
        else:
            for node in self._nodes:
                node.register_hook(lambda incoming, outgoing, node=node: self.seen.append(node))

    def __exit__(self, *exception):
        if self._ours:
            mode.observer = None
