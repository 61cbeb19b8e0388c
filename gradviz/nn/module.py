"""Module, Parameter and Sequential."""

from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import Within


class Parameter(Tensor):
    """A leaf that a Module finds by itself; requires grad unless told otherwise."""

    __slots__ = ()
    _is_parameter = True

    def __init__(self, data, requires_grad=True):
        super().__init__(data._array, requires_grad)
        if mode.observer is not None:
            mode.observer.forward("Parameter", self, (), None, {}, 0)


class Module:
    """Parts of a model: parameters and other modules, found through its attributes."""

    def __init__(self):
        object.__setattr__(self, "_parameters", {})
        object.__setattr__(self, "_modules", {})
        object.__setattr__(self, "training", True)

    def __setattr__(self, name, value):
        if isinstance(value, (Parameter, Module)):
            if "_parameters" not in self.__dict__:
                kind = "parameters" if isinstance(value, Parameter) else "module"
                raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
            self._parameters.pop(name, None)
            self._modules.pop(name, None)
            (self._parameters if isinstance(value, Parameter) else self._modules)[name] = value
            self.__dict__.pop(name, None)
            if mode.observer is not None:
                mode.observer.attached(name, value)
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name):
        for kind in ("_parameters", "_modules"):
            found = self.__dict__.get(kind, {})
            if name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def register_parameter(self, name, parameter):
        """Adds a parameter, or None for one that is left out."""
        self._parameters[name] = parameter

    def forward(self, *args, **kwargs):
        """What calling the module does; written by its subclass."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args, **kwargs):
        with Within(type(self).__name__) as call:
            call.result = self.forward(*args, **kwargs)
            return call.result

    def named_modules(self):
        """(dotted name, module) of this module and all in it, each once."""
        waiting, seen = [("", self)], set()
        while waiting:
            prefix, module = waiting.pop(0)
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield prefix, module
            inner = [(f"{prefix}.{name}" if prefix else name, each) for name, each in module._modules.items()]
            waiting = inner + waiting

    def named_parameters(self):
        """(dotted name, parameter), each once."""
        seen = set()
        for prefix, module in self.named_modules():
            for name, parameter in module._parameters.items():
                if parameter is not None and id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield (f"{prefix}.{name}" if prefix else name), parameter

    def parameters(self):
        """The parameters, each once."""
        for _, parameter in self.named_parameters():
            yield parameter

    def children(self):
        """The modules directly inside."""
        yield from self._modules.values()

    def modules(self):
        """This module and all inside, each once."""
        for _, module in self.named_modules():
            yield module

    def zero_grad(self, set_to_none=True):
        """Forgets the gradients: .grad becomes None, or zeros."""
        for parameter in self.parameters():
            if parameter._grad is not None:
                parameter.grad = None if set_to_none else parameter._grad.detach().zero_()

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
        inner = [f"({name}): " + repr(each).replace("\n", "\n  ") for name, each in self._modules.items()]
        if not inner:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(inner) + "\n)"


class Sequential(Module):
    """Modules run one after the other."""

    def __init__(self, *modules):
        super().__init__()
        for position, module in enumerate(modules):
            setattr(self, str(position), module)

    def forward(self, input):
        """Each module's output is the next one's input."""
        for module in self._modules.values():
            input = module(input)
        return input

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __getitem__(self, position):
        return list(self._modules.values())[position]
