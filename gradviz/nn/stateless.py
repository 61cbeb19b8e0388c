"""Modules called with other parameters and buffers than their own."""

import warnings


def functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """What module(*args, **kwargs) returns with these tensors, {dotted name: tensor}, in its own ones' place."""
    given = _together(parameter_and_buffer_dicts)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    tensors = _untied(module, given) if tie_weights else given
    if strict:
        _check_names(module, tensors)
    replaced = []
    try:
        for key, tensor in tensors.items():
            path, _, name = key.rpartition(".")
            part = module.get_submodule(path)
            for table in (part._parameters, part._buffers):
                if name in table:
                    replaced.append((key, table, name, table[name]))
                    table[name] = tensor
        return module(*args, **(kwargs or {}))
    finally:
        for key, table, name, own in replaced:
            if key in given:
                given[key] = table[name]  # the module may have put another there
            table[name] = own


def _together(dicts):
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, (list, tuple)):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    if not all(isinstance(each, dict) for each in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for each in dicts for name in each]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: tensor for each in dicts for name, tensor in each.items()}


def _untied(module, given):
    """The same tensors under all names that the module has for one of its own."""
    groups = {}
    for named in (module.named_parameters, module.named_buffers):
        for name, own in named(remove_duplicate=False):
            groups.setdefault(own, []).append(name)
    found = dict(given)
    for names in groups.values():
        tied = sorted(name for name in names if name in given)
        if any(given[name] is not given[tied[0]] for name in tied):
            raise ValueError(
                f"functional_call got multiple values for keys {tied}, which are tied. Consider using tie_weights=False"
            )
        if tied:
            found |= dict.fromkeys(names, given[tied[0]])
    return found


def _check_names(module, tensors):
    own = {name for named in (module.named_parameters, module.named_buffers) for name, _ in named(remove_duplicate=False)}  # noqa: E501
    wrong = []
    for kind, names in (("Unexpected", tensors.keys() - own), ("Missing", own - tensors.keys())):
        if names:
            wrong.append(f"{kind} key(s): {', '.join(map(repr, sorted(names)))}.")
    if wrong:
        raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(wrong))


def deprecated_functional_call(module, parameters_and_buffers, args=None, kwargs=None, *, tie_weights=True, strict=False):  # noqa: E501
    """functional_call, under its old name in `torch.nn.utils.stateless`."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
