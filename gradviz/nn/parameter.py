"""Parameters, and those whose shape the first forward tells: `torch.nn.parameter`."""

from gradviz.nn.module import Buffer, Parameter
from gradviz.nn.uninitialized import UninitializedBuffer, UninitializedTensorMixin, is_lazy


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter that the first forward makes."""

    __slots__ = ()
    cls_to_become = Parameter


__all__ = [
    "Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin", "is_lazy",
]  # fmt: skip
