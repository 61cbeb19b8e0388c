"""What a script's variables reach: names for tensors, and who still holds what at the end.

Only plain data is read (the dictionaries and slots behind objects, exact container types), so that
looking runs no code of the script's: no property, no __getattr__, no __iter__.
"""

import json
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from types import CellType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType

MAX_KEY = 40  # characters of a dictionary key shown in a name
MAX_NAME = 200  # a linked list must not cost the square of its length in names

_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
_DICTS = (dict, OrderedDict, defaultdict)
_LEAVES = (int, float, complex, str, bytes, bool, type(None), ModuleType, range, bytearray)
_MODULE_DICTS = ("_parameters", "_buffers", "_modules")

_mro = type.__dict__["__mro__"].__get__
_class_dict = type.__dict__["__dict__"].__get__


def variables(
    namespaces: Iterable[tuple[str, dict]],
    is_tensor: Callable[[object], bool],
    is_module: Callable[[object], bool] = lambda value: False,
    limit: int = 100_000,
) -> Iterator[tuple[str, object, bool]]:
    """Yield (name, object, of_module) for everything that `is_tensor` accepts, the shortest paths first.

    of_module: whether it is an attribute of something that `is_module` accepts.

    namespaces: (prefix, variables) pairs; the prefix is put before each name as it is ('' for the
    script's own). Names read like code: w, losses[3], params["w"], model.0.weight, self.cache. An
    object that is reached on several paths is yielded once for each variable or container that holds
    it. limit: how many values are looked at in all. Keeps no reference once it has ended.
    """
    seen: set[int] = set()
    pending: deque[tuple[str, object, bool]] = deque()
    for prefix, namespace in namespaces:
        for name, value in list(namespace.items()):
            if not (name.startswith("__") and name.endswith("__")):
                pending.append((prefix + name, value, False))
    left = limit
    while pending and left > 0:
        left -= 1
        name, value, of_module = pending.popleft()
        if type(value) in _LEAVES or type in _mro(type(value)):  # numbers, text, modules, classes
            continue
        if is_tensor(value):
            yield name, value, of_module
        elif id(value) not in seen:  # by identity: equality may be the script's own code
            seen.add(id(value))
            room = left - len(pending)
            inside = is_module(value)
            for _, (path, child) in zip(range(room), _children(name, value, inside), strict=False):
                pending.append((path if len(path) <= MAX_NAME else path[:MAX_NAME] + "…", child, inside))


def _children(name: str, value: object, of_module: bool) -> Iterator[tuple[str, object]]:
    kind = type(value)
    if kind in _SEQUENCES:
        for index, item in enumerate(list(value)):
            yield f"{name}[{index}]", item
    elif kind in _DICTS:
        for key, item in list(value.items()):
            yield f"{name}[{_key(key)}]", item
    elif kind in _SETS:
        for item in list(value):
            yield f"{name}{{…}}", item
    elif kind is FunctionType:
        for free, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=False):
            yield from _contents(f"{name}.<closure>.{free}", cell)
    elif kind is CellType:
        yield from _contents(name, value)
    else:
        for attribute, item in _attributes(value):
            if of_module and attribute in _MODULE_DICTS and type(item) in _DICTS:
                for key, part in list(item.items()):
                    yield f"{name}.{key}", part
            else:
                yield f"{name}.{attribute}", item


def _contents(name: str, cell: CellType) -> Iterator[tuple[str, object]]:
    try:
        yield name, cell.cell_contents
    except ValueError:  # empty: its variable isn't set yet
        return


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    """The instance's own attributes, from its dictionary and its slots, past any property of its class."""
    dictionary = None
    for base in _mro(type(value)):
        for name, slot in list(_class_dict(base).items()):
            if name == "__dict__" and type(slot) is GetSetDescriptorType and dictionary is None:
                dictionary = slot.__get__(value)
                for attribute, item in list(dictionary.items()):
                    if type(attribute) is str:
                        yield attribute, item
            elif type(slot) is MemberDescriptorType and name in _declared(base):
                try:
                    yield name, slot.__get__(value)
                except AttributeError:  # not set
                    continue


def _declared(base: type) -> tuple[str, ...]:
    """The slots that a Python class declares (the members of C types need not be data)."""
    slots = _class_dict(base).get("__slots__", ())
    if type(slots) is str:
        return (slots,)
    return tuple(slots) if type(slots) in (tuple, list, dict) else ()


def _key(key: object) -> str:
    if type(key) is str:
        return json.dumps(key if len(key) <= MAX_KEY else key[:MAX_KEY] + "…", ensure_ascii=False)
    return repr(key) if type(key) in (int, float, bool, type(None)) else "…"
