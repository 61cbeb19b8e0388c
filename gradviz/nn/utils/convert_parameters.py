"""Parameters as one vector and back, as `torch.nn.utils`."""

from gradviz.engine.asking import typename
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite, indexing, stacking


def parameters_to_vector(parameters):
    """All elements of all parameters, one after the other; part of the graph."""
    return stacking.cat([composite.view(each, -1) for each in parameters])


def vector_to_parameters(vec, parameters):
    """Gives each parameter its part of a vector as its data, without a copy."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    start = 0
    for each in parameters:
        part = indexing.slice(vec, dim=0, start=start, end=start + each.numel(), step=1)
        each.data = composite.view(part, *each.shape).data
        start += each.numel()


__all__ = ["parameters_to_vector", "vector_to_parameters"]
