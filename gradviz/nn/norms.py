"""Normalization, and layers that change nothing but the shape."""

import warnings

import numpy as np

from gradviz.engine.backend import moved
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.nn import functional as F
from gradviz.nn import init
from gradviz.nn.convolutions import empty_parameter
from gradviz.nn.factory import factory
from gradviz.nn.module import Module
from gradviz.ops import composite, reshaping


def _scale(module, shape, weight, bias):
    """Gives a module its weight of ones and its bias of zeros, or None for what is left out."""
    for name, wanted, fill in (("weight", weight, init.ones_), ("bias", bias, init.zeros_)):
        if wanted:
            setattr(module, name, empty_parameter(*shape))
            fill(getattr(module, name))
        else:
            module.register_parameter(name, None)


def _fill(*pairs):
    for tensor, fill in pairs:
        if tensor is not None:
            fill(tensor)


@factory
class LayerNorm(Module):
    """Standardizes the last dimensions."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        _scale(self, self.normalized_shape, elementwise_affine, elementwise_affine and bias)

    def forward(self, input):
        """Any shape that ends in normalized_shape, kept."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """As PyTorch prints it."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


@factory
class RMSNorm(Module):
    """Divides by the root of the mean square over the last dimensions."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        _scale(self, self.normalized_shape, elementwise_affine, False)
        del self._parameters["bias"]

    def forward(self, input):
        """Any shape that ends in normalized_shape, kept."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


@factory
class _BatchNorm(Module):
    may_be_missing = ("num_batches_tracked",)  # state_dicts older than PyTorch 0.4.1 have none

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, *, bias=True):
        super().__init__()
        self.num_features, self.eps, self.momentum, self.affine = num_features, eps, momentum, affine
        self.track_running_stats = track_running_stats
        _scale(self, (num_features,), affine, affine and bias)
        kind = mode.default_dtype.numpy
        made = {
            "running_mean": np.zeros(num_features, kind),
            "running_var": np.ones(num_features, kind),
            "num_batches_tracked": np.zeros((), np.int64),
        }
        for name, array in made.items():
            self.register_buffer(name, Tensor(moved(array, mode.default_device)) if track_running_stats else None)

    def reset_running_stats(self):
        """Forgets the means and variances that were seen."""
        if self.track_running_stats:
            _fill((self.running_mean, init.zeros_), (self.running_var, init.ones_), (self.num_batches_tracked, init.zeros_))  # noqa: E501

    def reset_parameters(self):
        """Weights of ones, biases of zeros; forgets what was seen."""
        self.reset_running_stats()
        _fill((self.weight, init.ones_), (self.bias, init.zeros_))

    def forward(self, input):
        """(N, num_features, ...), kept."""
        self._check(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        batch = self.training or self.running_mean is None
        running = self.running_mean, self.running_var
        if self.training and not self.track_running_stats:
            running = None, None
        return F.batch_norm(input, *running, self.weight, self.bias, batch, momentum, self.eps)

    def extra_repr(self):
        """As PyTorch prints it."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Standardizes each feature of (N, C) or (N, C, L) over the batch."""

    def _check(self, input):
        if input.ndim not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.ndim}D input)")


class BatchNorm2d(_BatchNorm):
    """Standardizes each channel of (N, C, H, W) over the batch."""

    def _check(self, input):
        if input.ndim != 4:
            raise ValueError(f"expected 4D input (got {input.ndim}D input)")


class BatchNorm3d(_BatchNorm):
    """Standardizes each channel of (N, C, D, H, W) over the batch."""

    def _check(self, input):
        if input.ndim != 5:
            raise ValueError(f"expected 5D input (got {input.ndim}D input)")


@factory
class _InstanceNorm(_BatchNorm):
    """Each channel of each sample, or by running statistics in evaluation."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, *, bias=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias=bias)

    def forward(self, input):
        """(N, num_features, ...) or (num_features, ...), kept."""
        if input.ndim not in (self._spread + 1, self._spread + 2):
            raise ValueError(f"expected {self._spread + 1}D or {self._spread + 2}D input (got {input.ndim}D input)")
        alone = input.ndim == self._spread + 1
        self._check_channels(input.shape[0 if alone else 1], 0 if alone else 1)
        out = F.instance_norm(
            composite.unsqueeze(input, 0) if alone else input, self.running_mean, self.running_var, self.weight,
            self.bias, self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip
        return reshaping.squeeze(out, 0) if alone else out

    def _check_channels(self, channels, dim):
        if channels == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: {channels}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing in "
            "num_features, which is not used because affine=False",
            stacklevel=4,
        )


class InstanceNorm1d(_InstanceNorm):
    """Standardizes each channel of each sample of (N, C, L)."""

    _spread = 1


class InstanceNorm2d(_InstanceNorm):
    """Standardizes each channel of each sample of (N, C, H, W)."""

    _spread = 2


class InstanceNorm3d(_InstanceNorm):
    """Standardizes each channel of each sample of (N, C, D, H, W)."""

    _spread = 3


@factory
class GroupNorm(Module):
    """Standardizes each group of channels of each sample."""

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, bias=True):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        _scale(self, (num_channels,), affine, affine and bias)

    def forward(self, input):
        """(N, num_channels, ...), kept."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """As PyTorch prints it."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class Flatten(Module):
    """Dimensions start_dim to end_dim made one."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        """(N, ...) to (N, all the rest)."""
        return composite.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """What comes in; any arguments are taken and forgotten."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        """The input itself."""
        return input
