"""`x[index]` and `x[index] = value` beside PyTorch, with indices by chance, and what a change in place entails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradviz
from gradviz.engine.switches import Observer, mode
from tests.engine.peers import WITH_DIMS as SHAPES
from tests.engine.peers import all_same
from tests.engine.peers import same_of as same
from tests.engine.sampling import values

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")


@st.composite
def indices(draw, shape):
    """An index of ints, slices, None, dots, masks and index tensors that fits a shape."""
    parts, dim, dots = [], 0, False
    fan = draw(st.integers(1, 3))
    while dim < len(shape):
        size = shape[dim]
        kinds = ["slice", "none", "stop", "mask"] + (["int", "list", "column"] if size else []) + ["dots"] * (not dots)
        kind = draw(st.sampled_from(kinds))
        if kind == "stop":
            break
        if kind == "dots":
            left = len(shape) - dim
            skipped = draw(st.integers(0, left))
            parts.append(...)
            dim, dots = dim + skipped, True
            if draw(st.booleans()):
                break  # nothing follows: the dots stand for the rest
            if dim < len(shape):
                continue
            break
        if kind == "none":
            parts.append(None)
            if len(parts) > 4:
                break
            continue
        dim += 1
        if kind == "int":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "slice":
            ends = [draw(st.none() | st.integers(-3, 3)) for _ in "ab"]
            parts.append(slice(*ends, draw(st.sampled_from([None, 1, 2]))))
        elif kind == "mask":
            chosen = draw(st.lists(st.booleans(), min_size=size, max_size=size))
            if sum(chosen) not in (1, fan):
                chosen = [k < 1 for k in range(size)]
            parts.append(np.array(chosen, bool))
            if not size:
                break
        else:
            picked = np.array(draw(st.lists(st.integers(-size, size - 1), min_size=fan, max_size=fan)), np.int64)
            parts.append(picked[:, None] if kind == "column" else picked)
    return tuple(parts)


def _on(side, index):
    return tuple(side.from_numpy(part.copy()) if isinstance(part, np.ndarray) else part for part in index)


def _outcome(action):
    try:
        return action()
    except (IndexError, RuntimeError) as error:
        return type(error), str(error)


@given(shape=SHAPES, data=st.data())
def test_any_index(shape, data):
    index = data.draw(indices(shape))
    array = values(shape)
    ours, theirs = (_outcome(lambda side=side: side.from_numpy(array)[_on(side, index)]) for side in (gradviz, torch))
    if isinstance(theirs, tuple):
        assert ours[0] is theirs[0]
    else:
        same(lambda torch, a: a[_on(torch, index)] * 1, array)


@given(shape=SHAPES, data=st.data(), number=st.booleans())
def test_any_assignment(shape, data, number):
    index = data.draw(indices(shape))
    array = values(shape)
    region = _outcome(lambda: torch.from_numpy(array)[_on(torch, index)])
    if isinstance(region, tuple):
        return
    if any(isinstance(part, np.ndarray) and part.dtype != bool and part.size > 1 for part in index):
        number = True  # an index may repeat: which of two values stays is nobody's business
    fresh = np.asarray(2.5) if number else values(tuple(region.shape), seed=5)

    def program(torch, a, b):
        x = a * 1
        x[_on(torch, index)] = b
        return x

    def without_graph(torch, a, b):
        a[_on(torch, index)] = 2.5 if number else b
        return (a,)

    same(program, array, fresh)
    all_same(without_graph, array, fresh)


def test_assignments_count_as_changes():
    for side in (gradviz, torch):
        x = side.zeros(3)
        x[0] = 1
        x[side.tensor([1])] = side.ones(1)
        x[x > 0] = 2.0
        assert (x._version, x.tolist()) == (3, [2, 2, 0])
        w = side.ones(3, requires_grad=True)
        y = (w * x).sum()
        x[1:] = 0
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()


def test_an_assignment_is_heard():
    heard = []
    mode.observer = Observer()
    mode.observer.mutated = lambda tensor, op: heard.append((tensor, op))
    try:
        x = gradviz.zeros(3)
        x[0] = 1
        w = gradviz.ones((), requires_grad=True)
        x[1] = w
    finally:
        mode.observer = None
    assert [op for _, op in heard] == ["setitem", "setitem"] and all(tensor is x for tensor, _ in heard)
    assert x.grad_fn.name() == "torch::autograd::CopySlices" and dir(x.grad_fn).count("_saved_basic") == 0


def test_an_assignment_under_no_grad_leaves_the_graph_alone():
    for side in (gradviz, torch):
        w = side.ones(3, requires_grad=True)
        with side.no_grad():
            w[0] = 5
            w[w > 4] = 2.0
        assert (w.tolist(), w.is_leaf, w.requires_grad) == ([2, 1, 1], True, True)


def test_an_assignment_into_a_view_reaches_its_base():
    for side in (gradviz, torch):
        w = side.ones(2, 3, requires_grad=True)
        x = w * 2
        x[0][1] = 5.0
        flat = side.arange(6.0)
        flat.view(2, 3)[0] = x[0]
        (flat * flat).sum().backward()
        assert flat.tolist() == [2, 5, 2, 3, 4, 5] and w.grad.tolist() == [[8, 0, 8], [0, 0, 0]]


@pytest.mark.parametrize("make", ["randn", "rand", "zeros", "ones"])
def test_an_assignment_into_a_new_tensor_makes_it_part_of_the_graph(make):
    for side in (gradviz, torch):
        w = side.ones(3, requires_grad=True)
        x = getattr(side, make)(2, 3)
        x[0] = w * 2
        x[1, 1:] = w[1:]
        x.sum().backward()
        assert w.grad.tolist() == [2, 3, 3]


def test_integers_take_what_is_cut_off():
    for side in (gradviz, torch):
        x = side.zeros(3, dtype=side.int64)
        x[0], x[1:2], x[side.tensor([2])] = 1.7, side.tensor(2.9), 3
        assert x.tolist() == [1, 2, 3]
