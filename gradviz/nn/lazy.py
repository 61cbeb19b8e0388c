"""Layers that learn from their first input how large they are."""

import numpy as np

from gradviz.engine.backend import moved
from gradviz.engine.switches import mode, no_grad
from gradviz.engine.tensor import Tensor
from gradviz.nn import convolutions, norms, volumes
from gradviz.nn.layers import Linear
from gradviz.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy


class LazyModuleMixin:
    """A layer that becomes `cls_to_become` when its first input came, or a state was loaded and an input came."""

    cls_to_become = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._load_hook = self.register_load_state_dict_pre_hook(_take_shapes)
        self._initialize_hook = self.register_forward_pre_hook(_infer, with_kwargs=True)

    def initialize_parameters(self, *args, **kwargs):
        """Makes the parameters for an input; written by its subclass."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self):
        """Whether a parameter or a buffer has no shape yet."""
        return any(map(is_lazy, [*self._parameters.values(), *self._buffers.values()]))


def _take_shapes(module, state_dict, prefix, *_):
    """Gives what has no shape that of what is loaded."""
    for name, each in [*module._parameters.items(), *module._buffers.items()]:
        given = state_dict.get(prefix + name)
        if is_lazy(each) and given is not None and not is_lazy(given):
            each.materialize(given.shape)


def _infer(module, args, kwargs):
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {type(module).__name__} has not been fully initialized")
    module._initialize_hook.remove()
    module._load_hook.remove()
    del module._initialize_hook, module._load_hook
    if mode.observer is not None:
        mode.observer.attached("", module)
    if module.cls_to_become is not None:
        object.__setattr__(module, "__class__", module.cls_to_become)


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear that takes in_features from its first input."""

    cls_to_become = Linear

    def __init__(self, out_features, bias=True):
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter()
        if bias:
            self.bias = UninitializedParameter()

    def reset_parameters(self):
        """As Linear's, where there are parameters."""
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input):
        """Takes the last size for in_features."""
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = input.shape[-1]
                self.weight.materialize((self.out_features, self.in_features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:
            if input.shape[-1] != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {input.shape[-1]} is not equal to in_features from "
                    f"self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = input.shape[-1]


# -- convolutions ------------------------------------------------------------------------------------


class _LazyConv(LazyModuleMixin):
    def __init__(self, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False)
        self._give(out_channels, bias)

    def _give(self, out_channels, bias):
        self.out_channels = out_channels
        self.weight = UninitializedParameter()
        if bias:
            self.bias = UninitializedParameter()

    def reset_parameters(self):
        """As the convolution's, where there are parameters."""
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input, *args, **kwargs):
        """Takes the channels for in_channels."""
        if not self.has_uninitialized_params():
            return
        self.in_channels = self._channels(input)
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        sizes = self.in_channels, self.out_channels
        first, second = sizes if self._transposed else reversed(sizes)
        self.weight.materialize((first, second // self.groups, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _channels(self, input):
        alone, batched = self._spread + 1, self._spread + 2
        if input.ndim not in (alone, batched):
            raise RuntimeError(
                f"Expected {alone}D (unbatched) or {batched}D (batched) input to {type(self).__name__}, but got input "
                f"of size: {input.shape}"
            )
        return input.shape[1 if input.ndim == batched else 0]


class _LazyTransposed(_LazyConv):
    def __init__(
        self, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1
    ):
        LazyModuleMixin.__init__(self, 0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation)
        self._give(out_channels, bias)


# -- normalization -----------------------------------------------------------------------------------


class _LazyNorm(LazyModuleMixin):
    def __init__(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, *, bias=True):
        super().__init__(0, eps, momentum, False, False, bias=False)
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self.weight = UninitializedParameter()
            if bias:
                self.bias = UninitializedParameter()
        if track_running_stats:
            self.running_mean, self.running_var = UninitializedBuffer(), UninitializedBuffer()
            self.num_batches_tracked = Tensor(moved(np.zeros((), np.int64), mode.default_device))

    def reset_parameters(self):
        """As the normalization's, where there are parameters."""
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input):
        """Takes the channels for num_features."""
        if self.has_uninitialized_params():
            self.num_features = input.shape[1]
            for each in (self.weight, self.bias, self.running_mean, self.running_var):
                if each is not None:
                    each.materialize((self.num_features,))
            self.reset_parameters()


def _lazy(mixin, room, name):
    """A layer by its name, that learns its sizes."""
    made = type(f"Lazy{name}", (mixin, getattr(room, name)), {"cls_to_become": getattr(room, name)})
    made.__doc__ = f"A {name} that takes the number of channels from its first input."
    made.__module__ = __name__
    return made


LazyConv1d, LazyConv2d, LazyConv3d = (_lazy(_LazyConv, convolutions, f"Conv{d}d") for d in (1, 2, 3))
LazyConvTranspose1d, LazyConvTranspose2d = (_lazy(_LazyTransposed, convolutions, f"ConvTranspose{d}d") for d in (1, 2))
LazyConvTranspose3d = _lazy(_LazyTransposed, volumes, "ConvTranspose3d")
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = (_lazy(_LazyNorm, norms, f"BatchNorm{d}d") for d in (1, 2, 3))
LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d = (
    _lazy(_LazyNorm, norms, f"InstanceNorm{d}d") for d in (1, 2, 3)
)
