"""Functions of `torch.nn.functional`."""

from math import prod

from gradviz.engine.within import composed
from gradviz.nn.layer_functions import *  # noqa: F403
from gradviz.nn.loss_functions import *  # noqa: F403
from gradviz.ops import composite, loss, pointwise, shape
from gradviz.ops.matmul import addmm

relu = pointwise.relu
tanh = pointwise.tanh
sigmoid = pointwise.sigmoid


@composed("linear")
def linear(input, weight, bias=None):
    """`input @ weight.T + bias`: (..., in), (out, in) and (out,) to (..., out)."""
    if bias is None:
        return composite.matmul(input, shape.t(weight))
    if input._array.ndim == 2:
        return addmm(bias, input, shape.t(weight))
    sizes = input._array.shape
    rows = composite.reshape(input, prod(sizes[:-1]), sizes[-1])  # before t(): backward takes the newest node first
    product = addmm(bias, rows, shape.t(weight))
    return composite.view(product, *sizes[:-1], weight._array.shape[0])


def softmax(input, dim):
    """Probabilities along a dimension."""
    return loss.softmax(input, dim=composite.wrapped(dim, input._array.ndim))


def log_softmax(input, dim):
    """Logarithms of probabilities along a dimension."""
    return loss.log_softmax(input, dim=composite.wrapped(dim, input._array.ndim))
