"""Programs that chance makes: ops on a few tensors that broadcast with each other, branches, changes in place."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

SHAPES = ((3, 3), (3,), (1, 3), ())


def _branch(torch, x, y):
    return x * 2 if x.sum() > y.sum() else torch.tanh(x)


def _without_grad(torch, x, y):
    with torch.no_grad():
        scale = (x * y).mean()
    return x * scale


def _picked(torch, x, y):
    return torch.where(x > y, x, y)


def _product(torch, x, y):
    return x.expand(3, 3) @ y.expand(3, 3)


def _dropped(torch, x, y):
    return torch.nn.functional.dropout(x, 0.4) + y


def _stacked(torch, x, y):
    return torch.cat([x.reshape(-1), y.reshape(-1), x.reshape(-1)])[:3]


STEPS = {
    "add": lambda torch, x, y: x + y,
    "sub": lambda torch, x, y: x - y,
    "mul": lambda torch, x, y: x * y,
    "div": lambda torch, x, y: x / (y * y + 1),
    "pow": lambda torch, x, y: x**2 + y,
    "neg": lambda torch, x, y: -x,
    "tanh": lambda torch, x, y: torch.tanh(x),
    "exp": lambda torch, x, y: torch.exp(-x * x),
    "relu": lambda torch, x, y: torch.relu(x),
    "sigmoid": lambda torch, x, y: torch.sigmoid(x) * 0.5,
    "sum": lambda torch, x, y: x.sum() + y,
    "mean": lambda torch, x, y: x.expand(3, 3).mean(0),
    "keepdim": lambda torch, x, y: x.expand(3, 3).sum(0, keepdim=True),
    "turned": lambda torch, x, y: x.expand(3, 3).t() + y,
    "row": lambda torch, x, y: x.expand(3, 3)[1] * y,
    "softmax": lambda torch, x, y: torch.softmax(x.expand(3, 3), 1),
    "greatest": lambda torch, x, y: x.expand(3, 3).max(1).values,
    "number": lambda torch, x, y: x * 1.5 + 1,
    "ones": lambda torch, x, y: torch.ones(3) * x + torch.zeros_like(y),
    "detached": lambda torch, x, y: x.detach() * y,
    "mse": lambda torch, x, y: torch.nn.functional.mse_loss(x.expand(3, 3), y.expand(3, 3)),
    "branch": _branch,
    "no_grad": _without_grad,
    "where": _picked,
    "matmul": _product,
    "dropout": _dropped,
    "cat": _stacked,
}


class Program(NamedTuple):
    """steps: (name, place of x, place of y), places counted from the newest tensor; outputs: places of what it returns.

    shapes: of two arguments and two parameters; counts: whether it changes a buffer in place.
    """

    shapes: tuple
    steps: tuple
    outputs: tuple
    counts: bool

    def function(self, torch, state):
        """The function of two arguments; state: parameters and the buffer."""
        first, second, buffer = state

        def run(a, b):
            tensors = [a, b, first, second]
            for name, x, y in self.steps:
                tensors.append(STEPS[name](torch, tensors[-1 - x % len(tensors)], tensors[-1 - y % len(tensors)]))
            if self.counts:
                with torch.no_grad():
                    buffer.add_(tensors[-1].sum())
            made = tensors[4:]
            return [made[place % len(made)] * 1 for place in self.outputs]

        return run


class Turn(NamedTuple):
    """One call. seed: of the arguments; how: what is done with the outputs; changed: what happens to the parameters."""

    seed: int
    how: str
    which: int
    changed: str


PLACES = st.integers(0, 9)
PROGRAMS = st.builds(
    Program,
    st.tuples(*[st.sampled_from(SHAPES)] * 4),
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), PLACES, PLACES), min_size=1, max_size=9).map(tuple),
    st.lists(PLACES, min_size=1, max_size=3).map(tuple),
    st.booleans(),
)
TURNS = st.lists(
    st.builds(
        Turn,
        st.integers(0, 3),
        st.sampled_from(("backward", "backward", "twice", "grad", "one", "nothing", "no_grad", "alongside")),
        st.integers(0, 2),
        st.sampled_from(("step", "step", "nothing", "zero", "data", "frozen")),
    ),
    min_size=3,
    max_size=6,
)


def state_of(torch, program):
    """Fresh parameters and a buffer, the same ones each time."""
    draws = np.random.RandomState(7)
    made = [torch.from_numpy(np.asarray(draws.randn(*shape), np.float32)) for shape in program.shapes[2:]]
    return *(each.requires_grad_() for each in made), torch.zeros(())


def arguments(torch, program, seed):
    """The arguments of a call: the second one asks for a gradient where the seed is odd."""
    draws = np.random.RandomState(seed)
    a, b = (torch.from_numpy(np.asarray(draws.randn(*shape), np.float32)) for shape in program.shapes[:2])
    return a, b.requires_grad_(bool(seed % 2))


def bits(tensor):
    """What must be equal: the very bytes, with shape and dtype; None for None."""
    return None if tensor is None else (tuple(tensor.shape), str(tensor.dtype), tensor.detach().numpy().tobytes())


def taken(torch, turn, run, state, given):
    """All that can be seen of one call and of what is done with it, as bytes."""
    torch.manual_seed(turn.seed)
    leaves = [each for each in (*state[:2], *given) if each.requires_grad]
    if turn.how == "no_grad":
        with torch.no_grad():
            return [bits(each) for each in run(*given)]
    outputs = run(*given)
    seen = [(bits(each), each.requires_grad) for each in outputs]
    joined = [each for each in outputs if each.requires_grad]
    if not joined or turn.how == "nothing":
        return seen
    if turn.how == "alongside":
        joined.append((state[0] * 3).sum())
    chosen = joined if turn.how != "one" else [joined[turn.which % len(joined)]]
    loss = sum((each * (k + 1)).sum() for k, each in enumerate(chosen))
    if turn.how == "grad":
        seen += [bits(each) for each in torch.autograd.grad(loss, leaves, allow_unused=True)]
    elif loss.requires_grad:
        loss.backward(retain_graph=turn.how == "twice")
        if turn.how == "twice":
            loss.backward()
    return seen + [bits(each.grad) for each in (*state[:2], *given)] + [bits(state[2])]


def change(torch, how, state):
    """Between two calls."""
    for each in state[:2]:
        if how == "step" and each.grad is not None:
            with torch.no_grad():
                each -= 0.1 * each.grad
        elif how == "zero":
            each.grad = None
        elif how == "data":
            each.data = each.detach() * 0.5
    if how == "frozen":
        state[0].requires_grad_(not state[0].requires_grad)
