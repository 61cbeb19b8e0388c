"""Channels turned into places and back, and channels mixed across groups."""

from gradviz.engine.op import op, vjp


def _at_least_3d(name, self):
    if self.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {self.ndim} dimension(s)"
        )


@op(
    title="pixel_shuffle",
    grad_fn="PixelShuffleBackward0",
    self=vjp(
        "1 (each at its channel)",
        lambda ops, grad, upscale_factor: ops.places_as_channels(grad, downscale_factor=upscale_factor),
    )
)
def channels_as_places(xp, self, *, upscale_factor):
    """(..., C * r * r, H, W) to (..., C, H * r, W * r): Shi et al. (2016)."""
    _at_least_3d("pixel_shuffle", self)
    r = upscale_factor
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *batch, channels, height, width = self.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    parts = self.reshape(*batch, channels // (r * r), r, r, height, width)
    turned = xp.moveaxis(parts, (-4, -3), (-3, -1))
    return turned.reshape(*batch, channels // (r * r), height * r, width * r)


@op(
    title="pixel_unshuffle",
    grad_fn="PixelUnshuffleBackward0",
    self=vjp(
        "1 (each at its place)",
        lambda ops, grad, downscale_factor: ops.channels_as_places(grad, upscale_factor=downscale_factor),
    )
)
def places_as_channels(xp, self, *, downscale_factor):
    """(..., C, H * r, W * r) to (..., C * r * r, H, W), as pixel_shuffle's inverse."""
    _at_least_3d("pixel_unshuffle", self)
    r = downscale_factor
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *batch, channels, height, width = self.shape
    for name, place, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({place})={size} "
                f"is not divisible by {r}"
            )
    parts = self.reshape(*batch, channels, height // r, r, width // r, r)
    turned = xp.moveaxis(parts, (-3, -1), (-4, -3))
    return turned.reshape(*batch, channels * r * r, height // r, width // r)


@op(
    title="channel_shuffle",
    grad_fn="ChannelShuffleBackward0",
    self=vjp(
        "1 (each at its channel)",
        lambda ops, grad, self_sym_sizes, groups: ops.channels_in_turn(grad, groups=self_sym_sizes[1] // groups),
    ),
    hidden=("self_sym_sizes",),
)
def channels_in_turn(xp, self, *, groups):
    """Channels of all groups in turn: Zhang et al. (2017)."""
    if self.ndim <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(self.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if self.shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {self.shape[1]} channels and {groups} groups."
        )
    parts = self.reshape(self.shape[0], groups, self.shape[1] // groups, *self.shape[2:])
    return xp.ascontiguousarray(xp.swapaxes(parts, 1, 2)).reshape(self.shape)


def pixel_shuffle(input, upscale_factor):
    """(..., C * r * r, H, W) to (..., C, H * r, W * r)."""
    return channels_as_places(input, upscale_factor=upscale_factor)


def pixel_unshuffle(input, downscale_factor):
    """(..., C, H * r, W * r) to (..., C * r * r, H, W)."""
    return places_as_channels(input, downscale_factor=downscale_factor)


def channel_shuffle(input, groups):
    """Channels of all groups in turn."""
    return channels_in_turn(input, groups=groups)


__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]
METHODS = []
