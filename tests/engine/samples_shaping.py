"""Ops that shape, join, split, index and sort: an example of each."""

from tests.engine.sampling import Sample, twice

A, ROW, CUBE, SQUARE, MASK = (2, 3), (3,), (2, 3, 4), (3, 3), ((2, 3), "bool")
INDEX, PLACES = ((2, 2), "class"), ((4,), "class")


def _flat(name, *args, **settings):
    """A sample that calls a method of its first tensor; its value is all that a linear op needs."""
    return lambda torch, a, *others: getattr(a, name)(*args, *others, **settings)


def _linear(op, run, *inputs):
    return Sample(op, run, inputs, second=False)


def _padded(mode, *widths):
    return lambda torch, a: torch.nn.functional.pad(a, widths, mode=mode)


def _set(index, *, scaled=1):
    def run(torch, a, b):
        x = a * scaled
        x[index] = b
        return x

    return run


def _set_at(torch, a, places, b):
    x = a * 1
    x[:, places] = b
    return x


def _set_mixed(torch, a, places, b):
    x = a * 1
    x[1, (places > 0).long()] = b
    return x


SAMPLES: tuple[Sample, ...] = (
    # sizes
    _linear("squeeze", _flat("squeeze"), (2, 1, 3, 1)),
    _linear("squeeze", lambda torch, a: torch.squeeze(a), ()),
    _linear("squeeze_one", _flat("squeeze", 1), (2, 1, 3)),
    _linear("squeeze_one", _flat("squeeze", 0), (2, 1, 3)),
    _linear("squeeze_one", _flat("squeeze", -1), ()),
    _linear("squeeze_several", _flat("squeeze", (0, -2)), (2, 1, 3)),
    _linear("squeeze_several", _flat("squeeze", (0, 2)), (1, 2, 1)),
    _linear("transpose", lambda torch, a: torch.swapaxes(a, 0, -1), CUBE),
    _linear("transpose", _flat("swapdims", 1, 2), CUBE),
    _linear("transpose", lambda torch, a: a.mT, CUBE),
    _linear("permute", _flat("movedim", 0, -1), CUBE),
    _linear("permute", lambda torch, a: torch.moveaxis(a, (0, 1), (2, 0)), CUBE),
    _linear("view", _flat("ravel"), A),
    _linear("view", lambda torch, a: torch.unflatten(a, 1, (2, -1)), (2, 4)),
    _linear("view", lambda torch, a: a.contiguous().view_as(torch.zeros(3, 2)), A),
    _linear("view", lambda torch, a: a.reshape_as(torch.zeros(3, 2)), A),
    _linear("expand", lambda torch, a: a.expand_as(torch.zeros(4, 3)), ROW),
    _linear("expand", lambda torch, a: torch.broadcast_to(a, (2, 2, 3)), ROW),
    _linear("expand", lambda torch, a, b: sum(torch.broadcast_tensors(a, b)), A, ROW),
    _linear("expand", lambda torch, a, b: sum(torch.meshgrid(a, b, indexing="xy")), ROW, (2,)),
    _linear("expand", lambda torch, a, b: sum(torch.meshgrid([a, b], indexing="ij")), ROW, (2,)),
    _linear("slice", _flat("narrow", 1, 1, 2), A),
    # joining and taking apart
    _linear("cat", lambda torch, a, b: torch.cat([a, b]), A, (1, 3)),
    _linear("cat", lambda torch, a, b, c: torch.cat((a, b, c), dim=-1), A, (2, 1), (2, 0)),
    _linear("cat", lambda torch, a, b: torch.concat([a, b, a]), ROW, (0,)),
    _linear("cat", lambda torch, a, b: torch.hstack([a, b]), A, (2, 1)),
    _linear("cat", lambda torch, a, b: torch.vstack([a, b]), A, ROW),
    _linear("cat", lambda torch, a, b: torch.dstack([a, b]), ROW, ROW),
    _linear("cat", lambda torch, a, b: torch.column_stack([a, b]), A, (2,)),
    _linear("stack", lambda torch, a, b: torch.stack([a, b]), A, A),
    _linear("stack", lambda torch, a, b: torch.stack([a, b], -1), A, A),
    _linear("stack", lambda torch, a, b: torch.cartesian_prod(a, b), ROW, (2,)),
    Sample("unbind", lambda torch, a: a.unbind(1)[0] * a.unbind(1)[2], (A,)),
    _linear("unbind", lambda torch, a: list(a)[1] * 2, A),
    _linear("split", lambda torch, a: a.split(2, 1)[1] * 1, A),
    Sample("split", lambda torch, a: a.chunk(2, -1)[0] * torch.chunk(a, 2, -1)[0], (CUBE,)),
    _linear("split_with_sizes", lambda torch, a: torch.split(a, [1, 0, 2], dim=1)[2] * 1, A),
    _linear("slice", lambda torch, a: a.tensor_split(3, 1)[0] * 1, (2, 5)),
    _linear("slice", lambda torch, a: torch.tensor_split(a, (1, 3), dim=1)[1] * 1, (2, 5)),
    _linear("new_zeros", twice(lambda torch, a: a.unbind(0)[1]), A),
    # repeating, turning, cutting
    _linear("repeat", _flat("repeat", 2, 1, 3), A),
    _linear("repeat", lambda torch, a: torch.tile(a, (2,)), A),
    _linear("repeat", _flat("repeat", 3), ()),
    _linear("clone", _flat("repeat_interleave", 2, 1), A),
    _linear("clone", _flat("repeat_interleave", 3), A),
    _linear("repeated_places", lambda torch, a: a.repeat_interleave(torch.tensor([2, 0, 1]), dim=1), A),
    _linear("roll", _flat("roll", 1), A),
    _linear("roll", lambda torch, a: torch.roll(a, (1, -2), (0, 1)), A),
    _linear("flip", _flat("flip", 0, -1), A),
    _linear("flip", lambda torch, a: a.fliplr() + torch.flipud(a), A),
    *(_linear("rot90", _flat("rot90", k), A) for k in (1, 2)),
    _linear("rot90", lambda torch, a: torch.rot90(a, -1, (1, 2)), CUBE),
    _linear("tril", _flat("tril"), A),
    _linear("tril", lambda torch, a: torch.tril(a, diagonal=-1), (2, 3, 3)),
    _linear("triu", _flat("triu", 1), A),
    _linear("diagonal", _flat("diagonal"), A),
    _linear("diagonal", lambda torch, a: torch.diagonal(a, offset=1, dim1=-1, dim2=0), CUBE),
    _linear("diagonal_copy", lambda torch, a: torch.diag(a, -1), SQUARE),
    _linear("diagonal_backward", twice(lambda torch, a: a.diagonal(1)), A),
    _linear("diag_embed", lambda torch, a: torch.diag(a), ROW),
    _linear("diag_embed", lambda torch, a: torch.diag_embed(a, 1, 0, 2), A),
    _linear("diag_embed", lambda torch, a: torch.diagflat(a), A),
    _linear("trace", _flat("trace"), A),
    *(
        _linear("view", lambda torch, a, n=n: getattr(torch, f"atleast_{n}d")(a), ()) for n in (1, 2, 3)
    ),
    _linear("unsqueeze", lambda torch, a: torch.atleast_3d(a), ROW),
    # padding
    _linear("constant_pad_nd", lambda torch, a: torch.nn.functional.pad(a, (1, 2, 0, 1), value=2.5), A),
    _linear("constant_pad_nd", _padded("constant", -1, 1), A),
    *(
        _linear(f"{name}_pad{dims}d{tail}", twice(run) if tail else run, size)
        for mode, name in (("reflect", "reflection"), ("replicate", "replication"))
        for dims, size in ((1, (2, 4)), (2, (1, 3, 4)), (3, (1, 2, 3, 2)))
        for run in [_padded(mode, *(1, 1, 2, 1, 1, 0)[: 2 * dims])]
        for tail in ("", "_backward")
    ),
    _linear("copy", _padded("circular", 1, 2), (2, 3)),
    _linear("copy", _padded("circular", 1, 2, 2, -1), (1, 3, 4)),
    # indexing
    _linear("index", lambda torch, a: a[[0, 1, 1]], A),
    _linear("index", lambda torch, a, i: a[:, i], A, PLACES),
    _linear("index", lambda torch, a, i: a[(i > 0).long(), i], A, INDEX),
    _linear("index", lambda torch, a, i: a[(i[:, None] > 0).long(), None, :, i], CUBE, PLACES),
    _linear("index", lambda torch, a, i: a[1, ..., i], CUBE, PLACES),
    _linear("index", lambda torch, a, m: a[m], A, MASK),
    _linear("index", lambda torch, a, m: a[m, 1:3], CUBE, MASK),
    _linear("index", lambda torch, a: a[:, [True, False, True]], A),
    _linear("index", lambda torch, a: a[True, torch.tensor([1, -1])], A),
    _linear("index_put_impl", twice(lambda torch, a, i: a[i]), ROW, PLACES),
    _linear("index_put", lambda torch, a, i, b: a.index_put(((i > 0).long(),), b), A, ((1,), "class"), ROW),
    _linear("index_put", lambda torch, a, i, b: a.index_put(((i > 0).long(), i), b, accumulate=True), A, PLACES, (4,)),
    _linear("index_put", lambda torch, a, m: _set(m)(torch, a, 2.5), A, MASK),
    _linear("index_put", _set_at, A, ((1,), "class"), (2, 1)),
    _linear("copy", _set(0), A, ROW),
    _linear("copy", _set((slice(None), slice(0, 3, 2))), A, (2,)),
    _linear("copy", _set((1, 2)), A, ()),
    _linear("index_put", _set_mixed, A, ((1,), "class"), (1,)),
    _linear("copy", _set(...), A, ROW),
    _linear("fill_tensor", _set(slice(None)), A, ()),
    _linear("nonzero", lambda torch, m: m.nonzero(), MASK),
    _linear("nonzero", lambda torch, m: torch.where(m)[1], MASK),
    _linear("nonzero", lambda torch, a: torch.nonzero(a > 0, as_tuple=True)[0], A),
    # along a dimension
    _linear("gather", lambda torch, a, i: a.gather(1, i), A, INDEX),
    _linear("gather", lambda torch, a, i: torch.take_along_dim(a, i[:, :1], 1), A, INDEX),
    _linear("gather", lambda torch, a, i: a.contiguous().take_along_dim(i.contiguous()), A, INDEX),
    _linear("scatter", lambda torch, a, i, b: a.scatter(1, i[:, :1], b[:, :1]), A, INDEX, A),
    _linear("scatter_value", lambda torch, a, i: torch.scatter(a, 1, i, 2.5), A, INDEX),
    _linear("scatter_add", lambda torch, a, i, b: a.scatter_add(1, i, b), A, INDEX, (2, 2)),
    _linear("index_select", lambda torch, a, i: a.index_select(1, i), A, PLACES),
    _linear("index_add", lambda torch, a, i, b: torch.index_add(a, 1, i, b, alpha=2), A, PLACES, (2, 4)),
    _linear("index_copy", lambda torch, a, i, b: a.index_copy(1, i, b), A, ((1,), "class"), (2, 1)),
    _linear("index_fill", lambda torch, a, i: a.index_fill(1, i, 2.5), A, PLACES),
    _linear("index_fill_tensor", lambda torch, a, i, b: a.index_fill(1, i, b), A, PLACES, ()),
    # places and masks
    _linear("take", lambda torch, a, i: a.take(i), A, INDEX),
    _linear("put", lambda torch, a, i, b: a.put(i, b, accumulate=True), A, PLACES, (2, 2)),
    _linear("put", lambda torch, a, i, b: torch.Tensor.put(a, i, b), A, ((1,), "class"), (1,)),
    _linear("masked_select", lambda torch, a, m: a.masked_select(m), A, MASK),
    _linear("masked_select", lambda torch, a, m: torch.masked_select(a, m), ROW, MASK),
    _linear("masked_scatter", lambda torch, a, m, b: a.masked_scatter(m, b), A, MASK, (2, 3)),
    _linear("masked_scatter_backward", twice(lambda torch, b, a, m: a.masked_scatter(m, b)), A, A, MASK),
    # orders
    _linear("sort_any", lambda torch, a: a.sort()[0], A),
    _linear("sort_any", lambda torch, a: torch.msort(a), A),
    _linear("sort_stable", lambda torch, a: torch.sort(a, dim=0, descending=True, stable=True).values, A),
    _linear("topk_of", lambda torch, a: a.topk(2).values, A),
    _linear("topk_of", lambda torch, a: torch.topk(a, 1, dim=0, largest=False)[0], A),
    _linear("kth", lambda torch, a: a.kthvalue(2)[0], A),
    _linear("kth", lambda torch, a: torch.kthvalue(a, 1, 0, keepdim=True).values, A),
    _linear("argsort_of", lambda torch, a: a.argsort(descending=True), A),
    # looking up and counting
    _linear("search", lambda torch, a, b: torch.searchsorted(a.sort()[0], b), ROW, A),
    _linear("search", lambda torch, a, b: torch.searchsorted(a.sort()[0], b, right=True), A, (2, 4)),
    _linear("search", lambda torch, a: torch.bucketize(a, torch.tensor([-0.5, 0.5, 1.0], dtype=a.dtype)), A),
    _linear("bincounts", lambda torch, i: torch.bincount(i, minlength=5), PLACES),
    _linear("bincounts", lambda torch, i, w: i.bincount(w), PLACES, ((4,), "constant")),
    _linear("unique_of", lambda torch, i: torch.unique(i, return_inverse=True)[1], INDEX),
    _linear("one_hot_of", lambda torch, i: torch.nn.functional.one_hot(i, 4), INDEX),
    _linear("embedding", lambda torch, i, w: torch.nn.functional.embedding(i, w), INDEX, (3, 2)),
    _linear("embedding_dense_backward", twice(lambda torch, w, i: torch.nn.functional.embedding(i, w)), (3, 2), PLACES),
)
