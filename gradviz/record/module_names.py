"""What a module is called in the one that calls it: `layers.0`, `self_attn`."""

from weakref import ref

from gradviz.nn.module import Module


class ModuleNames:
    """Dotted names of modules within others, looked up once a module; it keeps none of them alive."""

    def __init__(self):
        self._parts = {}  # id of a module -> (weak reference to it, {id of a part: (weak reference to it, its name)})

    def name(self, module: Module, outer: Module | None) -> str:
        """The name of a module in an outer one; '' where it is no part of it."""
        if outer is None:
            return ""
        known, parts = self._parts.get(id(outer), (None, {}))
        if known is None or known() is not outer or id(module) not in parts:
            parts = {id(part): (ref(part), name) for name, part in outer.named_modules()}
            parts.setdefault(id(module), (ref(module), ""))
            self._parts[id(outer)] = ref(outer), parts
        part, name = parts[id(module)]
        return name if part() is module else ""
