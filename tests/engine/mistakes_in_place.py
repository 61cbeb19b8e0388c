"""Mistakes with views and changes in place."""

import operator


def _graph(torch, *size):
    return torch.ones(*size or (2, 3), requires_grad=True) * 2


def _then(make, change):
    """Changes what `make` gives of a tensor in a graph."""

    def run(torch):
        change(torch, make(torch, _graph(torch)))

    return run


def _in_no_grad(change, *, of_leaf=False):
    """Changes something after a view was made in no_grad: `change(torch, tensor, view)`."""

    def run(torch):
        tensor = torch.ones(2, 3, requires_grad=True) if of_leaf else _graph(torch)
        with torch.no_grad():
            view = tensor[0]
        change(torch, tensor, view)

    return run


def _forbidden(torch, tensor, view):
    tensor.mul_(2)
    return view.grad_fn


def _used(torch, tensor, view):
    with torch.no_grad():
        tensor.mul_(2)
    return view * 2


def _joined_later(torch):
    first, _ = torch.zeros(4).chunk(2)
    first.mul_(torch.ones(2, requires_grad=True))


def _part_changed(torch):
    part, _ = (y := _graph(torch, 4)).split(2)
    y.zero_()
    return part + 1


def _saved_then_changed(torch, save, change):
    y = _graph(torch)
    out = save(y)
    change(y)
    out.sum().backward()


def _on(make, change):
    return lambda torch: change(torch, make(torch))


def _longs(torch):
    return torch.tensor([1, 2, 3])


def _floats(torch):
    return torch.ones(3)


def _bools(torch):
    return torch.ones(3) > 0


MISTAKES = {
    "in place on a leaf": lambda torch: torch.ones(2, requires_grad=True).exp_(),
    "in place on a view of a leaf": lambda torch: torch.ones(2, requires_grad=True)[0].mul_(2),
    "in place on a transposed leaf": lambda torch: torch.ones(2, 3, requires_grad=True).t().add_(1),
    "shape in place of a leaf": lambda torch: torch.ones(2, 3, requires_grad=True).t_(),
    "assignment into a view of a leaf": lambda torch: torch.ones(2, 3, requires_grad=True)[0].__setitem__(0, 1.0),
    "relu in place on a leaf": lambda torch: torch.nn.functional.relu(torch.ones(2, requires_grad=True), inplace=True),
    "in place on one of unbind": _then(lambda torch, y: y.unbind()[1], lambda torch, v: v.mul_(2)),
    "in place on one of split": _then(lambda torch, y: y.split([1, 1])[0], lambda torch, v: v.zero_()),
    "in place on one of chunk": _then(lambda torch, y: y.chunk(2, 1)[1], lambda torch, v: v.add_(1)),
    "in place on a row of an iteration": _then(lambda torch, y: [*y][0], lambda torch, v: v.add_(1)),
    "in place on a view of one of chunk": _then(lambda torch, y: y.chunk(2, 1)[1][0], lambda torch, v: v.add_(1)),
    "assignment into one of chunk": _then(lambda torch, y: y.chunk(2)[0], lambda torch, v: v.__setitem__(0, 1.0)),
    "in place on one of chunk by a graph": _joined_later,
    "use of one of split after its base changed": _part_changed,
    "in place on a view made in no_grad": _in_no_grad(lambda torch, tensor, view: view.mul_(2)),
    "in place on a view of a leaf made in no_grad": _in_no_grad(lambda torch, tensor, view: view.mul_(2), of_leaf=True),
    "grad_fn of a view made in no_grad, base changed": _in_no_grad(_forbidden),
    "use of a view made in no_grad, base changed": _in_no_grad(_used, of_leaf=True),
    "in place on an expanded tensor": _then(lambda torch, y: y[:1].expand(2, 3), lambda torch, v: v.mul_(2)),
    "zero_ on an expanded tensor, backward": lambda torch: (
        (y := _graph(torch, 1, 3)).expand(2, 3).zero_(), y.sum().backward()
    ),
    "in place on overlapping parts": _then(lambda torch, y: y[0], lambda torch, v: v[1:].add_(v[:-1])),
    "in place by its own row": _then(lambda torch, y: y, lambda torch, v: v.mul_(v[0])),
    "in place by itself, backward": lambda torch: (y := _graph(torch)).mul_(y).sum().backward(),
    "in place by another row, backward": lambda torch: ((y := _graph(torch))[0].mul_(y[1]), y.sum().backward()),
    "what was saved of itself, asked": lambda torch: (y := _graph(torch)).mul_(y).grad_fn._saved_other,
    "saved base changed through a view": lambda torch: _saved_then_changed(
        torch, lambda y: y.exp(), lambda y: y[0].mul_(2)
    ) or _saved_then_changed(torch, lambda y: y * y, lambda y: y[0].mul_(2)),
    "saved view changed through its base": lambda torch: _saved_then_changed(
        torch, lambda y: (v := y[0]) * v, lambda y: y.mul_(2)
    ),
    "saved view changed through another": lambda torch: _saved_then_changed(
        torch, lambda y: (v := y[0]) * v, lambda y: y.t().zero_()
    ),
    "detach_ of a view": _then(lambda torch, y: y[0], lambda torch, v: v.detach_()),
    "t_ of three dimensions": lambda torch: torch.ones(2, 2, 2).t_(),
    "floats into longs": _on(_longs, lambda torch, v: v.add_(1.5)),
    "a float tensor into longs": _on(_longs, lambda torch, v: v.mul_(torch.ones(3))),
    "division of longs in place": _on(_longs, lambda torch, v: v.div_(2)),
    "exp of longs in place": _on(_longs, lambda torch, v: v.exp_()),
    "sum of bools and a number in place": _on(_bools, lambda torch, v: v.add_(1)),
    "sum of bools and a float in place": _on(_bools, lambda torch, v: v.add_(1.5)),
    "bits of floats in place": _on(_floats, lambda torch, v: v.bitwise_and_(1)),
    "a larger shape in place": _on(_floats, lambda torch, v: v.add_(torch.ones(2, 3))),
    "a larger shape copied": _on(_floats, lambda torch, v: v.copy_(torch.ones(2, 3))),
    "a shape that doesn't broadcast in place": _on(_floats, lambda torch, v: v.mul_(torch.ones(2))),
    "a word in place": _on(_floats, lambda torch, v: v.add_("a")),
    "a word added": lambda torch: operator.iadd(torch.ones(2), "a"),
    "fill_ by a vector": _on(_floats, lambda torch, v: v.fill_(torch.ones(3))),
    "leaky_relu in place, negative slope": lambda torch: torch.nn.functional.leaky_relu(_graph(torch), -0.1, True)
    .sum().backward(),
    "elu in place, negative alpha": lambda torch: torch.nn.functional.elu(_graph(torch), -1.0, True).sum().backward(),
    "normal_ of a negative deviation": _on(_floats, lambda torch, v: v.normal_(0, -1)),
    "uniform_ from high to low": _on(_floats, lambda torch, v: v.uniform_(2, 1)),
    "bernoulli_ of more than one": _on(_floats, lambda torch, v: v.bernoulli_(1.5)),
    "exponential_ of nothing": _on(_floats, lambda torch, v: v.exponential_(0)),
    "as_strided out of bounds": lambda torch: torch.as_strided(torch.ones(3), (2, 2), (2, 1)),
}  # fmt: skip
