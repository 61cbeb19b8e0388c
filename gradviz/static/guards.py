"""When a capture may stand for a call: one generated function that looks at all that the capture took for granted."""

from weakref import ref

import numpy as np

from gradviz.engine import versions
from gradviz.engine.generated import define
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.errors import CantCapture
from gradviz.static.program import ARGUMENT, HELD
from gradviz.static.surroundings import CELL, PLAIN, Surroundings


class Arguments:
    """The arguments of a call, as far as they were looked through: tensors, and the way to each."""

    def __init__(self, args, kwargs):
        self.tensors, self.ways, self.others, self.counts = [], [], [], []
        self._walk(tuple(args), "args")
        self._walk(dict(kwargs), "kwargs")

    def _walk(self, thing, way):
        if isinstance(thing, Tensor):
            self.tensors.append(thing)
            self.ways.append(way)
        elif type(thing) in (tuple, list):
            self.counts.append((way, thing))
            for place, each in enumerate(thing):
                self._walk(each, f"{way}[{place}]")
        elif type(thing) is dict and all(isinstance(key, (str, int)) for key in thing):
            self.counts.append((way, thing))
            for key, each in thing.items():
                self._walk(each, f"{way}[{key!r}]")
        elif hasattr(thing, "__array_interface__"):
            raise CantCapture("gradviz.static takes tensors, not NumPy arrays: pass torch.from_numpy(array)")
        else:
            self.others.append((way, thing))


def guard_of(function, args, kwargs, program):
    """matches(args, kwargs): the tensors among the arguments, or None where the capture doesn't fit the call.

    CantCapture for a tensor from outside that can't be found again: it might be another one in the next call.
    """
    given = Arguments(args, kwargs)
    held = [value.tensor for value in program.values if value.kind == HELD]
    found = Surroundings(function, [each for _, each in given.others], held)
    if found.missing:
        sizes = ", ".join(str(tuple(each.shape)) for each in found.missing[:3])
        raise CantCapture(
            f"gradviz.static can't capture {program.name}: it uses a tensor of shape {sizes} that is no argument and "
            "that neither its closure nor a global or an attribute leads to; pass it as an argument "
            f"({program.where})"
        )
    scope = {"Tensor": Tensor, "same": _same, "alike": _alike, "MODE": mode, "uncounted": versions.uncounted,
             "counted": _counted}  # fmt: skip
    tests = [
        f"MODE.grad is {mode.grad}",
        f"MODE.default_dtype is {_put(scope, mode.default_dtype)}",
        f"MODE.default_device == {str(mode.default_device)!r}",
        *_of_containers(given, scope),
        *(_plain_test(scope, way, thing) for way, thing in given.others),
        *_of_tensors(given, scope),
        *_of_held(held, scope),
        *_of_effects(given, program, scope),
        f"not uncounted or counted(({''.join(way + ', ' for way in given.ways)}), {_put(scope, held)})",
        *(_reference_test(scope, each) for each in found.references),
    ]
    # a lookup that fails, of a key that is gone, is a call that doesn't fit
    lines = ["def matches(args, kwargs):", "    try:"]
    lines += [f"        if not ({each}): return None" for each in tests]
    lines += [
        f"        return ({''.join(way + ', ' for way in given.ways)})",
        "    except (KeyError, IndexError, ValueError, AttributeError):",
        "        return None",
    ]
    return define(f"<gradviz static guard {program.name} {program.where}>", lines, "matches", scope)


def _put(scope, thing):
    name = f"K{len(scope)}"
    scope[name] = thing
    return name


def _of_containers(given, scope):
    for way, thing in given.counts:
        if way not in ("args", "kwargs"):
            yield f"{way}.__class__ is {_put(scope, type(thing))}"
        yield f"tuple({way}) == {tuple(thing)!r}" if type(thing) is dict else f"len({way}) == {len(thing)}"


def _of_tensors(given, scope):
    for way, tensor in zip(given.ways, given.tensors, strict=True):
        array = tensor._array
        yield f"{way}.__class__ is {_put(scope, type(tensor))}"
        yield f"{way}._array.shape == {array.shape!r}"
        yield f"{way}._array.dtype is {_put(scope, array.dtype)}"
        yield f"{way}._array.strides == {array.strides!r}"
        yield f"{way}.requires_grad is {tensor.requires_grad}"
        yield f"({way}._edge is None) is {tensor._edge is None}"
        yield f"{way}._array.__class__ is {_put(scope, type(array))}"
    for k, way in enumerate(given.ways):
        for other, tensor in zip(given.ways[:k], given.tensors[:k], strict=True):
            yield f"{way} {'is' if tensor is given.tensors[k] else 'is not'} {other}"


def _of_held(held, scope):
    for tensor in held:
        name, array = _put(scope, tensor), tensor._array
        # a weak reference: to hold the array itself would look as if a view of it were about
        known, layout = _put(scope, ref(array)), _put(scope, (type(array), array.shape, array.dtype, array.strides))
        yield f"({name}._array is {known}() or alike({name}._array, *{layout}))"
        yield f"{name}._requires_grad is {tensor._requires_grad}"
        yield f"({name}._edge is None) is {tensor._edge is None}"


def _of_effects(given, program, scope):
    """What the program changes in place shares no memory with an argument that was another one's."""
    changed = [program.values[number] for number in program.effects()]
    for k, way in enumerate(given.ways):
        for each in changed:
            other = given.ways[each.number] if each.kind == ARGUMENT else _put(scope, each.tensor)
            if other != way and not np.may_share_memory(given.tensors[k]._array, each.tensor._array):
                yield f"not {_put(scope, np.may_share_memory)}({way}._array, {other}._array)"


def _plain_test(scope, way, thing):
    name = _put(scope, thing)
    return f"({way} is {name} or same({way}, {name}))" if isinstance(thing, PLAIN) else f"{way} is {name}"


def _reference_test(scope, reference):
    holder = _put(scope, reference.holder)
    way = f"{holder}.cell_contents" if reference.key is CELL else f"{holder}[{_put(scope, reference.key)}]"
    return _plain_test(scope, way, reference.found)


def _same(one, other):
    return type(one) is type(other) and (one == other or (one != one and other != other))


def _counted(tensors, held):
    """Whether none of them is memory of inference mode, which no graph may save."""
    return not any(versions.is_uncounted(each._array) for each in (*tensors, *held))


def _alike(array, kind, shape, dtype, strides):
    return array.__class__ is kind and array.shape == shape and array.dtype == dtype and array.strides == strides
