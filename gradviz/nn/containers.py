"""Modules that hold modules or parameters: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from gradviz.engine.dtypes import title
from gradviz.engine.tensor import Tensor
from gradviz.nn.module import Module, Parameter, printed


def _place(index, size):
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range")
    return str(index % size)


class _Numbered(Module):
    """Modules under the names "0", "1", ..."""

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(*self._as_arguments(list(self._modules.values())[index]))
        return list(self._modules.values())[int(_place(index, len(self)))]

    def __setitem__(self, index, module):
        setattr(self, list(self._modules)[int(_place(index, len(self)))], module)

    def append(self, module):
        """Adds a module at the end; returns self."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Adds modules at the end; returns self."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index, module):
        """Adds a module before a place; returns self."""
        parts = [*self]
        parts.insert(index, module)
        return self._renewed(parts)

    def pop(self, index):
        """Takes away a module, and returns it."""
        found = self[index]
        del self[index]
        return found

    def __delitem__(self, index):
        parts = [*self]
        del parts[index]
        self._renewed(parts)

    def _renewed(self, parts):
        self._modules.clear()
        for number, each in enumerate(parts):
            self.add_module(str(number), each)
        return self

    def __add__(self, other):
        return type(self)(*self._as_arguments([*self, *other]))

    def __iadd__(self, other):
        return self.extend(other)

    @staticmethod
    def _as_arguments(modules):
        return modules


class Sequential(_Numbered):
    """Modules run one after the other."""

    def __init__(self, *modules):
        super().__init__()
        named = len(modules) == 1 and isinstance(modules[0], dict)
        for name, module in modules[0].items() if named else enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"{type(module).__name__} is not a Module subclass")
            setattr(self, str(name), module)

    def forward(self, input):
        """Each module's output is the next one's input."""
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(_Numbered):
    """Modules in a list."""

    def __init__(self, modules=None):
        super().__init__()
        self.extend(modules or ())

    @staticmethod
    def _as_arguments(modules):
        return (modules,)

    def __repr__(self):
        if not len(self):
            return f"{type(self).__name__}()"
        runs = []  # (first, last, text) of equal neighbours, as PyTorch prints them
        for position, module in enumerate(self):
            if runs and runs[-1][2] == repr(module):
                runs[-1][1] = position
            else:
                runs.append([position, position, repr(module)])
        parts = [(f"({a})", text) if a == b else (f"({a}-{b})", f"{b - a + 1} x {text}") for a, b, text in runs]
        return printed(type(self).__name__, [], parts)


class _Named:
    """What dicts of modules and of parameters share; `_held` is where they are."""

    def __len__(self):
        return len(self._held())

    def __iter__(self):
        return iter(self._held())

    def __contains__(self, key):
        return key in self._held()

    def __getitem__(self, key):
        return self._held()[key]

    def __setitem__(self, key, value):
        setattr(self, key, value)

    def __delitem__(self, key):
        del self._held()[key]

    def pop(self, key):
        """Takes away what stands under a name, and returns it."""
        return self._held().pop(key)

    def clear(self):
        """Takes away all."""
        self._held().clear()

    def keys(self):
        """The names."""
        return self._held().keys()

    def values(self):
        """What stands under the names."""
        return self._held().values()

    def items(self):
        """(name, what stands under it)."""
        return self._held().items()

    def update(self, others):
        """Takes over names and values of a dict or of pairs."""
        for key, value in others.items() if hasattr(others, "items") else others:
            self[key] = value


class ModuleDict(_Named, Module):
    """Modules under names."""

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    def __setitem__(self, key, value):
        self.add_module(key, value)

    def _held(self):
        return self._modules


def _parameter(value):
    return value if isinstance(value, Parameter) or not isinstance(value, Tensor) else Parameter(value)


def _described(parameter, name):
    size = "x".join(map(str, parameter.shape))
    return f"Parameter containing: [{name(parameter)} of size {size}]"


class ParameterList(Module):
    """Parameters in a list; a plain tensor becomes a parameter."""

    def __init__(self, values=None):
        super().__init__()
        self.extend(values or ())

    def __len__(self):
        return len(self._parameters)

    def __iter__(self):
        return iter(self._parameters.values())

    def __getitem__(self, index):
        return self._parameters[_place(index, len(self))]

    def __setitem__(self, index, value):
        setattr(self, _place(index, len(self)), _parameter(value))

    def append(self, value):
        """Adds a parameter at the end; returns self."""
        setattr(self, str(len(self)), _parameter(value))
        return self

    def extend(self, values):
        """Adds parameters at the end; returns self."""
        for value in values:
            self.append(value)
        return self

    def extra_repr(self):
        """As PyTorch prints it."""
        lines = [f"  ({name}): {_described(each, lambda p: p.dtype)}" for name, each in self._parameters.items()]
        return "\n".join(lines)


class ParameterDict(_Named, Module):
    """Parameters under names; a plain tensor becomes a parameter."""

    def __init__(self, parameters=None):
        super().__init__()
        self.update(parameters or {})

    def __setitem__(self, key, value):
        setattr(self, key, _parameter(value))

    def _held(self):
        return self._parameters

    def extra_repr(self):
        """As PyTorch prints it."""
        kind = lambda p: f"torch.{title(p._array.dtype)}Tensor"  # noqa: E731
        return "\n".join(f"  ({name}): {_described(each, kind)}" for name, each in self._parameters.items())
