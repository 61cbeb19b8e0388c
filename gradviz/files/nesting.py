"""Nested dicts and lists as flat, named arrays with an outline, and back.

A dict of names and tensors is its own outline: then the file holds just these names. For everything else the outline,
a line of JSON, says what was where: tensors by name, numbers and strings themselves.
"""

import json
import math
from collections.abc import Mapping

import numpy as np

from gradviz.engine.backend import moved
from gradviz.engine.tensor import Tensor
from gradviz.errors import BadFile, BadInput

RESERVED = ("__metadata__", "__outline__")  # names that the files use themselves
VERSION = 1
PLAIN = (str, int, bool, type(None))


def flattened(obj):
    """({name: array}, outline or None) of nested dicts, lists and tuples; BadInput for what they can't hold."""
    if isinstance(obj, Mapping) and all(isinstance(each, Tensor) and _usable(name) for name, each in obj.items()):
        return {name: _array(each) for name, each in obj.items()}, None
    arrays = {}
    try:
        outline = {"gradviz": VERSION, "of": _outlined(obj, "", arrays)}
        return arrays, json.dumps(outline, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise BadInput("what is to be saved contains itself, or is nested hundreds of levels deep") from None


def _usable(name):
    return isinstance(name, str) and name.isprintable() and name not in RESERVED and "\\" not in name and name != ""


def _array(tensor):
    return moved(tensor._array, "cpu")


def _outlined(obj, path, arrays):
    if isinstance(obj, np.generic):
        obj = obj.item()
    if isinstance(obj, float):
        return float(obj) if math.isfinite(obj) else {"float": str(float(obj))}
    if isinstance(obj, PLAIN):
        return obj
    if isinstance(obj, Tensor):
        return {"tensor": _named(obj, path, arrays)}
    if isinstance(obj, Mapping):
        return {"dict": [[_key(key, path), _outlined(each, _inside(path, key), arrays)] for key, each in obj.items()]}
    if isinstance(obj, (list, tuple)):
        found = [_outlined(each, _inside(path, place), arrays) for place, each in enumerate(obj)]
        return found if isinstance(obj, list) else {"tuple": found}
    advice = "; save its state_dict()" if hasattr(obj, "state_dict") else ""
    if isinstance(obj, np.ndarray):
        advice = "; make it a tensor with from_numpy"
    raise BadInput(
        f"save takes tensors, numbers, strings and None in dicts, lists and tuples, but found {type(obj).__name__}"
        f"{f' at {path!r}' if path else ''}{advice}"
    )


def _inside(path, key):
    return f"{path}.{key}" if path else str(key)


def _key(key, path):
    if not isinstance(key, (str, int)):
        where = f" at {path!r}" if path else ""
        raise BadInput(f"save takes dicts whose keys are strings and integers, but found a {type(key).__name__}{where}")
    return key


def _named(tensor, path, arrays):
    """Puts the tensor among the arrays, under its path where that is a usable name and free."""
    name, number = path, len(arrays)
    while not _usable(name) or name in arrays:
        name, number = f"tensor{number}", number + 1
    arrays[name] = _array(tensor)
    return name


def nested(tensors, outline):
    """What `flattened` took apart; BadFile for an outline that doesn't fit the tensors."""
    if outline is None:
        return tensors
    try:
        read = json.loads(outline)
        if not isinstance(read, dict) or set(read) != {"gradviz", "of"}:
            raise BadFile("the outline of what is nested in what is not one that gradviz writes: save the file anew")
        if read["gradviz"] != VERSION:
            raise BadFile(f"the file was written by a newer gradviz (format {read['gradviz']}): update gradviz")
        return _filled(read["of"], tensors)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadFile("the outline of what is nested in what is damaged: copy or save the file anew") from None


def _filled(node, tensors):
    if isinstance(node, list):
        return [_filled(each, tensors) for each in node]
    if not isinstance(node, dict):
        return node
    ((kind, held),) = node.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "float":
        return float(held)
    if kind == "tuple":
        return tuple(_filled(each, tensors) for each in held)
    if kind == "dict":
        return {key: _filled(each, tensors) for key, each in held}
    raise ValueError(kind)
