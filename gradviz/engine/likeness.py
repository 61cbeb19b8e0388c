"""Making tensors like another one: the _like functions and the new_ methods."""

import warnings

import numpy as np

from gradviz.engine import backend, dtypes, layouts, random
from gradviz.engine.creation import COPY_OF_A_TENSOR, checked_size, copied, draws_of, made, numpy_dtype, one_size
from gradviz.engine.tensor import Tensor


def _asked(name, input, dtype, device):
    """(shape, NumPy's dtype, device) of what is made like input."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    array = input._array
    return array.shape, *_of(array, dtype, device)


def _of(array, dtype, device):
    return array.dtype if dtype is None else numpy_dtype(dtype), device or backend.device_of(array)


def _filled(name, input, value, options, memory_format):
    dtype, device, requires_grad = options
    shape, kind, device = _asked(name, input, dtype, device)

    def fill(xp):
        return layouts.made_like(input._array, memory_format, lambda shape: _full(xp, shape, value, kind))

    return made(name, fill, None, device, requires_grad)


def _full(xp, shape, value, kind):
    return xp.empty(shape, kind) if value is None else xp.full(shape, value, kind)


def zeros_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Zeros of another tensor's size, dtype and device."""
    return _filled("zeros_like", input, 0, (dtype, device, requires_grad), memory_format)


def ones_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Ones of another tensor's size, dtype and device."""
    return _filled("ones_like", input, 1, (dtype, device, requires_grad), memory_format)


def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """One value, of another tensor's size, dtype and device."""
    return _filled("full_like", input, fill_value, (dtype, device, requires_grad), memory_format)


def empty_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Memory as it is found, of another tensor's size, dtype and device."""
    return _filled("empty_like", input, None, (dtype, device, requires_grad), memory_format)


def rand_like(input, *, generator=None, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Uniform random numbers in [0, 1) of another tensor's size, dtype and device."""
    _, kind, device = _asked("rand_like", input, dtype, device)
    _need_floats("check_uniform_bounds", kind)
    draw = _laid(input, memory_format, lambda shape: draws_of(generator).uniform(shape, kind))
    return random.drawn(lambda: made("rand_like", draw(), None, device, requires_grad))


def randn_like(input, *, generator=None, dtype=None, device=None, requires_grad=False, memory_format=None):
    """Normal random numbers of another tensor's size, dtype and device."""
    _, kind, device = _asked("randn_like", input, dtype, device)
    _need_floats("normal_kernel_cpu", kind)
    in_rows = layouts.made_like(input._array, memory_format, np.empty).flags.c_contiguous
    draw = _laid(input, memory_format, lambda shape: draws_of(generator).normal(shape, kind, one_by_one=not in_rows))
    return random.drawn(lambda: made("randn_like", draw(), None, device, requires_grad))


def randint_like(
    input, low, high=None, *, generator=None, dtype=None, device=None, requires_grad=False, memory_format=None
):
    """Random integers in [low, high), or [0, low), of another tensor's size, dtype and device."""
    low, high = (0, low) if high is None else (low, high)
    _, kind, device = _asked("randint_like", input, dtype, device)
    draw = _laid(input, memory_format, lambda shape: draws_of(generator).randint(low, high, shape).astype(kind))
    return random.drawn(lambda: made("randint_like", draw(), None, device, requires_grad))


def _laid(input, memory_format, draw):
    """Draws in the order in which the elements lie, as PyTorch does."""
    return lambda: layouts.made_like(input._array, memory_format, draw)


def _need_floats(kernel, kind):
    if kind.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.title(kind)}'")


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
    """A copy of data as a leaf of this tensor's dtype and device."""
    if isinstance(data, Tensor):
        warnings.warn(COPY_OF_A_TENSOR.format("tensor.new_tensor"), UserWarning, stacklevel=2)
    kind, device = _of(self._array, dtype, device)
    wanted = dtypes.of_name(kind.name)
    return made("new_tensor", copied(data, wanted), wanted, device, requires_grad)


def new_zeros(self, *sizes, size=None, dtype=None, device=None, requires_grad=False):
    """Zeros of this size, of this tensor's dtype and device."""
    return _new("new_zeros", self, checked_size("new_zeros", sizes, size), 0, (dtype, device, requires_grad))


def new_ones(self, *sizes, size=None, dtype=None, device=None, requires_grad=False):
    """Ones of this size, of this tensor's dtype and device."""
    return _new("new_ones", self, checked_size("new_ones", sizes, size), 1, (dtype, device, requires_grad))


def new_empty(self, *sizes, size=None, dtype=None, device=None, requires_grad=False):
    """Memory of this size as it is found, of this tensor's dtype and device."""
    return _new("new_empty", self, checked_size("new_empty", sizes, size), None, (dtype, device, requires_grad))


def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """One value of this size, of this tensor's dtype and device."""
    shape = one_size("new_full", size)
    if not isinstance(fill_value, (int, float, np.number)):
        raise TypeError(
            f"new_full(): argument 'fill_value' (position 2) must be Number, not {type(fill_value).__name__}"
        )
    return _new("new_full", self, shape, fill_value, (dtype, device, requires_grad))


def _new(name, model, shape, value, options):
    dtype, device, requires_grad = options
    kind, device = _of(model._array, dtype, device)
    return made(name, lambda xp: _full(xp, shape, value, kind), None, device, requires_grad)


METHODS = ["new_empty", "new_full", "new_ones", "new_tensor", "new_zeros"]
