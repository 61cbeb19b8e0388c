"""Views and changes in place: programs whose graphs are compared, as in programs.py."""

from gradviz.engine.op import catalogue
from tests.engine.samples_in_place import SAMPLES

M, V, S = (2, 3), (3,), ()


def _changed(change):
    """`change(torch, x, *others)` of a tensor x in a graph; what it returns, or x."""

    def run(torch, a, *others):
        x = a * 2
        returned = change(torch, x, *others)
        return x if returned is None else returned

    return run


def _whole(changed):
    """The change was made; the whole tensor is what is asked for."""


def _row_then_base(torch, x):
    row = x[0]
    row.mul_(3)
    return row.sum() + x.sum()


def _old_views(torch, x):
    row, turned, square = x[0], x.t(), x.view(3, 2)
    x.mul_(3)
    return row.sum() + turned[0].sum() + square.exp().sum()


def _view_of_view(torch, x):
    part = x.t()[1:]
    other = part[0]
    part[1].exp_()
    return (part * 2).sum() + other.sum()


def _twice(torch, x, b):
    row = x[0]
    row.mul_(b)
    row.add_(b)
    x[1].copy_(row)


def _rows(torch, x, b):
    for i in range(2):
        x[i] = x[i - 1] + b


def _grown(torch, a):
    out = torch.zeros(3, 3)
    turned = out.t()
    for i in range(3):
        turned[i] = a * (i + 1)
    return out.sum() + turned.sum()


def _detached(torch, x, b):
    apart = x.detach()
    apart[0].mul_(b)
    return apart.sum() + x.sum()


def _in_no_grad(torch, x):
    row = x[0]
    with torch.no_grad():
        x.add_(1)
    return row.sum()


_FROM_SAMPLES = {
    f"{sample.op} in place {k}": (sample.run, sample.inputs)
    for k, sample in enumerate(SAMPLES)
    if catalogue[sample.op].vjps and not sample.run.__qualname__.startswith("twice")
}
_CHANGES = {
    "x[0].mul_(3)": (lambda torch, x: _whole(x[0].mul_(3)), (M,)),
    "x[0].mul_(b)": (lambda torch, x, b: _whole(x[0].mul_(b)), (M, V)),
    "x[0].copy_(b)": (lambda torch, x, b: _whole(x[0].copy_(b)), (M, V)),
    "x[:, 1].fill_(b)": (lambda torch, x, b: _whole(x[:, 1].fill_(b)), (M, S)),
    "x.T[0].zero_()": (lambda torch, x: _whole(x.T[0].zero_()), (M,)),
    "x[0] += b": (lambda torch, x, b: x.__setitem__(0, x[0].add_(b)), (M, V)),
    "x[0].exp_()": (lambda torch, x: _whole(x[0].exp_()), (M,)),
    "x[0].pow_(b)": (lambda torch, x, b: _whole(x.abs_()[0].pow_(b)), (M, V)),
    "x.diagonal().sin_()": (lambda torch, x: _whole(x.diagonal().sin_()), (M,)),
    "x[0].addcmul_(b, c)": (lambda torch, x, b, c: _whole(x[0].addcmul_(b, c)), (M, V, V)),
    "x[:2].addmm_(b, c)": (lambda torch, x, b, c: _whole(x[:2].addmm_(b, c)), (M, (2, 2), M)),
    "x[0].lerp_(b, 0.3)": (lambda torch, x, b: _whole(x[0].lerp_(b, 0.3)), (M, V)),
    "x[0].masked_fill_": (lambda torch, x: _whole(x[0].masked_fill_(x[0] > 0, 2.0)), (M,)),
    "x[0].cumprod_(0)": (lambda torch, x: _whole(x[0].cumprod_(0)), (M,)),
    "x[0][0] = b": (lambda torch, x, b: x[0].__setitem__(0, b), (M, S)),
    "x[0][x[0] > 0] = 0": (lambda torch, x: x[0].__setitem__(x[0] > 0, 0.0), (M,)),
    "a row, then the base": (_row_then_base, (M,)),
    "old views": (_old_views, (M,)),
    "a view of a view": (_view_of_view, (M,)),
    "two changes of a view": (_twice, (M, V)),
    "rows by other rows": (_rows, (M, V)),
    "a detached view": (_detached, (M, V)),
    "a change in no_grad": (_in_no_grad, (M,)),
    "F.relu_": (lambda torch, x: _whole(torch.nn.functional.relu_(x)), (M,)),
    "F.silu(inplace=True)": (lambda torch, x: _whole(torch.nn.functional.silu(x, inplace=True)), (M,)),
}  # fmt: skip
PROGRAMS: dict[str, tuple] = {
    **_FROM_SAMPLES,
    **{name: (_changed(change), specs) for name, (change, specs) in _CHANGES.items()},
    "zeros, grown by a view": (lambda torch, a: _grown(torch, a), (V,)),
}
