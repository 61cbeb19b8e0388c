"""Layers that move elements: padding, upsampling, windows as columns, channels as places."""

from gradviz.nn import functional as F
from gradviz.nn.layer_functions import several
from gradviz.nn.module import Module
from gradviz.ops import reshaping


class _Windows(Module):
    """Settings under the names in which a function takes them, and PyTorch prints them."""

    _names, _function = (), None

    def forward(self, input):
        """(N, C, ...) to windows, or back."""
        return type(self)._function(input, *(getattr(self, name) for name in self._names))

    def extra_repr(self):
        """As PyTorch prints it."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._names)


class Unfold(_Windows):
    """Each window as a column: (N, C, H, W) to (N, C * K * K, windows)."""

    _names, _function = ("kernel_size", "dilation", "padding", "stride"), staticmethod(F.unfold)

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride


class Fold(_Windows):
    """Columns added up where their windows were: (N, C * K * K, windows) to (N, C, H, W)."""

    _names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    _function = staticmethod(F.fold)

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size, self.kernel_size, self.dilation = output_size, kernel_size, dilation
        self.padding, self.stride = padding, stride


class PixelShuffle(_Windows):
    """Channels as places: (N, C * r * r, H, W) to (N, C, H * r, W * r)."""

    _names, _function = ("upscale_factor",), staticmethod(F.pixel_shuffle)

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = upscale_factor


class PixelUnshuffle(_Windows):
    """Places as channels: (N, C, H * r, W * r) to (N, C * r * r, H, W)."""

    _names, _function = ("downscale_factor",), staticmethod(F.pixel_unshuffle)

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = downscale_factor


class ChannelShuffle(_Windows):
    """Channels of all groups in turn."""

    _names, _function = ("groups",), staticmethod(F.channel_shuffle)

    def __init__(self, groups):
        super().__init__()
        self.groups = groups


class Unflatten(_Windows):
    """One dimension made several."""

    _names, _function = ("dim", "unflattened_size"), staticmethod(reshaping.unflatten)

    def __init__(self, dim, unflattened_size):
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            kind = type(unflattened_size).__name__
            raise TypeError(f"unflattened_size must be a tuple of ints, but found type {kind}")
        for place, each in enumerate(unflattened_size):
            if not isinstance(each, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(each).__name__} at pos "
                    f"{place}"
                )
        self.dim, self.unflattened_size = dim, unflattened_size


# -- larger and smaller ------------------------------------------------------------------------------


class Upsample(Module):
    """Made larger or smaller, as interpolate does."""

    def __init__(
        self, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None
    ):
        super().__init__()
        self.size, self.mode, self.align_corners = size, mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None

    def forward(self, input):
        """(N, C, ...) to (N, C, *size)."""
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self):
        """As PyTorch prints it."""
        what = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{what}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Images made larger by the nearest values."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """Images made larger along straight lines, corner on corner."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, "bilinear", True)


# -- padding -----------------------------------------------------------------------------------------


class _Pad(Module):
    _spread, _mode, _value = 1, "constant", None

    def __init__(self, padding):
        super().__init__()
        self.padding = several(padding, 2 * self._spread, "padding")

    def forward(self, input):
        """(N, C, ...) with more around it."""
        return F.pad(input, self.padding, self._mode, self._value)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    @property
    def _value(self):
        return self.value

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"{self.padding}"


def _padding(kind, base, spread, said, **fields):
    name = f"{kind}Pad{spread}d"
    return type(name, (base,), {"_spread": spread, "__module__": __name__, "__doc__": said, **fields})


_KINDS = {
    "Constant": (_ConstantPad, "A number around the last {} dimensions.", {}),
    "Zero": (_ZeroPad, "Zeros around the last {} dimensions.", {}),
    "Reflection": (_Pad, "The last {} dimensions mirrored at their edges.", {"_mode": "reflect"}),
    "Replication": (_Pad, "The edges of the last {} dimensions again.", {"_mode": "replicate"}),
    "Circular": (_Pad, "The other ends of the last {} dimensions.", {"_mode": "circular"}),
}
PADS = {
    f"{kind}Pad{spread}d": _padding(kind, base, spread, said.format(spread), **fields)
    for kind, (base, said, fields) in _KINDS.items()
    for spread in (1, 2, 3)
}
globals().update(PADS)
