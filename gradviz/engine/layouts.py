"""How the elements of a copy lie in memory, under PyTorch's names for it."""


class memory_format:
    """An order of the dimensions in memory; `torch.contiguous_format` in print, as in PyTorch."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name  # a global of this file


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

ORDERS = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}  # dimensions, the outermost first


def has_format(array, format):
    """Whether the elements lie so, without gaps."""
    order = ORDERS.get(format)
    if order is None:
        return bool(array.flags.c_contiguous)
    return array.ndim == len(order) and bool(array.transpose(order).flags.c_contiguous)


def suggested(array):
    """The format that the strides look like; contiguous_format where they look like none, or like several."""
    for format, order in ORDERS.items():
        if array.ndim == len(order) and _rises(array, (*order[:0:-1], 0)):
            return format
    return contiguous_format


def _rises(array, order):
    """Whether the strides grow in this order, the innermost dimension first, as PyTorch asks it."""
    least = 0
    if not array.strides[1]:
        return False
    for d in order:
        size, stride = array.shape[d], array.strides[d]
        if not size or stride < least or (d == 0 and least == array.strides[1]):
            return False
        least = stride * max(size, 1)
    return True


def _order(array, format):
    """The dimensions of a copy of an array, the outermost first."""
    order = ORDERS.get(format)
    if order is not None:
        if array.ndim != len(order):
            raise RuntimeError(f"required rank {len(order)} tensor to use {format.name} format")
        return order
    # NumPy takes what is spread out for the innermost dimension, PyTorch leaves it where it is
    if format is contiguous_format or 0 in array.strides:
        return range(array.ndim)
    return sorted(range(array.ndim), key=lambda d: -array.strides[d])


def made_like(array, format, make):
    """What `make(shape)` returns, its elements lying as the array's do, or as a format says."""
    order = tuple(_order(array, format))
    made = make(tuple(array.shape[d] for d in order))
    return made.transpose(sorted(range(array.ndim), key=order.__getitem__))


def copied(array, format=None):
    """A copy that lies so; without a format its dimensions lie in the same order as the array's."""
    if format in ORDERS:
        order = _order(array, format)
        return array.transpose(order).copy().transpose(sorted(range(array.ndim), key=order.__getitem__))
    # NumPy takes what is spread out for the innermost dimension, PyTorch leaves it where it is
    return array.copy() if format is contiguous_format or 0 in array.strides else array.copy("K")
