"""Parts of a module by their dotted names."""

from gradviz.engine.tensor import Tensor


class Pathed:
    """What has modules, parameters and buffers under dotted names."""

    def get_submodule(self, target):
        """The module under a dotted name; itself for ""."""
        found = self
        for name in target.split(".") if target else ():
            found = _part(found, name)
            if not isinstance(found, Pathed):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return found

    def set_submodule(self, target, module, strict=False):
        """Puts a module under a dotted name; strict: only where there is one already."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Pathed):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if (strict or hasattr(parent, name)) and not isinstance(_part(parent, name), Pathed):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target):
        """The parameter under a dotted name."""
        path, _, name = target.rpartition(".")
        found = _part(self.get_submodule(path), name)
        if not (isinstance(found, Tensor) and getattr(found, "_is_parameter", False)):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target):
        """The buffer under a dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found = _part(module, name)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return found


def _part(module, name):
    if not hasattr(module, name):
        raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
    return getattr(module, name)
