"""Shapes, joins, picks and orders beside PyTorch: edges, dtypes, several outputs, sizes by chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

import gradviz
from gradviz.engine.switches import Observer, mode
from tests.engine.peers import WITH_DIMS as SHAPES
from tests.engine.peers import all_same, assert_same
from tests.engine.peers import same_of as same
from tests.engine.sampling import values

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

NAN, INF = float("nan"), float("inf")


# -- what is returned ----------------------------------------------------------------------------------

SEVERAL = {
    "split": lambda torch, a: a.split(2, 1),
    "split sizes": lambda torch, a: torch.split(a, (1, 2, 2), 1),
    "split_with_sizes": lambda torch, a: a.split_with_sizes([5], -1),
    "chunk": lambda torch, a: a.chunk(4, 1),
    "chunk of fewer": lambda torch, a: torch.chunk(a, 3),
    "tensor_split": lambda torch, a: torch.tensor_split(a, 4, dim=1),
    "tensor_split at": lambda torch, a: a.tensor_split((1, -1, 9), 1),
    "hsplit": lambda torch, a: a.hsplit((1, 4)),
    "vsplit": lambda torch, a: torch.vsplit(a, 2),
    "unbind": lambda torch, a: a.unbind(-1),
    "iteration": lambda torch, a: list(a),
    "meshgrid": lambda torch, a: torch.meshgrid(a[0], a[1, :2], a[0, :1], indexing="ij"),
    "meshgrid xy": lambda torch, a: torch.meshgrid(a[0], a[1, :2], indexing="xy"),
    "meshgrid of 0-d": lambda torch, a: torch.meshgrid(a[0, 0], a[1, :2], indexing="ij"),
    "broadcast_tensors": lambda torch, a: torch.broadcast_tensors(a, a[:, :1], a[0, 0]),
    "atleast_2d": lambda torch, a: torch.atleast_2d(a, a[0], a[0, 0]),
    "sort": lambda torch, a: a.sort(descending=True),
    "stable sort": lambda torch, a: torch.sort((a > 0).float(), stable=True, descending=True),
    "topk": lambda torch, a: a.topk(3),
    "least": lambda torch, a: torch.topk(a, 2, dim=0, largest=False),
    "kthvalue": lambda torch, a: a.kthvalue(2, keepdim=True),
    "where": lambda torch, a: torch.where(a > 0),
    "nonzero": lambda torch, a: torch.nonzero(a > 0, as_tuple=True),
    "unique": lambda torch, a: torch.unique(a > 0, return_inverse=True, return_counts=True),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_outputs(name):
    all_same(SEVERAL[name], values((2, 5)))


@pytest.mark.parametrize(("word", "args"), [("sort", ()), ("topk", (2,)), ("kthvalue", (1,))])
def test_values_and_indices_have_names(word, args):
    found = [getattr(side.tensor([3.0, 1.0, 2.0], requires_grad=True), word)(*args) for side in (gradviz, torch)]
    ours, theirs = found
    assert repr(ours) == repr(theirs)
    assert ours.values.tolist() == ours[0].tolist() == theirs.values.tolist()
    assert (ours.indices.dtype, ours.indices.requires_grad, ours.indices.is_leaf) == (gradviz.int64, False, True)


def test_views_share_memory_and_copies_do_not():
    a = gradviz.arange(12.0).reshape(3, 4)
    views = [a.squeeze(), a.swapaxes(0, 1), a.movedim(0, 1), a.ravel(), a.narrow(0, 1, 1), a.diagonal(), a.mT,
             a.split(2)[1], a.chunk(2, 1)[1], a.unbind()[2], a.expand_as(gradviz.ones(2, 3, 4)),
             a.unflatten(1, (2, 2))]  # fmt: skip
    copies = [a.flip(0), a.roll(1), a.rot90(), a.tril(), a.repeat(1, 1), a[[0, 1]], a[a > -1], gradviz.cat([a, a]),
              gradviz.diag(a), a.index_select(0, gradviz.tensor([0])), a.sort()[0]]  # fmt: skip
    assert all(np.shares_memory(each.numpy(), a.numpy()) for each in views)
    assert not any(np.shares_memory(each.numpy(), a.numpy()) for each in copies)
    a.diagonal().zero_()
    assert a.trace().item() == 0


# -- dtypes and edges ----------------------------------------------------------------------------------

ANY = {
    "cat": lambda torch, a: torch.cat([a, a]),
    "stack": lambda torch, a: torch.stack([a, a], 1),
    "squeeze": lambda torch, a: a[None].squeeze(),
    "repeat": lambda torch, a: a.repeat(2, 2),
    "tile": lambda torch, a: torch.tile(a, (2, 1, 1)),
    "repeat_interleave": lambda torch, a: a.repeat_interleave(2),
    "roll": lambda torch, a: a.roll((1, 1), (0, 1)),
    "flip": lambda torch, a: a.flip(1),
    "tril": lambda torch, a: a.tril(-1),
    "triu": lambda torch, a: a.triu(),
    "diag": lambda torch, a: torch.diag(a),
    "diag_embed": lambda torch, a: torch.diag_embed(a, 1),
    "trace": lambda torch, a: a.trace(),
    "pad": lambda torch, a: torch.nn.functional.pad(a, (1, 0), value=1),
    "index": lambda torch, a: a[torch.tensor([0, 0])],
    "mask": lambda torch, a: a[a > 0],
    "gather": lambda torch, a: a.gather(1, torch.tensor([[0], [1]])),
    "scatter": lambda torch, a: a.scatter(1, torch.tensor([[0], [1]]), 1),
    "scatter_add": lambda torch, a: a.scatter_add(1, torch.tensor([[0, 0]]), a[:1, :2]),
    "index_add": lambda torch, a: a.index_add(0, torch.tensor([0, 0]), a),
    "index_fill": lambda torch, a: a.index_fill(0, torch.tensor([0]), 1),
    "index_select": lambda torch, a: a.index_select(1, torch.tensor([1, 1])),
    "take": lambda torch, a: a.take(torch.tensor([1, -1])),
    "masked_select": lambda torch, a: a.masked_select(a > 0),
    "sort": lambda torch, a: a.sort(0)[0],
    "argsort": lambda torch, a: a.argsort(dim=1, stable=True),
    "topk": lambda torch, a: a.topk(1)[0],
    "nonzero": lambda torch, a: a.nonzero(),
    "unique": lambda torch, a: torch.unique(a),
    "searchsorted": lambda torch, a: torch.searchsorted(a.sort()[0][0], a),
}


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("name", ANY)
def test_other_dtypes(name, dtype):
    if dtype == "bool" and name in ("trace", "scatter_add", "index_add", "topk", "searchsorted"):
        pytest.skip("PyTorch has none for bool")
    if dtype == "float16" and name in ("searchsorted", "trace"):
        pytest.skip("PyTorch has none for float16")
    same(ANY[name], np.array([[3, 0], [1, 2]]).astype(dtype), wanted=[False])


def test_cat_and_stack_promote():
    kinds = "int64", "float32", "float64", "bool", "float16"
    for one in kinds:
        for other in kinds:
            a, b = np.ones(2, one), np.zeros(2, other)
            same(lambda torch, a, b: torch.cat([a, b]), a, b)
            same(lambda torch, a, b: torch.stack([a, b]), a, b)


EDGES = {
    "squeeze 0-d": (lambda torch, a: a.squeeze(0), ()),
    "cat with an empty vector": (lambda torch, a: torch.cat([torch.zeros(0, dtype=a.dtype), a]), (2, 3)),
    "cat of empties": (lambda torch, a: torch.cat([a, a], 1), (0, 3)),
    "stack of 0-d": (lambda torch, a: torch.stack([a, a]), ()),
    "unbind of nothing": (lambda torch, a: torch.stack([*a.unbind(1), *a.unbind(1)]), (0, 2)),
    "split of nothing": (lambda torch, a: a.split(2)[0] * 1, (0, 2)),
    "split of size 0": (lambda torch, a: a.split(0)[0] * 1, (0, 2)),
    "chunk of nothing": (lambda torch, a: a.chunk(2)[1] * 1, (0, 2)),
    "repeat never": (lambda torch, a: a.repeat(0, 2), (2, 3)),
    "repeat of 0-d": (lambda torch, a: a.repeat(2, 2), ()),
    "repeat_interleave of 0-d": (lambda torch, a: a.repeat_interleave(3), ()),
    "repeat_interleave, one for all": (lambda torch, a: a.repeat_interleave(torch.tensor([2]), 0), (2, 3)),
    "roll of nothing": (lambda torch, a: a.roll(1, 0), (0, 3)),
    "roll far": (lambda torch, a: a.roll(-7, 1), (2, 3)),
    "flip of no dims": (lambda torch, a: a.flip(()), (2, 3)),
    "diagonal beyond": (lambda torch, a: a.diagonal(5) * 1, (2, 3)),
    "diagonal of nothing": (lambda torch, a: a.diagonal() * 1, (0, 3)),
    "diag far": (lambda torch, a: torch.diag(a, -2), (3,)),
    "tril far": (lambda torch, a: a.tril(9), (2, 3)),
    "trace of nothing": (lambda torch, a: a.trace(), (0, 3)),
    "pad nothing": (lambda torch, a: torch.nn.functional.pad(a, (0, 0)), (2, 3)),
    "pad of an empty": (lambda torch, a: torch.nn.functional.pad(a, (1, 1)), (2, 0)),
    "pad wide, cut other": (lambda torch, a: torch.nn.functional.pad(a, (2, -1, -1, 3), value=0.5), (2, 3)),
    "replicate far": (lambda torch, a: torch.nn.functional.pad(a, (5, 4), mode="replicate"), (2, 3)),
    "replicate and cut": (lambda torch, a: torch.nn.functional.pad(a, (-1, 2), mode="replicate"), (2, 3)),
    "reflect and cut": (lambda torch, a: torch.nn.functional.pad(a, (2, -1), mode="reflect"), (2, 3)),
    "circular once around": (lambda torch, a: torch.nn.functional.pad(a, (3, 3), mode="circular"), (2, 3)),
    "index of nothing": (lambda torch, a: a[[]], (2, 3)),
    "index by an empty tensor": (lambda torch, a: a[torch.zeros(0, 2, dtype=torch.int64)], (2, 3)),
    "a mask of nothing": (lambda torch, a: a[a > 9], (2, 3)),
    "0-d by True": (lambda torch, a: a[True], ()),
    "0-d by a 0-d mask": (lambda torch, a: a[a > -9], ()),
    "by False": (lambda torch, a: a[False, 1], (2, 3)),
    "a mask before an int": (lambda torch, a: a[a[:, :, 0] > -9, 1], (2, 3, 2)),
    "a mask before indices": (lambda torch, a: a[a[:, :, 0] > -9, [0, 1, 0, 1, 0, 1]], (2, 3, 2)),
    "a mask after dots": (lambda torch, a: a[..., a[0] > -9], (2, 3, 2)),
    "gather of nothing": (lambda torch, a: a.gather(1, torch.zeros(2, 0, dtype=torch.int64)), (2, 3)),
    "gather of 0-d": (lambda torch, a: a.gather(0, torch.tensor(0)), ()),
    "scatter of nothing": (lambda torch, a: a.scatter(1, torch.zeros(2, 0, dtype=torch.int64), 1.0), (2, 3)),
    "index_select of 0-d": (lambda torch, a: a.index_select(0, torch.tensor([0])), ()),
    "index_select by 0-d": (lambda torch, a: a.index_select(0, torch.tensor(1)), (2, 3)),
    "index_add by 0-d": (lambda torch, a: a.index_add(0, torch.tensor(1), a[:1]), (2, 3)),
    "index_copy of 0-d": (lambda torch, a: a.index_copy(0, torch.tensor([0]), a * 2), ()),
    "take of 0-d": (lambda torch, a: a.take(torch.tensor([0, 0])), ()),
    "masked_select of 0-d": (lambda torch, a: a.masked_select(a > -9), ()),
    "sort of 0-d": (lambda torch, a: a.sort()[0], ()),
    "sort of nothing": (lambda torch, a: a.sort()[0], (2, 0)),
    "topk of none": (lambda torch, a: a.topk(0)[0], (2, 3)),
    "topk of 0-d": (lambda torch, a: a.topk(1)[0], ()),
    "kthvalue of 0-d": (lambda torch, a: a.kthvalue(1)[0], ()),
    "nonzero of 0-d": (lambda torch, a: a.nonzero(), ()),
    "where of 0-d": (lambda torch, a: torch.where(a)[0], ()),
    "argwhere of nothing": (lambda torch, a: torch.argwhere(a), (0, 2)),
    "searchsorted of a number": (lambda torch, a: torch.searchsorted(a.sort()[0], 0.5), (3,)),
    "bucketize to the right": (lambda torch, a: torch.bucketize(a, a.sort()[0], right=True, out_int32=True), (3,)),
    "movedim of 0-d": (lambda torch, a: a.movedim((), ()) * 1, ()),
    "ravel of 0-d": (lambda torch, a: a.ravel(), ()),
    "dstack": (lambda torch, a: torch.dstack([a, a[:, :1].expand(2, 3)]), (2, 3)),
    "row_stack": (lambda torch, a: torch.row_stack([a, a]), (3,)),
}


@pytest.mark.filterwarnings("ignore:.*row_stack")
@pytest.mark.parametrize("name", EDGES)
def test_edges(name):
    program, shape = EDGES[name]
    same(program, values(shape))


@pytest.mark.parametrize("descending", [False, True])
def test_order_of_nan_infinities_and_equals(descending):
    special = np.array([[NAN, 1.0, -0.0, INF, 0.0, NAN], [2.0, -INF, 2.0, 1.0, INF, -INF]])
    all_same(lambda torch, a: torch.sort(a, descending=descending, stable=True), special)
    all_same(lambda torch, a: (a.topk(3, largest=descending)[0], a.kthvalue(4)[0], torch.unique(a[1])), special)


def test_nan_and_infinities_stay_where_they_are():
    special = np.array([[NAN, INF, -INF], [0.0, -0.0, 1.0]])
    for name in ("tril", "roll", "flip", "cat", "index", "mask", "scatter_add", "pad"):
        same(ANY[name], special)


def test_embedding_leaves_padding_out_and_scales():
    places, weight = np.array([[0, 1], [2, 1]]), values((3, 2))
    embedding = lambda **settings: lambda torch, i, w: torch.nn.functional.embedding(i, w, **settings)  # noqa: E731
    for settings in ({"padding_idx": 1}, {"padding_idx": -1}, {"scale_grad_by_freq": True}):
        same(embedding(**settings), places, weight)


def test_the_embedding_layer():
    printed, drawn = [], []
    for side in (gradviz, torch):
        side.manual_seed(7)
        layer = side.nn.Embedding(5, 4, padding_idx=2)
        layer(side.tensor([[0, 2], [4, 0]])).sum().backward()
        printed.append(repr(layer))
        drawn.append({"weight": layer.weight, "grad": layer.weight.grad})
    assert printed[0] == printed[1]
    assert_same(*drawn)
    frozen = gradviz.nn.Embedding.from_pretrained(gradviz.eye(3))
    assert (frozen(gradviz.tensor([1])).tolist(), frozen.weight.requires_grad) == ([[0, 1, 0]], False)


# -- several outputs on one node -----------------------------------------------------------------------


def test_outputs_of_one_node_have_numbers():
    for side in (gradviz, torch):
        parts = side.arange(6.0).requires_grad_().split(2)
        assert [each.output_nr for each in parts] == [0, 1, 2]
        assert len({each.grad_fn for each in parts}) == 1
        assert not any(each.is_leaf for each in parts)


def test_gradients_arrive_from_any_of_the_outputs():
    def program(torch, a):
        first, second, third = a.unbind(1)
        second.retain_grad()
        (third.exp().sum() + second.sum() * 2).backward()
        return a.grad, second.grad

    found = []
    for side in (gradviz, torch):
        a = side.from_numpy(values((2, 3))).requires_grad_()
        grads = program(side, a)
        found.append(dict(zip("ab", grads, strict=True)))
    assert_same(*found)


def test_a_gradient_for_one_output_only():
    for side in (gradviz, torch):
        a = side.ones(4, requires_grad=True)
        left, right = a.split(2)
        (grad,) = side.autograd.grad((left * 3).sum() + right.sum(), [right])
        assert grad.tolist() == [1, 1]


def test_an_observer_hears_all_outputs():
    heard = []
    mode.observer = Observer()
    mode.observer.forward = lambda op, outputs, *rest: heard.append((getattr(op, "name", op), outputs))
    try:
        a = gradviz.ones(3)
        parts = a.unbind()
        gradviz.ones(0, 2).unbind()
        pair = a.sort()
    finally:
        mode.observer = None
    told = dict(heard)
    assert told["unbind"] == parts and told["sort_any"] == tuple(pair)


# -- sizes by chance -----------------------------------------------------------------------------------


@given(shape=SHAPES, data=st.data())
def test_splits_and_joins_are_inverse(shape, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    size = data.draw(st.integers(1, 4))
    array = values(shape)
    same(lambda torch, a: torch.cat(a.split(size, dim), dim) * a, array)
    same(lambda torch, a: torch.cat(a.chunk(size, dim), dim) * a, array)
    if shape[dim]:
        same(lambda torch, a: torch.stack(a.unbind(dim), dim) * a, array)


@given(shape=arrays_of.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=3), data=st.data())
def test_picking_along_a_dimension(shape, data):
    dim = data.draw(st.integers(0, len(shape) - 1))
    sizes = [data.draw(st.integers(0, n)) if d != dim else data.draw(st.integers(0, 4)) for d, n in enumerate(shape)]
    index = data.draw(arrays_of.arrays(np.int64, tuple(sizes), elements=st.integers(0, shape[dim] - 1)))
    line = data.draw(arrays_of.arrays(np.int64, st.integers(0, 4), elements=st.integers(0, shape[dim] - 1)))
    array, source = values(shape), values(tuple(sizes), seed=3)
    same(lambda torch, a, i: a.gather(dim, i), array, index)
    same(lambda torch, a, i, b: a.scatter_add(dim, i, b), array, index, source)
    same(lambda torch, a, i: a.scatter(dim, i, 2.5), array, index)
    same(lambda torch, a, i: a.index_select(dim, i), array, line)
    same(lambda torch, a, i: a.index_add(dim, i, a.index_select(dim, i), alpha=2), array, line)
    same(lambda torch, a, i: a.index_fill(dim, i, 1.5), array, line)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@given(shape=arrays_of.array_shapes(min_dims=3, max_dims=5, min_side=2, max_side=3), data=st.data())
def test_pads(mode, shape, data):
    dims = data.draw(st.sampled_from([len(shape) - 2, len(shape) - 1]))
    if mode != "constant" and dims not in (1, 2, 3):
        dims = len(shape) - 2
    widths = tuple(data.draw(st.integers(0, 1)) for _ in range(2 * dims))
    same(lambda torch, a: torch.nn.functional.pad(a, widths, mode=mode), values(shape))
