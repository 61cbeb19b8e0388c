"""Hooks around state_dict and load_state_dict."""

from gradviz.engine.hooks import RemovableHandle

TABLES = ("_state_dict_pre_hooks", "_state_dict_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")


class StateHooked:
    """What can tell, and change, how its state is taken and put back."""

    def _make_state_hook_tables(self):
        for name in TABLES:
            object.__setattr__(self, name, {})  # {id: hook}, in the order of calling

    def register_state_dict_pre_hook(self, hook):
        """Calls hook(module, prefix, keep_vars) before state_dict takes from the module."""
        return RemovableHandle(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook):
        """Calls hook(module, state_dict, prefix, metadata) after state_dict took from the module and those inside."""
        return RemovableHandle(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Calls hook(module, state_dict, prefix, metadata, strict, missing, unexpected, errors) before loading."""
        return RemovableHandle(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook):
        """Calls hook(module, keys) after loading; it may change `keys.missing_keys` and `keys.unexpected_keys`."""
        return RemovableHandle(self._load_state_dict_post_hooks, hook)


def inside_out(module):
    """(dotted name, module) of all modules, each after those inside it."""
    waiting, found = [("", module)], []
    while waiting:
        path, each = waiting.pop()
        found.append((path, each))
        inner = each._modules.items()
        waiting += [(f"{path}.{name}" if path else name, part) for name, part in inner if part is not None]
    return reversed(found)


def tell_taking(module, path, prefix, keep_vars):
    """Calls the hooks before state_dict takes from a module."""
    for hook in list(module._state_dict_pre_hooks.values()):
        hook(module, _start(path, prefix), keep_vars)


def tell_taken(module, found, prefix):
    """Calls the hooks of all modules after state_dict took from them."""
    for path, each in inside_out(module):
        for hook in list(each._state_dict_hooks.values()):
            if hook(each, found, _start(path, prefix), {"version": 1}) is not None:
                raise RuntimeError("state_dict post-hook must return None")


def tell_loaded(module, keys):
    """Calls the hooks of all modules after their state was put in."""
    for _, each in inside_out(module):
        for hook in list(each._load_state_dict_post_hooks.values()):
            if hook(each, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                    "values, if incompatible_keys need to be modified, it should be done inplace."
                )


def _start(path, prefix):
    return prefix + (f"{path}." if path else "")
