"""What CuPy offers: its functions, methods and ufuncs with their parameters, read off an installed CuPy without a GPU.

`python -m tests.gpu.signatures` writes them to signatures.json, for machines without CuPy.
"""

import importlib
import inspect
import json
import re
import types
from operator import attrgetter
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("signatures.json")
MODULES = ("", "linalg", "lib.stride_tricks")
UFUNC_METHODS = ("at", "reduce", "accumulate", "reduceat", "outer")


def stored():
    """The facts of signatures.json."""
    return json.loads(PATH.read_text())


def observed():
    """The facts of the installed CuPy, as signatures.json has them."""
    cupy = importlib.import_module("cupy")
    functions, ufuncs, constants = {}, {}, []
    for module in MODULES:
        place = importlib.import_module(f"cupy.{module}".rstrip("."))
        for name, value in vars(place).items():
            full = f"{module}.{name}".lstrip(".")
            if name.startswith("_") or isinstance(value, types.ModuleType) or not _in_numpy(full):
                continue
            if isinstance(value, cupy.ufunc):
                ufuncs[full] = " ".join(each for each in UFUNC_METHODS if _supports(cupy, value, each))
            elif inspect.isfunction(value) or isinstance(value, type(cupy.matmul)):
                functions[full] = _text(inspect.signature(value))
            else:
                constants.append(full)
    return {
        "version": cupy.__version__,
        "functions": dict(sorted(functions.items())),
        "ufuncs": dict(sorted(ufuncs.items())),
        "constants": sorted(constants),
        "methods": dict(sorted(_methods(cupy).items())),
        "attributes": sorted(
            name for name, each in _members(cupy) if inspect.isgetsetdescriptor(each) or isinstance(each, property)
        ),
        "at": {name: _scattered(cupy, name) for name in sorted(ufuncs) if "at" in ufuncs[name].split()},
    }


def _in_numpy(name):
    """Whether the catalogue could use it for both: NumPy has it too. And the way back to NumPy."""
    try:
        return name == "asnumpy" or attrgetter(name)(np) is not None
    except AttributeError:
        return False


def _members(cupy):
    return inspect.getmembers(cupy.ndarray, lambda each: not inspect.isclass(each))


def _methods(cupy):
    """{name: parameters}; methods written in C carry theirs in the first line of their docstring."""
    found = {}
    for name, method in _members(cupy):
        if name.startswith("_") or not callable(method):
            continue
        line = (method.__doc__ or "").partition("\n")[0]
        written = re.search(r"\((self[^)]*)\)", line)
        if written:
            parts = [re.sub(r"^\S+ (?=\w+(=|$))", "", part.strip()) for part in written[1].split(",")]
            found[name] = ", ".join(parts[1:])
    return found


def _text(signature):
    """The parameters without annotations."""
    bare = [each.replace(annotation=each.empty, default=_plain(each)) for each in signature.parameters.values()]
    return str(inspect.Signature(bare))[1:-1]


def _plain(parameter):
    """A default that can be read back; what can't be is None."""
    default = parameter.default
    return default if default is parameter.empty or isinstance(default, (int, float, str)) else None


def _here(cupy, kind):
    """A CuPy array over the host's memory: enough for what CuPy refuses before it asks for a GPU."""
    host = np.zeros(3, kind)
    memory = cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, 0)
    return cupy.ndarray((3,), kind, cupy.cuda.MemoryPointer(memory, 0))


def _supports(cupy, ufunc, method):
    array = _here(cupy, np.float32)
    given = {"at": (array, 0, 1), "reduceat": (array, [0]), "outer": (array, array)}.get(method, (array,))
    return _refusal(getattr(ufunc, method), *given) not in (NotImplementedError, AttributeError)


def _scattered(cupy, name):
    """The dtypes that a ufunc's `at` takes."""
    call = getattr(cupy, name).at
    index = _here(cupy, np.int64)
    kinds = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
    arrays = {kind: _here(cupy, np.dtype(kind)) for kind in kinds}
    return [kind for kind, array in arrays.items() if _refusal(call, array, index, array) is not TypeError]


def _refusal(call, *given):
    try:
        call(*given)
    except Exception as error:  # noqa: BLE001  a missing driver is no refusal
        return type(error)
    return None


if __name__ == "__main__":
    PATH.write_text(json.dumps(observed(), indent=1) + "\n")
