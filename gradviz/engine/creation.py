"""Making tensors: tensor, zeros, ones, full, empty, arange, linspace, logspace, eye, randn, rand, randint, randperm."""

import warnings
from operator import index
from time import perf_counter_ns

import numpy as np

from gradviz.engine import backend, dtypes, nested, random
from gradviz.engine.devices import Device
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

COPY_OF_A_TENSOR = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)
INTEGER_GRAD = "Only Tensors of floating point and complex dtype can require gradients"


def made(name, array, dtype=None, device=None, requires_grad=False, sources=()):
    """Wraps an array, or what `array(xp)` makes there, as a new leaf on a device, and tells the observer.

    sources: the tensors whose values it copies.
    """
    started = perf_counter_ns() if mode.observer is not None else 0
    device = mode.default_device if device is None else Device(device)
    array = backend.made(device, array) if callable(array) else backend.moved(array, device)
    wanted = None if dtype is None else numpy_dtype(dtype, name)
    if wanted is not None and array.dtype != wanted:
        array = array.astype(wanted)
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError(INTEGER_GRAD)
    out = Tensor(array, bool(requires_grad))
    if mode.observer is not None:
        mode.observer.forward(name, out, sources, None, {}, started)
    return out


def tensor(data, dtype=None, device=None, requires_grad=False):
    """A new leaf holding a copy of `data`: numbers, nested sequences, arrays or tensors.

    Floats become the default dtype, integers int64, booleans bool, arrays keep theirs. ValueError for
    ragged lists; TypeError or RuntimeError, as PyTorch's, for what is no number.
    """
    if isinstance(data, Tensor):
        warnings.warn(COPY_OF_A_TENSOR.format("torch.tensor"), UserWarning, stacklevel=2)
        if device is None and mode.default_device == "cpu":
            device = backend.device_of(data._array)
    sources = nested.tensors_in(data) if mode.observer is not None else ()
    return made("tensor", copied(data, dtype), dtype, device, requires_grad, sources)


def copied(data, dtype):
    """A new array of what `tensor` takes."""
    if isinstance(data, Tensor):
        return backend.made(backend.device_of(data._array), lambda xp: data._array.copy())
    if isinstance(data, (np.ndarray, np.generic)):
        return np.array(dtypes.checked(data))
    array = nested.array_of(data, dtype)
    dtypes.of_array(array)
    return array


def checked_size(name, size, named=None):
    """A size given as numbers, as one sequence or by name, as a tuple; TypeError or RuntimeError for what is none."""
    if named is not None:
        size = (_only(name, size, named),)
    if not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    for position, each in enumerate(size, start=1):
        if isinstance(each, bool) or not hasattr(each, "__index__"):
            kind = type(each).__name__
            if position == 1:
                raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {kind}")
            raise TypeError(
                f"{name}(): argument 'size' failed to unpack the object at pos {position} with error \"type must be "
                f'tuple of ints,but got {kind}"'
            )
    shape = tuple(map(index, size))
    for each in shape:
        if each < 0 and name == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        if each < 0:
            raise RuntimeError(
                "zeros: Dimension size must be non-negative."
                if name == "zeros"
                else f"Trying to create tensor with negative dimension {each}: {list(shape)}"
            )
    return shape


def _only(name, given, named):
    """The size that was given by name; TypeError where there is another one, or where it is no sequence."""
    if given:
        raise TypeError(f"{name}() got multiple values for argument 'size'")
    if not isinstance(named, (tuple, list)):
        raise TypeError(f"{name}(): argument 'size' must be tuple of ints, not {type(named).__name__}")
    return named


def one_size(name, size, position=1):
    """The size of a function that takes it as one argument: a tuple or a list."""
    if not isinstance(size, (tuple, list)):
        kind = type(size).__name__
        raise TypeError(f"{name}(): argument 'size' (position {position}) must be tuple of ints, not {kind}")
    return checked_size(name, (size,))


def numpy_dtype(dtype, function=""):
    """NumPy's dtype for a dtype, for one of Python's `float`, `int` and `bool`, or for the default one."""
    return dtypes.default_float() if dtype is None else dtypes.numpy_dtype(function, dtype)


def _numbers(name, **arguments):
    """TypeError, in PyTorch's words, for arguments that are no numbers: {name: (position, value)}."""
    for argument, (position, value) in arguments.items():
        if not isinstance(value, (*nested.NUMBERS, Tensor)):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Number, not {type(value).__name__}"
            )


def zeros(*sizes, size=None, dtype=None, device=None, requires_grad=False):
    """Zeros of this size."""
    shape, kind = checked_size("zeros", sizes, size), numpy_dtype(dtype, "zeros")
    return made("zeros", lambda xp: xp.zeros(shape, kind), None, device, requires_grad)


def ones(*sizes, size=None, dtype=None, device=None, requires_grad=False):
    """Ones of this size."""
    shape, kind = checked_size("ones", sizes, size), numpy_dtype(dtype, "ones")
    return made("ones", lambda xp: xp.ones(shape, kind), None, device, requires_grad)


def full(size, fill_value, dtype=None, device=None, requires_grad=False):
    """One value, of this size; its dtype follows the value."""
    shape = one_size("full", size)
    _numbers("full", fill_value=(2, fill_value))
    if isinstance(fill_value, Tensor) and fill_value.ndim:
        raise TypeError("full(): argument 'fill_value' (position 2) must be Number, not Tensor")
    value = nested.array_of(fill_value, dtype)[()]
    return made("full", lambda xp: xp.full(shape, value, value.dtype), dtype, device, requires_grad)


def empty(*sizes, size=None, dtype=None, device=None, requires_grad=False):
    """Memory of this size as it is found, values and all."""
    shape, kind = checked_size("empty", sizes, size), numpy_dtype(dtype, "empty")
    return made("empty", lambda xp: xp.empty(shape, kind), None, device, requires_grad)


def eye(n, m=None, dtype=None, device=None, requires_grad=False):
    """The identity matrix, (n, m)."""
    for name, each in (("n", n), ("m", n if m is None else m)):
        if each < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {each}")
    kind = numpy_dtype(dtype, "eye")
    return made("eye", lambda xp: xp.eye(n, m, dtype=kind), None, device, requires_grad)


def arange(start, end=None, step=1, dtype=None, device=None, requires_grad=False):
    """Numbers from start up to, not including, end; int64 unless a float is among them."""
    if end is None:
        _numbers("arange", end=(1, start))
        start, end = 0, start
    _numbers("arange", start=(1, start), end=(2, end), step=(3, step))
    floating = any(isinstance(each, float) for each in (start, end, step))
    kind = numpy_dtype(dtype, "arange") if floating or dtype is not None else np.int64
    if kind is dtypes.bool_.numpy:
        raise NotImplementedError("\"arange_cpu\" not implemented for 'Bool'")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    return made("arange", lambda xp: xp.arange(start, end, step, dtype=kind), dtype, device, requires_grad)


def legacy(first, second, others, kind=None):
    """The array of `Tensor(2, 3)`, zeros of these sizes, or of `Tensor([1, 2])`, these values in the default dtype."""
    kind = mode.default_dtype.numpy if kind is None else kind
    if first.__class__ is int:
        sizes = (first, *(() if second is False else (second,)), *others)
        return backend.moved(np.zeros(sizes, kind), mode.default_device)
    return tensor(first)._array.astype(kind)


def _typed(name, kind):
    def typed(*given):
        if given and not isinstance(given[0], (int, list, tuple)):
            return Tensor(tensor(given[0])._array.astype(kind.numpy))
        first, *others = given or ((),)
        return Tensor(legacy(first, False, tuple(others), kind.numpy))

    typed.__name__ = typed.__qualname__ = name
    typed.__doc__ = f"A tensor of {kind} of values, or zeros of sizes, as older scripts make them."
    return typed


FloatTensor, DoubleTensor, LongTensor, IntTensor, BoolTensor = (
    _typed(f"{kind._title}Tensor", kind)
    for kind in (dtypes.float32, dtypes.float64, dtypes.int64, dtypes.int32, dtypes.bool_)
)


def tril_indices(row, col, offset=0, *, dtype=None, device=None, requires_grad=False):
    """(2, N): where the elements on and below a diagonal of a (row, col) matrix are."""
    return _triangle("tril_indices", row, col, offset, (dtype, device, requires_grad))


def triu_indices(row, col, offset=0, *, dtype=None, device=None, requires_grad=False):
    """(2, N): where the elements on and above a diagonal of a (row, col) matrix are."""
    return _triangle("triu_indices", row, col, offset, (dtype, device, requires_grad))


def _triangle(name, row, col, offset, options):
    if row < 0 or col < 0:
        which, value = ("row", row) if row < 0 else ("col", col)
        raise RuntimeError(f"{which} must be non-negative, got{value}")
    kind = np.int64 if options[0] is None else numpy_dtype(options[0], name)
    return made(name, lambda xp: xp.stack(getattr(xp, name)(row, offset, col)).astype(kind), *options)


def linspace(start, end, steps, dtype=None, device=None, requires_grad=False):
    """`steps` numbers from start to end, both included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = numpy_dtype(dtype, "linspace")
    return made("linspace", lambda xp: xp.linspace(start, end, steps, dtype=kind), None, device, requires_grad)


def logspace(start, end, steps, base=10.0, *, dtype=None, device=None, requires_grad=False):
    """`steps` numbers from base**start to base**end, evenly spaced in their logarithm."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    array = np.logspace(start, end, steps, base=base).astype(numpy_dtype(dtype))
    return made("logspace", array, None, device, requires_grad)


def randn(*sizes, size=None, generator=None, dtype=None, device=None, requires_grad=False):
    """Normal random numbers of this size."""
    shape, kind, stream = checked_size("randn", sizes, size), numpy_dtype(dtype, "randn"), draws_of(generator)
    return random.drawn(lambda: made("randn", stream.normal(shape, kind), None, device, requires_grad))


def rand(*sizes, size=None, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform random numbers in [0, 1) of this size."""
    shape, kind, stream = checked_size("rand", sizes, size), numpy_dtype(dtype, "rand"), draws_of(generator)
    return random.drawn(lambda: made("rand", stream.uniform(shape, kind), None, device, requires_grad))


def randint(low=None, high=None, size=None, generator=None, dtype=None, device=None, requires_grad=False):
    """Random integers in [low, high), or below the only bound there is."""
    if size is None:
        low, high, size = 0, low, high
    elif low is None or high is None:
        low, high = 0, low if high is None else high
    shape, stream = one_size("randint", size, 2), draws_of(generator)
    return random.drawn(lambda: made("randint", stream.randint(low, high, shape), dtype, device, requires_grad))


def randperm(n, generator=None, dtype=None, device=None, requires_grad=False):
    """A random order of the integers below n."""
    stream = draws_of(generator)
    return random.drawn(lambda: made("randperm", stream.permutation(n), dtype, device, requires_grad))


def draws_of(generator):
    """The stream that a generator stands for: itself, or the one of everything that names none."""
    return random.default_generator if generator is None else generator


def set_default_dtype(dtype):
    """The dtype that Python floats become."""
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    mode.default_dtype = dtype


def get_default_dtype():
    """The dtype that Python floats become."""
    return mode.default_dtype


def set_default_device(device):
    """Where new tensors are made: "cpu" or "cuda"; DeviceUnavailable where there is no GPU or no CuPy."""
    device = Device(device)
    backend.module_for(device)
    mode.default_device = device


def get_default_device():
    """Where new tensors are made."""
    return mode.default_device
