"""Putting a state_dict into a module, and PyTorch's words for what doesn't fit."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.nn.state_hooks import tell_loaded
from gradviz.nn.uninitialized import is_lazy


class Keys(NamedTuple):
    """What load_state_dict found no place for, and nothing for."""

    missing_keys: list
    unexpected_keys: list

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    __str__ = __repr__


def load(module, state_dict, strict, assign):
    """Copies values in, or assigns the tensors; RuntimeError for names (where strict) and sizes that don't fit."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    state_dict = OrderedDict(state_dict)  # hooks may change it
    missing, unexpected, wrong = [], [], []
    for path, part in module.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        for hook in list(part._load_state_dict_pre_hooks.values()):
            hook(part, state_dict, prefix, {}, True, missing, unexpected, wrong)
        own = part.saved_tensors()
        for name, tensor in own.items():
            if prefix + name not in state_dict:
                if name not in part.may_be_missing:
                    missing.append(prefix + name)
                continue
            complaint = _fill(part, name, tensor, state_dict[prefix + name], prefix, assign)
            if complaint:
                wrong.append(complaint)
        unexpected += [key for key in state_dict if key.startswith(prefix) and _strange(key[len(prefix) :], part, own)]
    keys = Keys(missing, unexpected)
    tell_loaded(module, keys)
    if strict:
        wrong[:0] = [
            f"{kind} key(s) in state_dict: {_quoted(keys)}. "
            for kind, keys in (("Missing", missing), ("Unexpected", unexpected))
            if keys
        ]
    if wrong:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(wrong))
    return keys


def _quoted(keys):
    return ", ".join(f'"{key}"' for key in keys)


def _strange(name, part, own):
    """Whether a name, counted from this module, leads nowhere in it."""
    first, dot, _ = name.partition(".")
    return first not in part._modules if dot else first not in own


def _fill(part, name, own, given, prefix, assign):
    """Puts one tensor in its place; returns what is wrong with it instead."""
    key = prefix + name
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(given)}"
        )
    if is_lazy(own):
        return None
    if not own.ndim and given.ndim == 1:
        given = given[0]  # files of old PyTorch have numbers so
    if given.shape != own.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the shape in current "
            f"model is {own.shape}."
        )
    if assign:
        setattr(part, name, _like(own, given))
    else:
        with no_grad():
            own.copy_(given)
    return None


def _like(own, given):
    """The given tensor as a parameter where the module's own is one."""
    if getattr(own, "_is_parameter", False):
        if not getattr(given, "_is_parameter", False):
            return type(own)(given, own._requires_grad)
        given.requires_grad_(own._requires_grad)
    return given
