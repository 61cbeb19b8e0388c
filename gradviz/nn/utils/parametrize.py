"""Parametrizations: a tensor of a module that is computed, each time it is asked for, from others that learn."""

import copyreg
from collections.abc import Sequence
from contextlib import contextmanager
from copy import deepcopy

from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.nn.containers import ModuleDict, ModuleList
from gradviz.nn.module import Parameter


class _Cache:
    """What was computed while `cached()` holds, and how many of these do."""

    def __init__(self):
        self.depth, self.found = 0, {}


_cache = _Cache()


@contextmanager
def cached():
    """Computes each parametrized tensor once, as long as this lasts."""
    _cache.depth += 1
    try:
        yield
    finally:
        _cache.depth -= 1
        if not _cache.depth:
            _cache.found = {}


def _register(module, name, tensor):
    (module.register_parameter if isinstance(tensor, Parameter) else module.register_buffer)(name, tensor)


def _check_like(found, wanted, subject, names):
    """ValueError where a parametrization changes the dtype or the shape."""
    for what in ("dtype", "shape"):
        before, after = getattr(wanted, what), getattr(found, what)
        if before != after:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless {subject} flag is "
                f"enabled.\n{names[0].format(what)}: {before}\n{names[1].format(what)}: {after}"
            )


def _check_tensor(found):
    if not isinstance(found, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(found).__name__}.")


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, and what it is computed from: `original`, or `original0` and so on."""

    def __init__(self, modules, original, unsafe=False):
        if not len(modules):
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        known = _Known(original.dtype, original.shape)
        new = self._inverse(original)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            self._keep_one(original, new)
        else:
            self._keep_several(original, new)
        if not unsafe:
            found = self()
            _check_tensor(found)
            _check_like(found, known, "`unsafe`", ("unparametrized {}", "parametrized {}"))

    def _inverse(self, original):
        new = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        pass
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        return new

    def _keep_one(self, original, new):
        for what in ("dtype", "device"):
            before, after = getattr(original, what), getattr(new, what)
            if before != after:
                raise ValueError(
                    f"When `right_inverse` outputs one tensor, it may not change the {what}.\noriginal.{what}: "
                    f"{before}\nright_inverse(original).{what}: {after}"
                )
        original.data = new.data
        _register(self, "original", original)

    def _keep_several(self, original, new):
        for number, each in enumerate(new):
            if not isinstance(each, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                    f"{number} of the sequence with type {type(each).__name__}."
                )
            if isinstance(original, Parameter):
                each = Parameter(each, original.requires_grad)
            each.requires_grad_(original.requires_grad)
            _register(self, f"original{number}", each)

    def right_inverse(self, value):
        """Sets what the tensor is computed from, so that it becomes this value."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                value = module.right_inverse(value)
            if self.is_tensor:
                self._set_one(value)
            else:
                self._set_several(value)

    def _set_one(self, value):
        if not isinstance(value, Tensor):
            raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
        if value.dtype != self.original.dtype:
            raise ValueError(
                f"The tensor returned by `right_inverse` has dtype {value.dtype} while `original` has dtype "
                f"{self.original.dtype}"
            )
        self.original.data = value.data

    def _set_several(self, value):
        if not isinstance(value, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
        if len(value) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                f"length {len(value)}."
            )
        for number, each in enumerate(value):
            own = getattr(self, f"original{number}")
            if each.dtype != own.dtype:
                raise ValueError(
                    f"Tensor {number} returned by `right_inverse` has dtype {each.dtype} while `original{number}` has "
                    f"dtype {own.dtype}"
                )
            own.data = each.data

    def forward(self):
        """The tensor of what is there now."""
        names = ["original"] if self.is_tensor else [f"original{number}" for number in range(self.ntensors)]
        first, *others = self
        found = first(*(getattr(self, name) for name in names))
        for module in others:
            found = module(found)
        return found


class _Known:
    """What must stay of a tensor."""

    def __init__(self, dtype, shape):
        self.dtype, self.shape = dtype, shape


# -- modules -----------------------------------------------------------------------------------------


def _copied(self, memo):
    replica = self.__new__(type(self))
    memo[id(self)] = replica
    replica.__dict__ = deepcopy(self.__dict__, memo)
    for slot in copyreg._slotnames(type(self)):
        if hasattr(self, slot):
            setattr(replica, slot, deepcopy(getattr(self, slot), memo))
    return replica


def _no_state(self):
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _give_class(module):
    """A class of its own, whose properties are the parametrized tensors."""
    kind = type(module)
    methods = {"__getstate__": _no_state}
    if not hasattr(kind, "__deepcopy__"):
        methods["__deepcopy__"] = _copied
    object.__setattr__(module, "__class__", type(f"Parametrized{kind.__name__}", (kind,), methods))


def _give_property(module, name):
    def computed(self):
        making = self.parametrizations[name]
        if not _cache.depth:
            return making()
        if (self, name) not in _cache.found:
            _cache.found[self, name] = making()
        return _cache.found[self, name]

    def invert(self, value):
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(computed, invert))


def is_parametrized(module, tensor_name=None):
    """Whether the module, or this tensor of it, is parametrized."""
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def _check_another(module, name, parametrization):
    """ValueError where one more parametrization would change the dtype or the shape."""
    now = getattr(module, name)
    found = parametrization(now)
    _check_tensor(found)
    _check_like(found, now, "the `unsafe`", (f"module.{name}.{{}}", f"parametrization(module.{name}).{{}}"))
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(found)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
    for what in ("dtype", "shape"):
        if getattr(back, what) != getattr(now, what):
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, "
                f"unless the `unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(now, what)}\nreturned {what}: "
                f"{getattr(back, what)}"
            )


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """Makes a parameter or buffer what `parametrization`, a module, makes of it; several apply one after the other."""
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_another(module, tensor_name, parametrization)
        held = module.parametrizations[tensor_name]
        held.append(parametrization)
        held.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        held = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_class(module)
            module.parametrizations = ModuleDict()
        _give_property(module, tensor_name)
        module.parametrizations[tensor_name] = held
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Makes the tensor a parameter or buffer again: with its computed value, or the one it is computed from."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    if held.is_tensor:
        original = held.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name).data
    elif leave_parametrized:
        now = getattr(module, tensor_name)
        original = Parameter(now) if now.requires_grad else now
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        object.__setattr__(module, "__class__", type(module).__bases__[0])
    return module


def type_before_parametrizations(module):
    """The class of a module, before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "type_before_parametrizations",
]  # fmt: skip
