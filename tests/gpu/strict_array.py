"""An array that behaves as one on a GPU: values can't be looked at without being counted, and NumPy can't touch it."""

import operator
from inspect import Signature
from types import SimpleNamespace

import numpy as np

from gradviz.engine.backend import owner

LOOKS = ("get", "item", "tobytes", "tolist", "nonzero", "compress")  # methods that wait for the device
MASK = "a boolean mask"


class Device:
    """A GPU by its number; `with Device(1):` makes it the current one."""

    current = 0

    def __init__(self, id=None):
        self.id = Device.current if id is None else id

    def __enter__(self):
        self._before, Device.current = Device.current, self.id
        return self

    def __exit__(self, *exception):
        Device.current = self._before

    def use(self):
        """Makes it the current one."""
        Device.current = self.id

    def synchronize(self):
        """Waits for what it does."""
        Journey.looks.append("synchronize")


class Journey:
    """What went from the device to the host (looks), and the other way (uploads), by the names of what asked."""

    looks, uploads = [], []


class Flags:
    """What CuPy tells of an array's memory; there is no `writeable`."""

    def __init__(self, flags):
        self.c_contiguous, self.f_contiguous, self.owndata = flags.c_contiguous, flags.f_contiguous, flags.owndata


class UnownedMemory:
    """Memory that an object holds, which is not asked about it."""

    def __init__(self, ptr, size, owner, device_id=-1):
        self.ptr, self.size, self._owner, self.device_id = ptr, size, owner, device_id


class MemoryPointer:
    """Where an array begins, as CuPy tells it."""

    def __init__(self, mem, offset):
        self.mem, self.ptr = mem, mem.ptr + offset


class StrictArray:
    """A NumPy array that hides, and offers what `cupy.ndarray` has: `methods` maps its methods to their signatures."""

    __slots__ = ("_host", "_root", "_memory", "device", "__weakref__")
    __array_ufunc__ = None  # NumPy's functions and operators don't work on it
    __hash__ = None
    methods: dict[str, Signature] = {}

    def __init__(self, host, root=None):
        self._host, self._root, self._memory = host, root, None
        self.device = Device() if root is None else root.device

    shape, dtype, ndim, size, strides, itemsize, nbytes = (
        property(lambda self, name=name: getattr(self._host, name))
        for name in ("shape", "dtype", "ndim", "size", "strides", "itemsize", "nbytes")
    )
    T, mT, real, imag = (
        property(lambda self, name=name: wrapped(getattr(self._host, name), [self]))
        for name in ("T", "mT", "real", "imag")
    )
    base = property(lambda self: self._root)
    flags = property(lambda self: Flags(self._host.flags))

    @property
    def data(self):
        """Its pointer."""
        start = self._host.__array_interface__["data"][0]
        if self._root is not None:
            memory = self._root.data.mem
        else:
            memory = self._memory or SimpleNamespace(ptr=start)
        return MemoryPointer(memory, start - memory.ptr)

    def __getattr__(self, name):
        if name not in self.methods:
            raise AttributeError(f"'cupy.ndarray' object has no attribute '{name}'")

        def method(*args, **kwargs):
            self.methods[name].bind(*args, **kwargs)
            check_device([] if name == "copy" else [self])
            if name in LOOKS:
                Journey.looks.append(name)
            if name == "get":
                return self._host.copy()
            sources = [self]
            made = wrapped(getattr(self._host, name)(*bare(args, sources), **bare(kwargs, sources)), sources)
            return writable(made) if name == "diagonal" else made

        return method

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        raise TypeError("a loop over the values of a device array")

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __repr__(self):
        return f"StrictArray({self._host!r})"  # for a failing test; nothing that counts

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __getitem__(self, key):
        sources = [self]
        check_device(sources)
        host, masked = index(key, sources)
        if masked:
            Journey.looks.append(MASK)
        if Ellipsis not in [each for each in host if not isinstance(each, np.ndarray)]:
            host = (*host, Ellipsis)  # a 0-d view, not a scalar
        return wrapped(self._host[host], sources)

    def __setitem__(self, key, value):
        sources = [self]
        host, masked = index(key, sources)
        if masked and getattr(value, "ndim", 0):
            Journey.looks.append(MASK)
        value = bare(value, sources)
        check_device(sources)
        self._host[host] = value


def on_memory(shape, dtype, memptr, strides):
    """A new array on memory that another one lent."""
    memory = memptr.mem
    host = memory._owner._host.ravel(order="K")
    made = StrictArray(np.ndarray(shape, dtype, host, memptr.ptr - memory.ptr, strides))
    made._memory, made.device = memory, Device(memory.device_id)
    return made


def _looking(name, convert):
    def look(self):
        Journey.looks.append(name)
        return convert(self._host.item()) if self._host.size == 1 else convert(self._host)

    return look


def _operator(name, reflected):
    function = getattr(operator, name)

    def apply(self, *others):
        sources = [self]
        given = [scalar_or_array(each, sources) for each in others]
        check_device(sources)
        operands = [*given, self._host] if reflected else [self._host, *given]
        return wrapped(function(*operands), sources)

    return apply


def _in_place(name):
    def apply(self, other):
        sources = [self]
        given = scalar_or_array(other, sources)
        check_device(sources)
        host = getattr(operator, name)(self._host, given)
        assert host is self._host, "changed in place"
        return self

    return apply


for _name, _convert in (("bool", bool), ("int", int), ("float", float), ("complex", complex)):
    setattr(StrictArray, f"__{_name}__", _looking(_name, _convert))
for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _plain = f"{_name}_" if _name in ("and", "or") else _name
    setattr(StrictArray, f"__{_name}__", _operator(_plain, False))
    setattr(StrictArray, f"__r{_name}__", _operator(_plain, True))
    setattr(StrictArray, f"__i{_name}__", _in_place(f"i{_name}"))
for _name in "eq ne lt le gt ge neg pos abs invert".split():
    setattr(StrictArray, f"__{_name}__", _operator(_name, False))


def check_device(arrays):
    """ValueError, as CuPy's, for an array of another device than the current one."""
    for each in arrays:
        if each.device.id != Device.current:
            raise ValueError(f"Array device must be same as the current device: array device = {each.device.id}")


def scalar_or_array(value, sources):
    """The host's side of an operand; TypeError, as CuPy's, for NumPy's arrays and for lists."""
    if isinstance(value, StrictArray):
        sources.append(value)
        return value._host
    if not isinstance(value, (bool, int, float, complex, np.generic)):
        raise TypeError(f"Unsupported type {type(value)}")
    return value


def bare(value, sources):
    """Arguments with the host's arrays in place of device arrays, which are added to `sources`."""
    if isinstance(value, StrictArray):
        sources.append(value)
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    if isinstance(value, (list, tuple)):
        return type(value)(bare(each, sources) for each in value)
    if isinstance(value, dict):
        return {name: bare(each, sources) for name, each in value.items()}
    return value


def index(key, sources):
    """(the host's index, whether a boolean mask is in it); lists and NumPy arrays are uploaded, as CuPy does."""
    host, masks = [], 0
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, (list, np.ndarray)):
            Journey.uploads.append("an index")
        elif isinstance(part, StrictArray):
            sources.append(part)
            masks += part.dtype == bool
            part = part._host
        host.append(part)
    if masks > 1:
        raise NotImplementedError("more than one boolean array in an index")
    return tuple(host), bool(masks)


def writable(array):
    """A diagonal that can be written to, as CuPy's; NumPy's is read-only."""
    array._host.flags.writeable = True
    return array


def wrapped(result, sources):
    """What NumPy gave, on the device: 0-d arrays for scalars, the array itself or a view where it shares memory."""
    if isinstance(result, (list, tuple)):
        made = [wrapped(each, sources) for each in result]
        return type(result)(*made) if hasattr(result, "_fields") else type(result)(made)
    if isinstance(result, np.generic):
        return StrictArray(np.asarray(result))
    if not isinstance(result, np.ndarray):
        return result
    for each in sources:
        if each._host is result:
            return each
    own = owner(result)
    for each in sources:
        if owner(each._host) is own:
            return StrictArray(result, each if each._root is None else each._root)
    return StrictArray(result)
