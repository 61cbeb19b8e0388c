"""Sampling at the points of a grid, of `torch.nn.functional`."""

import warnings

from gradviz.ops import grids

MODES = {"bilinear": grids.BILINEAR, "nearest": grids.NEAREST, "bicubic": grids.BICUBIC}
PADDINGS = {"zeros": grids.ZEROS, "border": grids.BORDER, "reflection": grids.REFLECTION}


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """(N, C, H, W) at the points of a grid (N, h, w, 2) within [-1, 1]: (N, C, h, w); or one more dimension."""
    if mode not in MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        _warn("grid_sample")
    grids.check_grid(input, grid)
    if mode == "bicubic" and input.ndim == 5:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    sample = grids.grid_sampler_2d if input.ndim == 4 else grids.grid_sampler_3d
    return sample(
        input, grid, interpolation_mode=MODES[mode], padding_mode=PADDINGS[padding_mode],
        align_corners=bool(align_corners),
    )  # fmt: skip


def _warn(name):
    warnings.warn(
        f"Default {name} behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True if "
        f"the old behavior is desired. See the documentation of {name} for details.",
        stacklevel=3,
    )


def affine_grid(theta, size, align_corners=None):
    """The grid (N, H, W, 2) or (N, D, H, W, 3) to which affine maps (N, 2, 3) or (N, 3, 4) take an output's places."""
    if align_corners is None:
        _warn("affine_grid")
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    size = tuple(size)
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    dims = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got "
            f"{theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    if theta.shape[0] != size[0]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{size[0]}, {dims + 1}] but got: "
            f"[{theta.shape[0]}, {dims + 1}]."
        )
    return grids.affine_grid_generator(theta, size=size, align_corners=bool(align_corners))


__all__ = ["affine_grid", "grid_sample"]
