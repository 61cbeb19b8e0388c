"""The linear layer as PyTorch composes it."""

from math import prod

from gradviz.engine.within import composed
from gradviz.ops import composite, pointwise, shape
from gradviz.ops.matmul import addmm


@composed("linear")
def linear(input, weight, bias=None):
    """`input @ weight.T + bias`: (..., in), (out, in) and (out,) to (..., out)."""
    if not (input._array.ndim and weight._array.ndim):
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and {weight.ndim}D"
        )
    if bias is None:
        return composite.matmul(input, shape.t(weight))
    if input._array.ndim == 2:
        return addmm(bias, input, shape.t(weight))
    if not input._array.flags.c_contiguous or not _is_row(bias._array.shape):
        return pointwise.add(composite.matmul(input, shape.t(weight)), bias)
    sizes = input._array.shape
    rows = composite.reshape(input, prod(sizes[:-1]), sizes[-1])  # before t(): backward takes the newest node first
    product = addmm(bias, rows, shape.t(weight))
    return composite.view(product, *sizes[:-1], weight._array.shape[0])


def _is_row(sizes):
    """Whether all elements of a bias lie along one dimension: addmm then spreads it."""
    return len(sizes) == 1 or sum(n != 1 for n in sizes) == 1
