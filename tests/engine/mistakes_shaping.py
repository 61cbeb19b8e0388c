"""Mistakes with shapes, lists of tensors and indices, as in mistakes.py."""


def _of(size, change):
    """A mistake with a tensor of ones."""
    return lambda torch: change(torch, torch.ones(size))


def _set(index, value, size=(2, 3), grad=False):
    def assign(torch):
        torch.ones(size, requires_grad=grad)[index(torch)] = value(torch)

    return assign


def _places(*values):
    return lambda torch: torch.tensor(values)


def _long(torch, *values):
    return torch.tensor(values)


MISTAKES = {
    "squeeze of a dim too far": _of((2, 1), lambda torch, a: a.squeeze(2)),
    "squeeze of one dim twice": _of((2, 1), lambda torch, a: a.squeeze((1, 1))),
    "movedim of different lengths": _of((2, 3), lambda torch, a: a.movedim((0, 1), (0,))),
    "movedim of one dim twice": _of((2, 3), lambda torch, a: a.movedim((0, 0), (0, 1))),
    "unflatten that doesn't multiply up": _of((2, 6), lambda torch, a: a.unflatten(1, (4, 2))),
    "view_as of another size": _of((2, 3), lambda torch, a: a.view_as(torch.ones(4))),
    "narrow too long": _of((2, 3), lambda torch, a: a.narrow(1, 2, 2)),
    "narrow from too far": _of((2, 3), lambda torch, a: a.narrow(1, 4, 0)),
    "narrow of 0-d": _of((), lambda torch, a: a.narrow(0, 0, 1)),
    "narrow by less than none": _of((2,), lambda torch, a: a.narrow(0, 0, -1)),
    # lists of tensors
    "cat of nothing": lambda torch: torch.cat([]),
    "cat of a tensor": lambda torch: torch.cat(torch.ones(2)),
    "cat of numbers": lambda torch: torch.cat([torch.ones(2), 3]),
    "cat of 0-d": lambda torch: torch.cat([torch.ones(()), torch.ones(())]),
    "cat of other sizes": lambda torch: torch.cat([torch.ones(2, 3), torch.ones(2, 4)]),
    "cat of other dimensions": lambda torch: torch.cat([torch.ones(2, 3), torch.ones(3)]),
    "cat along a dim too far": lambda torch: torch.cat([torch.ones(2), torch.ones(2)], 1),
    "stack of nothing": lambda torch: torch.stack([]),
    "stack of other sizes": lambda torch: torch.stack([torch.ones(2), torch.ones(3)]),
    "stack along a dim too far": lambda torch: torch.stack([torch.ones(2), torch.ones(2)], 2),
    "vstack of other sizes": lambda torch: torch.vstack([torch.ones(2), torch.ones(3)]),
    "unbind of 0-d": _of((), lambda torch, a: a.unbind()),
    "unbind into fewer names": lambda torch: (lambda a, b: a)(*torch.ones(3).unbind()),
    "split of 0-d": _of((), lambda torch, a: a.split(1)),
    "split into nothing": _of((3,), lambda torch, a: a.split(0)),
    "split into less than nothing": _of((3,), lambda torch, a: a.split(-1)),
    "split along a dim too far": _of((3,), lambda torch, a: a.split(1, 1)),
    "split into sizes that don't add up": _of((3,), lambda torch, a: a.split([1, 1])),
    "split into sizes below 0": _of((3,), lambda torch, a: a.split([4, -1])),
    "chunk into none": _of((3,), lambda torch, a: a.chunk(0)),
    "tensor_split into none": _of((3,), lambda torch, a: a.tensor_split(0)),
    "meshgrid of an unknown indexing": lambda torch: torch.meshgrid(torch.ones(2), indexing="ab"),
    "broadcast_tensors that don't": lambda torch: torch.broadcast_tensors(torch.ones(2), torch.ones(3)),
    "hstack of nothing": lambda torch: torch.hstack([]),
    # repeating, turning, cutting
    "repeat of too few dims": _of((2, 3), lambda torch, a: a.repeat(2)),
    "repeat less than never": _of((2,), lambda torch, a: a.repeat(-1)),
    "roll of too many dims": _of((2, 3), lambda torch, a: a.roll(1, (0, 1))),
    "flip of one dim twice": _of((2, 3), lambda torch, a: a.flip(0, 0)),
    "fliplr of a vector": _of((2,), lambda torch, a: a.fliplr()),
    "rot90 of a vector": _of((2,), lambda torch, a: a.rot90()),
    "rot90 in one dim": _of((2, 2), lambda torch, a: a.rot90(1, (0, 0))),
    "tril of a vector": _of((2,), lambda torch, a: a.tril()),
    "diag of three dimensions": _of((2, 2, 2), lambda torch, a: torch.diag(a)),
    "diagonal of one dim": _of((2, 2), lambda torch, a: a.diagonal(0, 1, 1)),
    "trace of a vector": _of((2,), lambda torch, a: a.trace()),
    "pad of an odd length": _of((2, 3), lambda torch, a: torch.nn.functional.pad(a, (1,))),
    "pad of too many dims": _of((2,), lambda torch, a: torch.nn.functional.pad(a, (1, 1, 1, 1))),
    "pad below nothing": _of((2,), lambda torch, a: torch.nn.functional.pad(a, (-2, -1))),
    "pad of an unknown mode": _of((2, 3), lambda torch, a: torch.nn.functional.pad(a, (1, 1), mode="mirror")),
    "reflection of more rows than there are": _of(
        (1, 2, 3), lambda torch, a: torch.nn.functional.pad(a, (1, 1, 2, 0), mode="reflect")
    ),
    "reflection of more than there is": _of(
        (2, 3), lambda torch, a: torch.nn.functional.pad(a, (3, 1), mode="reflect")
    ),
    "hsplit with a rest": _of((2, 5), lambda torch, a: a.hsplit(2)),
    # indexing
    "index tensor too large": _of((2, 3), lambda torch, a: a[_long(torch, 0, 2)]),
    "index tensor too large in a later dim": _of((2, 3), lambda torch, a: a[:, [0, 3]]),
    "index tensors that don't broadcast": _of((2, 3), lambda torch, a: a[[0, 1], [0, 1, 2]]),
    "index tensors, one too many": _of((3,), lambda torch, a: a[[0, 1], [0, 1]]),
    "mask of another size": _of((2, 3), lambda torch, a: a[:, [True, False]]),
    "mask of more dimensions": _of((2,), lambda torch, a: a[torch.ones(2, 2) > 0]),
    "index of floats": _of((2, 3), lambda torch, a: a[torch.ones(2)]),
    "assignment of a list": _set(lambda torch: 0, lambda torch: [1.0, 2.0, 3.0]),
    "assignment of another size": _set(lambda torch: 0, lambda torch: torch.ones(2)),
    "assignment of another size to a mask": _set(lambda torch: torch.ones(2, 3) > 0, lambda torch: torch.ones(2)),
    "assignment of another dtype to indices": _set(_places(0, 1), lambda torch: torch.ones(3, dtype=torch.float64)),
    "assignment too far": _set(lambda torch: 2, lambda torch: 1.0),
    "assignment too far by a tensor": _set(_places(0, 2), lambda torch: 1.0),
    "assignment into an expanded tensor": _of((3,), lambda torch, a: a.expand(2, 3).__setitem__(..., torch.ones(2, 3))),
    "assignment into a leaf": _set(lambda torch: ..., lambda torch: 1.0, grad=True),
    "assignment into a part of a leaf": _set(lambda torch: 0, lambda torch: 1.0, grad=True),
    "assignment into a leaf by a tensor": _set(_places(0), lambda torch: 1.0, grad=True),
    "index_put too far": _of((2, 3), lambda torch, a: a.index_put((_long(torch, 2),), torch.ones(3))),
    "index_put of too many indices": _of((2,), lambda torch, a: a.index_put((_long(torch, 0),) * 2, torch.ones(1))),
    "index_put of another size": _of((2, 3), lambda torch, a: a.index_put((_long(torch, 0),), torch.ones(2))),
    "index_put of another size, added": _of(
        (2, 3), lambda torch, a: a.index_put((_long(torch, 0),), torch.ones(2), accumulate=True)
    ),
    "gather of an index too large": _of((2, 3), lambda torch, a: a.gather(1, torch.tensor([[3]]))),
    "gather of an index below 0": _of((2, 3), lambda torch, a: a.gather(1, torch.tensor([[-1]]))),
    "gather of other dimensions": _of((2, 3), lambda torch, a: a.gather(1, _long(torch, 0))),
    "gather of more than there is": _of((2, 3), lambda torch, a: a.gather(1, torch.zeros(3, 1, dtype=torch.int64))),
    "gather of floats": _of((2, 3), lambda torch, a: a.gather(1, torch.ones(2, 3))),
    "scatter of an index too large": _of((2, 3), lambda torch, a: a.scatter(1, torch.tensor([[3]]), 1.0)),
    "scatter of another dtype": _of(
        (2, 3), lambda torch, a: a.scatter(1, torch.tensor([[0]]), torch.ones(1, 1, dtype=torch.float64))
    ),
    "scatter of less than the index": _of(
        (2, 3), lambda torch, a: a.scatter(1, torch.tensor([[0, 1]]), torch.ones(1, 1))
    ),
    "index_select by a matrix": _of((2, 3), lambda torch, a: a.index_select(1, torch.tensor([[0]]))),
    "index_select too far": _of((2, 3), lambda torch, a: a.index_select(1, _long(torch, 3))),
    "index_select by floats": _of((2, 3), lambda torch, a: a.index_select(1, torch.ones(1))),
    "index_add of another dtype": _of(
        (2, 3), lambda torch, a: a.index_add(0, _long(torch, 0), torch.ones(1, 3, dtype=torch.float64))
    ),
    "index_add of another number": _of((2, 3), lambda torch, a: a.index_add(0, _long(torch, 0, 1), torch.ones(1, 3))),
    "index_add too far": _of((2, 3), lambda torch, a: a.index_add(1, _long(torch, 3), torch.ones(2, 1))),
    "index_copy too far": _of((2, 3), lambda torch, a: a.index_copy(0, _long(torch, 3), torch.ones(1, 3))),
    "index_fill too far": _of((2, 3), lambda torch, a: a.index_fill(0, _long(torch, 3), 1.0)),
    "index_fill with a vector": _of((2, 3), lambda torch, a: a.index_fill(0, _long(torch, 0), torch.ones(2))),
    "index_copy by int32": _of((2, 3), lambda torch, a: a.index_copy(0, _long(torch, 0).int(), torch.ones(1, 3))),
    "take too far": _of((2, 3), lambda torch, a: a.take(_long(torch, 6))),
    "take by floats": _of((2, 3), lambda torch, a: a.take(torch.ones(2))),
    "put of another number": _of((2, 3), lambda torch, a: a.put(_long(torch, 0, 1), torch.ones(1))),
    "masked_select by floats": _of((2,), lambda torch, a: a.masked_select(a)),
    "masked_select of another size": _of((2,), lambda torch, a: a.masked_select(torch.ones(3) > 0)),
    "masked_scatter of too few": _of((2,), lambda torch, a: a.masked_scatter(a > 0, torch.ones(1))),
    "topk of more than there are": _of((2, 3), lambda torch, a: a.topk(4)),
    "sort along a dim too far": _of((2, 3), lambda torch, a: a.sort(2)),
    "kthvalue of none": _of((2, 3), lambda torch, a: a.kthvalue(0)),
    "searchsorted in other rows": lambda torch: torch.searchsorted(torch.ones(2, 3), torch.ones(3, 3)),
    "bincount of floats": _of((2,), lambda torch, a: a.bincount()),
    "embedding of floats": lambda torch: torch.nn.functional.embedding(torch.ones(2), torch.ones(2, 3)),
    "index of int8": _of((2, 3), lambda torch, a: a[torch.tensor([1], dtype=torch.int8)]),
    "index tensor after a mask too large": _of((2, 3, 4), lambda torch, a: a[torch.ones(2, 3) > 0, [5]]),
    "bincount below 0": lambda torch: torch.bincount(torch.tensor([-1])),
    "one_hot of floats": _of((2,), lambda torch, a: torch.nn.functional.one_hot(a)),
    "one_hot of too few classes": lambda torch: torch.nn.functional.one_hot(torch.tensor([2]), 2),
    "one_hot below 0": lambda torch: torch.nn.functional.one_hot(torch.tensor([-1])),
    "embedding too far": lambda torch: torch.nn.functional.embedding(torch.tensor([2]), torch.ones(2, 3)),
    "embedding of a padding_idx too large": lambda torch: torch.nn.functional.embedding(
        torch.tensor([0]), torch.ones(2, 3), padding_idx=2
    ),
}  # fmt: skip
