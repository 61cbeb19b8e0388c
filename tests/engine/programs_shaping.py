"""Ops that shape, join, split, index and sort: programs whose graphs are compared, as in programs.py."""

from gradviz.engine.op import catalogue
from tests.engine.samples_shaping import SAMPLES

M, V, CUBE, SQUARE, MASK, PLACES = (2, 3), (3,), (2, 3, 4), (3, 3), ((2, 3), "bool"), ((2, 2), "class")


def _in_place(change):
    def run(torch, a, *others):
        x = a * 1
        change(x, *others)
        return x

    return run


def _rows(torch, a):
    first, second = a
    return (first * second).sum() + second.exp().sum()


def _halves(torch, a):
    left, _, right = a.split([1, 0, 2], 1)
    return (left * right).sum()


# every sample that makes a graph is a program too; those of gradients have the graph of `twice` beside the op's
_FROM_SAMPLES = {
    f"{sample.op} {k}": (sample.run, sample.inputs)
    for k, sample in enumerate(SAMPLES)
    if any(sample.floating()) and catalogue[sample.op].vjps and not sample.run.__qualname__.startswith("twice")
}

PROGRAMS: dict[str, tuple] = {
    **_FROM_SAMPLES,
    "rows of an iteration": (_rows, (M,)),
    "uneven split": (_halves, (M,)),
    "split, one part unused": (lambda torch, a: a.split(1, 1)[2].sum(), (M,)),
    "cat of one tensor twice": (lambda torch, a: torch.cat([a, a.exp()]).sum(), (M,)),
    "cat of two dtypes": (lambda torch, a, b: torch.cat([a, b.double()]), (M, M)),
    "a.repeat_interleave(2)": (lambda torch, a: a.repeat_interleave(2), (M,)),
    "a.t().ravel()": (lambda torch, a: a.t().ravel(), (M,)),
    "a.rot90(0)": (lambda torch, a: a.rot90(0), (M,)),
    "x[0] = b": (_in_place(lambda x, b: x.__setitem__(0, b)), (M, V)),
    "x[0] = 2": (_in_place(lambda x: x.__setitem__(0, 2.0)), (M,)),
    "x[:] = b": (_in_place(lambda x, b: x.__setitem__(slice(None), b)), (M, M)),
    "x[...] = b (broadcast)": (_in_place(lambda x, b: x.__setitem__(..., b)), (M, V)),
    "x[...] = 2": (_in_place(lambda x: x.__setitem__(..., 2.0)), (M,)),
    "x[m] = 0": (_in_place(lambda x, m: x.__setitem__(m, 0.0)), (M, MASK)),
    "x[i] = b": (_in_place(lambda x, i, b: x.__setitem__((slice(None), i), b)), (M, ((1,), "class"), (2, 1))),
    "x[1, i] = b": (_in_place(lambda x, i, b: x.__setitem__((1, i), b)), (M, ((1,), "class"), (1,))),
    "x[0, 1] = b": (_in_place(lambda x, b: x.__setitem__((0, 1), b)), (M, ())),
    "x[None] = b": (_in_place(lambda x, b: x.__setitem__(None, b)), (M, M)),
    "x[0] = b (leading ones)": (_in_place(lambda x, b: x.__setitem__(0, b)), (M, (1, 1, 3))),
    "zeros, then filled": (lambda torch, a: _filled(torch, a), (V,)),
}  # fmt: skip


def _filled(torch, a):
    out = torch.zeros(2, 3)
    out[0] = a
    out[1] = a * 2
    return out.sum()
