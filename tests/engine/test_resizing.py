"""Methods that change what memory a tensor shows, its elements one by one, or its diagonal; beside PyTorch."""

import pytest

from tests.autograd.alike import same

pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

FILLED = {
    "square": lambda torch: torch.zeros(3, 3).fill_diagonal_(5),
    "tall": lambda torch: torch.zeros(7, 3).fill_diagonal_(5),
    "tall, wrapped": lambda torch: torch.zeros(7, 3).fill_diagonal_(5, wrap=True),
    "of a transposed one": lambda torch: torch.zeros(2, 3).t().fill_diagonal_(2),
    "of a cube": lambda torch: torch.zeros(2, 2, 2).fill_diagonal_(2),
    "of unequal sizes": lambda torch: torch.zeros(2, 3, 2).fill_diagonal_(2),
    "of a vector": lambda torch: torch.zeros(3).fill_diagonal_(2),
    "by a tensor": lambda torch: torch.zeros(3, 3).fill_diagonal_(torch.ones(())),
    "of integers": lambda torch: torch.zeros(2, 3, dtype=torch.int64).fill_diagonal_(2.5),
    "of nothing": lambda torch: torch.zeros(0, 3).fill_diagonal_(2),
    "of an expanded one": lambda torch: torch.zeros(3, 1).expand(3, 3).fill_diagonal_(1),
    "of a leaf": lambda torch: torch.zeros(3, 3, requires_grad=True).fill_diagonal_(1),
}


@pytest.mark.parametrize("name", FILLED)
def test_fill_diagonal(name):
    def program(torch, note):
        found = FILLED[name](torch)
        note(found, found._version)

    same(program)


def _whole(torch):
    return torch.arange(1, 7).reshape(2, 3).clone()


def _in_graph(torch):
    return torch.ones(2, 3, requires_grad=True) * 2


MAPPED = {
    "apply_": lambda torch: _whole(torch).apply_(lambda v: v * 2),
    "apply_ of a transposed one": lambda torch: _whole(torch).t().apply_(lambda v: v - 1),
    "apply_ of floats to integers": lambda torch: _whole(torch).apply_(lambda v: v * 1.5),
    "apply_ of text": lambda torch: _whole(torch).apply_(str),
    "apply_ of bools": lambda torch: torch.ones(2, dtype=torch.bool).apply_(lambda v: not v),
    "apply_ of a number": lambda torch: torch.tensor(3.0).apply_(lambda v: v + 1),
    "apply_ of no function": lambda torch: _whole(torch).apply_(3),
    "apply_ in a graph": lambda torch: _in_graph(torch).apply_(lambda v: v),
    "map_": lambda torch: _whole(torch).map_(_whole(torch), lambda a, b: a * b),
    "map_ by a row": lambda torch: _whole(torch).map_(_whole(torch)[0], lambda a, b: a * b),
    "map_ by no tensor": lambda torch: _whole(torch).map_(3, lambda a, b: a),
    "map_ by another dtype": lambda torch: _whole(torch).map_(torch.ones(3), lambda a, b: a),
    "map_ in a graph": lambda torch: torch.ones(2, 3).map_(_in_graph(torch), lambda a, b: a),
    "map2_": lambda torch: _whole(torch).map2_(_whole(torch), _whole(torch)[1], lambda a, b, c: a + b + c),
}


@pytest.mark.parametrize("name", MAPPED)
def test_one_by_one(name):
    def program(torch, note):
        found = MAPPED[name](torch)
        note(found, found._version)

    same(program)


def sizes(torch, note):
    x = _whole(torch)
    note(x.resize_(2) is x, x, x._version)
    note(x.resize_(3, 2), x.resize_((6,)), x._version, x.resize_(size=(1, 6)))
    note(x.resize_(1, 6)._version, x.resize_(()), x.resize_as_(torch.ones(2, 2)))
    larger = _whole(torch).resize_(3, 4)
    note(larger.shape, larger.flatten()[:6])
    y = _whole(torch)
    row = y[1].resize_(2)
    row.zero_()
    note(y, y.t().resize_(2, 3))


def negative_size(torch, note):
    _whole(torch).resize_(-1)


def size_of_text(torch, note):
    _whole(torch).resize_(2, "a")


def size_in_a_graph(torch, note):
    _in_graph(torch).resize_(2)


def size_of_a_leaf(torch, note):
    with torch.no_grad():
        torch.ones(2, requires_grad=True).resize_(1)


def size_as_none(torch, note):
    _whole(torch).resize_as_(3)


def other_memory(torch, note):
    x, source = _whole(torch), _whole(torch) + 10
    note(x.set_(source) is x, x, x.data_ptr() == source.data_ptr())
    x[0, 0] = 0
    note(source, x.set_(), x.set_(source, 1, (2,), (2,)), x.set_(source.t()), x.set_(source.untyped_storage()))
    with torch.no_grad():
        leaf = torch.zeros(2, requires_grad=True)
        note(leaf.set_(torch.ones(3)))


def memory_of_another_dtype(torch, note):
    _whole(torch).set_(torch.ones(2))


def strides(torch, note):
    x = _in_graph(torch)
    note(x.as_strided_((2, 2), (1, 2), 1) is x, x, x._version, x.grad_fn, x.grad_fn._saved_storage_offset)
    note((_in_graph(torch)[0]).as_strided_((2,), (1,)).grad_fn, torch.as_strided_(_whole(torch), (2,), (2,)))
    torch.ones(2, requires_grad=True).as_strided_((1,), (1,))


def strides_too_far(torch, note):
    _whole(torch).as_strided_((9,), (1,))


PROGRAMS = (
    sizes, negative_size, size_of_text, size_in_a_graph, size_of_a_leaf, size_as_none, other_memory,
    memory_of_another_dtype, strides, strides_too_far,
)  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)
def test_memory(program):
    same(program)
