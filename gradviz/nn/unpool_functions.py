"""The way back from a maximum pool, and pools that tell their places, of `torch.nn.functional`."""

from gradviz.engine.within import composed
from gradviz.nn.layer_functions import several
from gradviz.nn.pooling_functions import adaptive_max_pool1d, adaptive_max_pool2d, max_pool1d, max_pool2d
from gradviz.nn.volume_functions import adaptive_max_pool3d, max_pool3d
from gradviz.ops import composite, shape, unpooling


def _sizes(input, windows, output_size):
    """The sizes that a pool had before: as asked for, if its windows may have come from them.

    windows: (kernel, stride, padding) of each dimension.
    """
    count = len(windows)
    pooled = (input.shape[d - count] for d in range(count))
    found = tuple((n - 1) * s + k - 2 * p for n, (k, s, p) in zip(pooled, windows, strict=True))
    if output_size is None:
        return found
    asked = output_size[2:] if len(output_size) == count + 2 else output_size
    if len(asked) != count:
        raise ValueError(
            f"output_size should be a sequence containing {count} or {count + 2} elements, but it has a length of "
            f"'{len(asked)}'"
        )
    for d, (n, (_, s, _)) in enumerate(zip(found, windows, strict=True)):
        if not n - s < asked[d] < n + s:
            raise ValueError(f'invalid output_size "{asked}" (dim {d} must be between {n - s} and {n + s})')
    return tuple(asked)


def _windows(count, kernel_size, stride, padding):
    kernel = several(kernel_size, count)
    return list(zip(kernel, kernel if stride is None else several(stride, count), several(padding, count), strict=True))


@composed("max_unpool1d")
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values (N, C, windows) put where max_pool1d found them, zeros elsewhere: (N, C, L)."""
    sizes = _sizes(input, _windows(1, kernel_size, stride, padding), output_size)
    columns = (composite.unsqueeze(each, -1) for each in (input, indices))
    out = unpooling.max_unpool2d(*columns, output_size=(*sizes, 1))
    return shape.squeeze_one(out, dim=out.ndim - 1)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values put where max_pool2d found them, zeros elsewhere: (N, C, H, W)."""
    sizes = _sizes(input, _windows(2, kernel_size, stride, padding), output_size)
    return unpooling.max_unpool2d(input, indices, output_size=sizes)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Values put where max_pool3d found them, zeros elsewhere: (N, C, D, H, W)."""
    sizes = _sizes(input, _windows(3, kernel_size, stride, padding), output_size)
    return unpooling.max_unpool3d(input, indices, output_size=sizes)


# -- pools with places -------------------------------------------------------------------------------


def _with_places(pool):
    def with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)

    return _named(with_indices, pool)


def _adaptive_with_places(pool):
    def with_indices(input, output_size, return_indices=False):
        return pool(input, output_size, return_indices=True)

    return _named(with_indices, pool)


def _named(function, pool):
    function.__name__ = function.__qualname__ = pool.__name__ + "_with_indices"
    function.__doc__ = f"{pool.__name__}, and the place of each value."
    return function


max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = map(
    _with_places, (max_pool1d, max_pool2d, max_pool3d)
)
adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices, adaptive_max_pool3d_with_indices = map(
    _adaptive_with_places, (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)
)

__all__ = [
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices",
    "max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d",
    "max_unpool3d",
]  # fmt: skip
