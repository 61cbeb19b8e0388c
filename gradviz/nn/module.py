"""Module and Parameter."""

from collections import OrderedDict

import numpy as np

from gradviz.engine.devices import Device
from gradviz.engine.dtypes import float16, float32, float64, title
from gradviz.engine.switches import mode, no_grad
from gradviz.engine.tensor import Tensor
from gradviz.nn import loading
from gradviz.nn.hooks import Hooked
from gradviz.nn.paths import Pathed
from gradviz.nn.state_hooks import StateHooked, tell_taken, tell_taking
from gradviz.nn.uninitialized import is_lazy
from gradviz.ops.composite import destination, to


class Parameter(Tensor):
    """A leaf that a Module finds by itself; requires grad unless told otherwise."""

    __slots__ = ()
    _is_parameter = True

    def __init__(self, data, requires_grad=True):
        super().__init__(data._array, requires_grad)
        if mode.observer is not None:
            mode.observer.forward("Parameter", self, (), None, {}, 0)


class Buffer(Tensor):
    """A tensor that a Module takes for a buffer by itself; persistent: part of its state."""

    __slots__ = ("persistent",)

    def __init__(self, data=None, *, persistent=True):
        super().__init__(Tensor(np.zeros(0, mode.default_dtype.numpy))._array if data is None else data._array)
        self._requires_grad = data is not None and data.requires_grad
        self.persistent = persistent


_WANTED = {
    "parameter": "torch.nn.Parameter", "child module": "torch.nn.Module", "buffer": "torch.nn.Buffer, torch.Tensor",
}  # fmt: skip


class Module(Hooked, StateHooked, Pathed):
    """Parts of a model: parameters, buffers and other modules, found through its attributes."""

    def __init__(self):
        for name in ("_parameters", "_buffers", "_modules"):
            object.__setattr__(self, name, {})
        self._make_hook_tables()
        self._make_state_hook_tables()
        object.__setattr__(self, "_not_saved", set())  # names of buffers that state_dict leaves out
        object.__setattr__(self, "training", True)

    def __setattr__(self, name, value):
        if isinstance(value, (Parameter, Module)):
            if "_parameters" not in self.__dict__:
                kind = "parameters" if isinstance(value, Parameter) else "module"
                raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
            for kind in (self._parameters, self._modules, self._buffers):
                kind.pop(name, None) if kind is not self._kind_of(value) else None
            self._kind_of(value)[name] = value
            self.__dict__.pop(name, None)
            if mode.observer is not None and not is_lazy(value):
                mode.observer.attached(name, value)
            return
        if isinstance(value, Buffer):
            if name not in self._buffers:
                self.register_buffer(name, value, value.persistent)
            self._buffers[name] = value
            return
        for kind, said in (("_parameters", "parameter"), ("_modules", "child module"), ("_buffers", "buffer")):
            held = self.__dict__.get(kind, {})
            if name in held:
                if value is not None and not (kind == "_buffers" and isinstance(value, Tensor)):
                    wanted = _WANTED[said]
                    raise TypeError(f"cannot assign '{_type_name(value)}' as {said} '{name}' ({wanted} or None expected)")  # noqa: E501
                held[name] = value
                return
        object.__setattr__(self, name, value)

    def _kind_of(self, value):
        return self._parameters if isinstance(value, Parameter) else self._modules

    def __getattr__(self, name):
        for kind in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(kind, {})
            if name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name):
        for kind in (self._parameters, self._buffers, self._modules):
            if name in kind:
                del kind[name]
                return
        object.__delattr__(self, name)

    def _check_name(self, kind, name, taken):
        if "." in name:
            raise KeyError(f"{kind} name can't contain \".\"" + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in taken:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name, param):
        """Adds a parameter, or None for one that is left out."""
        self._check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        self._parameters[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """Adds a tensor that is part of the module's state but learns nothing."""
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._not_saved.discard if persistent else self._not_saved.add)(name)

    def add_module(self, name, module):
        """Adds a module under a name."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = module

    register_module = add_module

    # -- calling -----------------------------------------------------------------------------------

    def forward(self, *args, **kwargs):
        """What calling the module does; written by its subclass."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # -- parts -------------------------------------------------------------------------------------

    may_be_missing = ()  # names that load_state_dict doesn't ask for

    def named_modules(self, prefix="", remove_duplicate=True):
        """(dotted name, module) of this module and all in it, each once or under each of its names."""
        waiting, seen = [(prefix, self)], set()
        while waiting:
            prefix, module = waiting.pop(0)
            if module is None or remove_duplicate and id(module) in seen:
                continue
            seen.add(id(module))
            yield prefix, module
            inner = [(f"{prefix}.{name}" if prefix else name, each) for name, each in module._modules.items()]
            waiting = inner + waiting

    def _named(self, kind, prefix, recurse, once):
        seen = set()
        for path, module in self.named_modules(prefix, once) if recurse else [(prefix, self)]:
            for name, each in getattr(module, kind).items():
                if each is not None and id(each) not in seen:
                    if once:
                        seen.add(id(each))
                    yield (f"{path}.{name}" if path else name), each

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, parameter), each once or under each of its names."""
        yield from self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """(dotted name, buffer), each once or under each of its names."""
        yield from self._named("_buffers", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """The parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def buffers(self, recurse=True):
        """The buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_children(self):
        """(name, module) of the modules directly inside, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self):
        """The modules directly inside, each once."""
        for _, module in self.named_children():
            yield module

    def modules(self):
        """This module and all inside, each once."""
        for _, module in self.named_modules():
            yield module

    def apply(self, fn):
        """Calls fn(module) for all inside, then for this module; returns self."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # -- state -------------------------------------------------------------------------------------

    def saved_tensors(self):
        """{name: tensor} of what state_dict takes from this very module: parameters, and buffers that are kept."""
        kept = {name: each for name, each in self._buffers.items() if name not in self._not_saved}
        return {name: each for name, each in {**self._parameters, **kept}.items() if each is not None}

    def state_dict(self, *, destination=None, prefix="", keep_vars=False):
        """{dotted name: tensor} of parameters and buffers; they share memory with the module, or are its own."""
        found = OrderedDict() if destination is None else destination
        for path, module in self.named_modules(remove_duplicate=False):
            tell_taking(module, path, prefix, keep_vars)
            for name, each in module.saved_tensors().items():
                kept = each if keep_vars or is_lazy(each) else each.detach()
                found[prefix + (f"{path}.{name}" if path else name)] = kept
        tell_taken(self, found, prefix)
        return found

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copies values in, or assigns the tensors themselves; RuntimeError for names and sizes that don't fit."""
        return loading.load(self, state_dict, strict, assign)

    def zero_grad(self, set_to_none=True):
        """Forgets the gradients: .grad becomes None, or zeros."""
        for parameter in self.parameters():
            if parameter._grad is not None:
                parameter.grad = None if set_to_none else parameter._grad.detach().zero_()

    def requires_grad_(self, requires_grad=True):
        """Sets requires_grad of all parameters; returns self."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def to(self, *args, **kwargs):
        """Moves parameters and buffers, in place, to another dtype or device; integers keep their dtype.

        memory_format: how those of 4 or 5 dimensions lie in memory.
        """
        wanted = {"dtype": None, "device": None, "memory_format": None} | destination(args) | kwargs
        dtype, device, layout = wanted["dtype"], wanted["device"], wanted["memory_format"]
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        with no_grad():
            for module in self.modules():
                for each in [*module._parameters.values(), *module._buffers.values()]:
                    if is_lazy(each):
                        each.moved_to(dtype if each.is_floating_point() else None, device)
                        continue
                    for tensor in (each, None if each is None else each._grad):  # gradients go along
                        if tensor is not None:
                            kind = dtype if tensor.is_floating_point() else None
                            laid = layout if tensor.ndim in (4, 5) else None
                            tensor._array = to(tensor.detach(), dtype=kind, device=device, memory_format=laid)._array
        return self

    def cuda(self, device=None):
        """Moves all to a GPU: the current one, or the one named."""
        return self.to(Device("cuda" if device is None else device))

    def cpu(self):
        """Moves all to the CPU."""
        return self.to("cpu")

    def double(self):
        """Makes all float64."""
        return self.to(float64)

    def float(self):
        """Makes all float32."""
        return self.to(float32)

    def half(self):
        """Makes all float16."""
        return self.to(float16)

    def train(self, mode=True):
        """Sets training mode, here and inside; returns self."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Leaves training mode, here and inside; returns self."""
        return self.train(False)

    def extra_repr(self):
        """What stands between the brackets of the printed module."""
        return ""

    def __repr__(self):
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        return printed(type(self).__name__, extra, [(f"({name})", repr(each)) for name, each in self._modules.items()])


def printed(name, extra, parts):
    """A module as PyTorch prints it: what it says of itself, then its parts, indented."""
    lines = extra + [f"{label}: " + text.replace("\n", "\n  ") for label, text in parts]
    if not parts and len(extra) <= 1:
        return f"{name}({''.join(extra)})"
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def _type_name(value):
    return f"torch.{title(value._array.dtype)}Tensor" if isinstance(value, Tensor) else type(value).__name__


__all__ = ["Module", "Parameter"]
