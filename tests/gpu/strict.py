"""A module that looks like CuPy from outside and has only what CuPy has (signatures.json), for machines without a GPU.

It computes with NumPy, on arrays that can't be looked at unnoticed: see strict_array.py. `on_device(monkeypatch)` makes
it the "cuda" of gradviz.
"""

from inspect import Signature
from operator import attrgetter
from types import SimpleNamespace

import numpy as np

from gradviz.engine import backend
from tests.gpu import signatures
from tests.gpu.strict_array import (
    Device,
    Journey,
    MemoryPointer,
    StrictArray,
    UnownedMemory,
    bare,
    check_device,
    on_memory,
    scalar_or_array,
    wrapped,
    writable,
)  # fmt: skip

FACTS = signatures.stored()
CREATING = set("zeros ones full empty eye identity arange linspace logspace tri indices array asarray".split())
TELLING = set("result_type can_cast issubdtype isscalar promote_types ndim shape size broadcast_shapes".split())
SEQUENCES = set("concatenate stack vstack hstack dstack column_stack".split())
# CuPy's own code reads a size or a bound back from the device there
LOOKING = set(
    "nonzero flatnonzero argwhere unique bincount extract compress tril_indices triu_indices percentile quantile "
    "digitize histogram setdiff1d intersect1d union1d trim_zeros array_equiv array_repr array_str asnumpy".split()
)
UFUNC_SETTINGS = {"out", "dtype", "casting", "where"}


def _read(text):
    """The Signature that a line of signatures.json means."""
    return Signature.from_callable(eval(f"lambda {text}: 0"))  # noqa: S307  our own file


StrictArray.methods = {name: _read(text) for name, text in FACTS["methods"].items()}


class Place:
    """A module of the namespace: "" is cupy itself, "linalg." one in it."""

    def __init__(self, prefix, name):
        self._prefix = prefix
        self.__name__ = name

    def __getattr__(self, name):
        full = self._prefix + name
        if full in FACTS["functions"]:
            found = _function(full)
        elif full in FACTS["ufuncs"]:
            found = Ufunc(full)
        elif full in FACTS["constants"]:
            found = attrgetter(full)(np)
        else:
            raise AttributeError(f"module 'cupy' has no attribute '{full}'")
        setattr(self, name, found)
        return found


class Ufunc:
    """A ufunc with the methods that CuPy's has."""

    def __init__(self, name):
        self._name = name
        self._host = getattr(np, name)
        self._methods = FACTS["ufuncs"][name].split()

    def __call__(self, *args, **kwargs):
        if not kwargs.keys() <= UFUNC_SETTINGS:
            raise TypeError(f"Wrong arguments {kwargs}")
        sources = []
        given = [scalar_or_array(each, sources) for each in args]
        settings = bare(kwargs, sources)
        check_device(sources)
        return wrapped(self._host(*given, **settings), sources)

    def __getattr__(self, name):
        if name not in self._methods:
            raise NotImplementedError(f"`cupy_{self._name}.{name}` is not supported yet")
        if name == "at":
            return self._at

        def method(array, *args, **kwargs):
            sources = []
            given = bare((array, *args), sources)
            return wrapped(getattr(self._host, name)(*given, **bare(kwargs, sources)), sources)

        return method

    def _at(self, array, index, *values):
        kinds = FACTS["at"][self._name]
        if array.dtype.name not in kinds:
            raise TypeError(f"cupy.{self._name}.at only supports {', '.join(kinds)} as data type")
        sources = []
        self._host.at(*bare((array, index, *values), sources))


def _function(name):
    signature = _read(FACTS["functions"][name])
    host = attrgetter(name)(np) if name != "asnumpy" else None

    def call(*args, **kwargs):
        signature.bind(*args, **kwargs)
        if name in LOOKING:
            Journey.looks.append(name)
        sources = []
        if name in ("array", "asarray"):
            return _uploaded(name, *args, **kwargs)
        given, settings = bare(args, sources), bare(kwargs, sources)
        if name == "asnumpy":
            return args[0]._host.copy()
        short = name.rpartition(".")[2]
        _check_first(short, args)
        check_device(sources)
        if short == "as_strided":
            return StrictArray(host(*given, **settings))  # without a base, as CuPy's
        made = wrapped(host(*given, **settings), sources)
        return writable(made) if short == "diagonal" else made

    return call


def _check_first(name, args):
    """TypeError for what CuPy wants on the device and isn't there."""
    if name in CREATING or name in TELLING or name == "einsum":
        return
    first = args[0]
    if name in SEQUENCES:
        wrong = [each for each in first if not isinstance(each, StrictArray)]
    else:
        wrong = [] if isinstance(first, StrictArray) else [first]
    if wrong:
        raise TypeError(f"cupy.{name} takes device arrays, not {type(wrong[0]).__name__}")


def _uploaded(name, data, *args, **kwargs):
    if isinstance(data, StrictArray):
        check_device([data])
        return wrapped(getattr(np, name)(data._host, *args, **kwargs), [data])
    if isinstance(data, (list, tuple)) and any(isinstance(each, StrictArray) for each in data):
        raise TypeError(f"cupy.{name} of a list of device arrays")
    Journey.uploads.append(name)
    return StrictArray(np.array(data, *args, **kwargs))


class Stream:
    """A stream; waiting for it counts as a look."""

    null = None

    def __init__(self, non_blocking=False):
        pass

    def synchronize(self):
        """Waits."""
        Journey.looks.append("synchronize")


cupy = Place("", "cupy")
cupy.ndarray = on_memory
cupy.linalg = Place("linalg.", "cupy.linalg")
cupy.lib = SimpleNamespace(stride_tricks=Place("lib.stride_tricks.", "cupy.lib.stride_tricks"))
cupy.cuda = SimpleNamespace(
    Device=Device,
    MemoryPointer=MemoryPointer,
    UnownedMemory=UnownedMemory,
    Stream=Stream,
    get_current_stream=Stream,
    is_available=lambda: True,
    runtime=SimpleNamespace(
        getDeviceCount=lambda: 2, getDeviceProperties=lambda number: {"name": f"Strict {number}".encode()}
    ),
)
cupy.looks, cupy.uploads = Journey.looks, Journey.uploads


def on_device(monkeypatch):
    """The strict namespace as the "cuda" of gradviz while a test runs; with empty counts."""
    monkeypatch.setitem(backend.modules, "cuda", cupy)
    Device.current = 0
    forget()
    return cupy


def forget():
    """Empties the counts."""
    Journey.looks.clear()
    Journey.uploads.clear()


