"""The graphs of the gradients of changes in place: clones of what was there before, and what a changed view leaves."""

import pytest

torch = pytest.importorskip("torch")

import gradviz  # noqa: E402


def _row(name, takes=1):
    def run(torch, a, b):
        x = a * 2
        getattr(x[0], name)(*[b[0]] * takes)
        return x

    return run


def _assigned(place, value):
    def run(torch, a, b):
        x = a * 2
        x[place] = value(b)
        return x

    return run


def _of_the_whole(torch, a, b):
    x = a * 2
    x.view(-1).exp_()
    return x


def _of_the_transposed(torch, a, b):
    x = a * 2
    x.t().mul_(b.t())
    return x


def _of_two_views(torch, a, b):
    x = a * 2
    x[0][1:].mul_(b[0][1:])
    x[1].sin_()
    return x


PROGRAMS = {
    "sin_": lambda torch, a, b: (a * 2).sin_(),
    "exp_, which needs the result alone": lambda torch, a, b: (a * 2).exp_(),
    "mul_": lambda torch, a, b: (a * 2).mul_(b),
    "mul_ of a row": lambda torch, a, b: (a * 2).mul_(b[0]),
    "mul_ by a constant": lambda torch, a, b: (a * 2).mul_(b.detach()),
    "pow_": lambda torch, a, b: (a * 2).pow_(3),
    "atan2_, which needs it twice": lambda torch, a, b: (a * 2).atan2_(b),
    "lerp_": lambda torch, a, b: (a * 2).lerp_(b, b * 1),
    "copy_": lambda torch, a, b: (a * 2).copy_(b[0]),
    "eq_": lambda torch, a, b: (a * 2).eq_(b),
    "elu_": lambda torch, a, b: torch.nn.functional.elu(a * 2, inplace=True),
    "sin_ of a row": _row("sin_", 0),
    "mul_ of a row by another": _row("mul_"),
    "a number into a row": _assigned(0, lambda b: 0.0),
    "copy_ into a row": _row("copy_"),
    "an element": _assigned((0, 1), lambda b: b[1, 0]),
    "a row": _assigned(0, lambda b: b[1]),
    "all": _assigned(..., lambda b: b),
    "exp_ of all by a view": _of_the_whole,
    "mul_ of the transposed": _of_the_transposed,
    "two views": _of_two_views,
}


def _graph(node, seen):
    """A node and all that it leads to, with the names of what each saved."""
    if node is None or node in seen:
        return node and node.name()
    seen.add(node)
    saved = sorted(name for name in dir(node) if name.startswith("_saved_"))
    return node.name(), saved, [_graph(each, seen) for each, _ in node.next_functions]


def _told(side, program):
    a, b = (
        side.tensor(values, dtype=side.float64, requires_grad=True)
        for values in ([[0.5, -1.2, 0.7], [0.3, 0.4, -0.6]], [[0.25, 1.2, -0.7], [0.1, 0.9, -0.3]])
    )
    out = program(side, a, b)
    incoming = (side.ones_like(out) * 1.5).requires_grad_()
    grads = side.autograd.grad(out, (a, b), incoming, create_graph=True, allow_unused=True)
    there = [each for each in grads if each is not None]
    graphs = [each.requires_grad and _graph(each.grad_fn, set()) for each in there]
    bent = [each for each in there if each.requires_grad]
    total = sum((each * each).sum() for each in bent)
    seconds = side.autograd.grad(total, (a, b, incoming), allow_unused=True) if bent else ()
    return graphs, [None if each is None else each.detach().numpy().round(9).tolist() for each in (*there, *seconds)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradients_own_graph(name):
    assert _told(gradviz, PROGRAMS[name]) == _told(torch, PROGRAMS[name])


def test_what_a_changed_tensor_was_is_known_as_a_clone():
    for side in (gradviz, torch):
        x = side.ones(2, requires_grad=True) * 2
        x.sin_()
        saved = x.grad_fn._saved_self
        assert saved.tolist() == [2, 2] and saved.grad_fn.name() == "CloneBackward0"
        assert saved.grad_fn.next_functions[0][0].name() == "MulBackward0"


def test_the_names_of_copies():
    for side in (gradviz, torch):
        x = side.ones(2, requires_grad=True) * 2
        x.copy_(side.zeros(2))
        assert x.grad_fn.name() == "torch::autograd::CopyBackwards" and "grad_fn=<CopyBackwards>" in str(x)
        x[0] = 3.0
        assert x.grad_fn.name() == "torch::autograd::CopySlices" and "grad_fn=<CopySlices>" in str(x)
