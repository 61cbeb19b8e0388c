"""Layers and functions of dropout: of elements, of channels, and for selu."""

import warnings

from gradviz.nn.module import Module
from gradviz.ops import composite, dropping, reshaping


def refuse_probability(p):
    """ValueError, in PyTorch's words, for a p that is no probability."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input, p=0.5, training=True, inplace=False):
    """In training each element is zero with probability p, the others grow by 1 / (1 - p)."""
    refuse_probability(p)
    return (dropping.dropout_ if inplace else dropping.dropout)(input, p, training)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """dropout after selu: what is dropped takes selu's lowest value, and mean and variance stay."""
    refuse_probability(p)
    return (dropping.alpha_dropout_ if inplace else dropping.alpha_dropout)(input, p, training)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """alpha_dropout of whole channels."""
    refuse_probability(p)
    return (dropping.feature_alpha_dropout_ if inplace else dropping.feature_alpha_dropout)(input, p, training)


def _of_channels(input, p, training, inplace):
    return (dropping.feature_dropout_ if inplace else dropping.feature_dropout)(input, p, training)


def _alone(input, spread, inplace, call):
    """`call` on an input with a batch of one, where it has none."""
    if input.ndim == spread + 2:
        return call(input)
    if inplace:
        return call(input.unsqueeze_(0)).squeeze_(0)
    return reshaping.squeeze(call(composite.unsqueeze(input, 0)), 0)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """In training each channel of (N, C, L) is zero with probability p."""
    refuse_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d exists to "
            "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional "
            "batch dimension (i.e. 2D or 3D inputs)."
        )
    return _alone(input, 1, inplace, lambda batch: _of_channels(batch, p, training, inplace))


def _warn_of_dimensions(input, spread):
    if input.ndim not in (spread + 1, spread + 2):
        warnings.warn(
            f"dropout{spread}d: Received a {input.ndim}-D input to dropout{spread}d, which is deprecated and will result "  # noqa: E501
            "in an error in a future release. To retain the behavior and silence this warning, please use dropout "
            f"instead. Note that dropout{spread}d exists to provide channel-wise dropout on inputs with {spread} spatial "  # noqa: E501
            f"dimensions, a channel dimension, and an optional batch dimension (i.e. {spread + 1}D or {spread + 2}D "
            "inputs).",
            stacklevel=3,
        )


def dropout2d(input, p=0.5, training=True, inplace=False):
    """In training each channel of (N, C, H, W) is zero with probability p."""
    refuse_probability(p)
    _warn_of_dimensions(input, 2)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain "
            "the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _of_channels(input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """In training each channel of (N, C, D, H, W) is zero with probability p."""
    refuse_probability(p)
    _warn_of_dimensions(input, 3)
    return _alone(input, 3, inplace, lambda batch: _of_channels(batch, p, training, inplace))


class Dropout(Module):
    """In training, zeroes elements with probability p."""

    _function = staticmethod(dropout)

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        refuse_probability(p)
        self.p, self.inplace = p, inplace

    def forward(self, input):
        """Any shape, kept."""
        return type(self)._function(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """In training, zeroes channels of (N, C, L) with probability p."""

    _function = staticmethod(dropout1d)


class Dropout2d(Dropout):
    """In training, zeroes channels of (N, C, H, W) with probability p."""

    _function = staticmethod(dropout2d)


class Dropout3d(Dropout):
    """In training, zeroes channels of (N, C, D, H, W) with probability p."""

    _function = staticmethod(dropout3d)


class AlphaDropout(Dropout):
    """Dropout after SELU: mean and variance stay."""

    _function = staticmethod(alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """AlphaDropout of whole channels."""

    _function = staticmethod(feature_alpha_dropout)
