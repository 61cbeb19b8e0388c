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


def has_format(array, format):
    """Whether the elements lie so, without gaps."""
    if format is not channels_last:
        return bool(array.flags.c_contiguous)
    return array.ndim == 4 and bool(array.transpose(0, 2, 3, 1).flags.c_contiguous)


def copied(array, format=None):
    """A copy that lies so; without a format its dimensions lie in the same order as the array's."""
    if format is channels_last:
        if array.ndim != 4:
            raise RuntimeError("required rank 4 tensor to use channels_last format")
        return array.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2)
    # NumPy takes what is spread out for the innermost dimension, PyTorch leaves it where it is
    return array.copy() if format is contiguous_format or 0 in array.strides else array.copy("K")
