"""interpolate: images, rows and volumes made larger or smaller."""

import warnings
from math import floor

from gradviz.nn.pooling_functions import adaptive_avg_pool1d, adaptive_avg_pool2d
from gradviz.ops.resampling import CUBIC, LINEAR, MODES, RESAMPLINGS

_NEEDED = {"linear": 3, "bilinear": 4, "trilinear": 5}


def _sizes(input, size, scale_factor):
    """(output sizes or None, scales or None), one a dimension; ValueError for what doesn't fit."""
    dims = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (list, tuple)) and len(size) != dims:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {list(input.shape[2:])} and output size of {size}. Please provide input tensor in (N, "
                "C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        return tuple(size) if isinstance(size, (list, tuple)) else (size,) * dims, None
    if isinstance(scale_factor, (list, tuple)) and len(scale_factor) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(input.shape[2:])} and scale_factor of shape {scale_factor}. Please provide input "
            "tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    given = scale_factor if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * dims
    return None, tuple(float(each) for each in given)


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None
):
    """(N, C, ...) made larger or smaller: nearest, nearest-exact, linear, bilinear, trilinear, bicubic or area."""
    plain = mode in ("nearest", "area", "nearest-exact")
    if plain and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    sizes, scales = _sizes(input, size, scale_factor)
    if recompute_scale_factor and sizes is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if scales is not None:
        sizes = tuple(floor(n * scale) for n, scale in zip(input.shape[2:], scales, strict=True))
        if recompute_scale_factor or mode == "area":
            scales = None
    if mode == "area" and input.ndim in (3, 4):
        return adaptive_avg_pool1d(input, sizes) if input.ndim == 3 else adaptive_avg_pool2d(input, sizes)
    return _resampled(input, mode, sizes, scales, bool(align_corners))


def _resampled(input, mode, sizes, scales, align_corners):
    dims, how = input.ndim - 2, MODES.get(mode)
    wanted = _NEEDED.get(mode)
    if wanted is not None and input.ndim != wanted and input.ndim in (3, 4, 5):
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {wanted}D input")
    if (how, dims) not in RESAMPLINGS:
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: nearest | "
            f"linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )
    names = ("scales",) if dims == 1 else tuple(f"scales_{axis}" for axis in "dhw"[-dims:])
    settings = dict(zip(names, scales or (None,) * dims, strict=True))
    if how in (LINEAR, CUBIC):
        settings["align_corners"] = align_corners
    return RESAMPLINGS[how, dims](input, output_size=sizes, **settings)


def _instead(name):
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3
    )


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """interpolate, by its old name."""
    _instead("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """interpolate to the nearest."""
    _instead("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input, size=None, scale_factor=None):
    """interpolate in a plane, corners on corners."""
    _instead("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]
