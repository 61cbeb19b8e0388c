"""The generated backward of an op: one function for each pattern of inputs that need a gradient.

    def run(grad, saved, settings, ops): ...        the gradients, one an input, None where none is asked for

Bit i of a mask stands for differentiable input i. A run that *fits* brings each gradient to the shape and dtype of
its input, which stand behind the settings: it undoes what broadcasting and promotion did in the forward.
"""

from inspect import signature
from types import FunctionType

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.fitting import fitted
from gradviz.engine.generated import define
from gradviz.engine.twins import run_of_plans


def run_of(op, mask, fits):
    """The run for a mask, compiled when it is first used; the function takes over the compiled code."""
    scope = {"fitted": fitted, "ndarray": np.ndarray, "SCALARS": coerce.SCALARS}

    def compiled(*args):
        ready = define(f"<gradviz backward {op.name} {mask:b}>", _lines(op, mask, fits, scope), "run", scope)
        run.__code__ = ready.__code__
        return run(*args)

    scope["compiled"] = compiled
    run = FunctionType(_compile_first.__code__, scope, "run")
    run.mask, run.fits = mask, fits
    run.unfitted = op.run_for(mask) if fits else run
    return run_of_plans(op, mask, fits, run)


def _compile_first(grad, saved, settings, ops):
    return compiled(grad, saved, settings, ops)  # noqa: F821  of the scope that the code is given


def _lines(op, mask, fits, scope):
    """The source of one run, a line each; what it calls is put into the scope."""
    lines, gradients, raw, needed = [], [], {}, set()
    for i, name in enumerate(op.differentiable):
        if not mask >> i & 1:
            gradients.append("None")
            continue
        rule = op.vjps[name]
        scope[f"vjp{i}"] = rule.function
        needed.update(rule.names)
        asked = f"vjp{i}({', '.join('x_' + each for each in rule.names)})"
        if rule.as_op is not None:
            scope[f"op{i}"] = rule.as_op
            names = ["ops", *(f"x_{each}" for each in signature(rule.as_op).parameters if each != "ops")]
            asked = f"({asked} if ops is None else op{i}({', '.join(names)}))"
        raw[name] = i, asked
        if fits and name == op.variadic:
            place = len(op.node_class.setting_names) + 2 * i
            asked = f"*[fitted(each, *fit, ops) for each, fit in zip({asked}, settings[{place}], strict=True)]"
        elif name == op.variadic:
            asked = f"*{asked}"
        else:
            asked = _fitted(op, i, asked, fits)
        gradients.append(asked)
    if op.as_op is not None:
        needed.update(_asked_at_once(op))
    saved = [f"x_{name}" for name in op.saved if name in needed]
    for source, names in (("saved", op.saved), ("settings", op.node_class.setting_names)):
        lines += [f"    x_{name} = {source}[{k}]" for k, name in enumerate(names) if name in needed]
    if saved and not op.joint:
        # a gradient of 0 dims is a NumPy scalar, which is slow with arrays of 0 dims and quick with its own kind
        lines.append("    if grad.__class__ in SCALARS:")
        lines += [f"        if {name}.__class__ is ndarray: {name} = {name}[()]" for name in saved]
    if op.saves_list:
        lines.append(f"    x_{op.variadic} = saved[{len(op.saved)}:]")
    if op.joint:  # a single output's gradient comes alone
        lines.append("    x_grads = grad if grad.__class__ is tuple else (grad,)")
    else:
        lines.append("    x_grad = grad")
    if "ops" in needed:
        from gradviz.engine.catalogue import raw_for

        scope["raw_for"] = raw_for
        lines.append("    x_ops = raw_for(grad) if ops is None else ops")
    if op.as_op is not None:
        lines += _lines_at_once(op, mask, fits, scope)
    elif len(raw) > 1:
        lines += _lines_by_name(op, raw, fits)
    return ["def run(grad, saved, settings, ops):", *lines, f"    return ({', '.join(gradients)},)"]


def _fitted(op, i, gradient, fits):
    """The expression for input i's gradient in its shape and dtype, which stand behind the settings."""
    place = len(op.node_class.setting_names) + 2 * i
    return f"fitted({gradient}, settings[{place}], settings[{place + 1}], ops)" if fits else gradient


def _asked_at_once(op):
    return [name for name in signature(op.as_op).parameters if name not in ("ops", "needed")]


def _lines_at_once(op, mask, fits, scope):
    """Under create_graph: the gradients of all inputs that need one, from the op that PyTorch's backward runs."""
    scope["at_once"] = op.as_op
    places = range(len(op.differentiable))
    needed = tuple(bool(mask >> i & 1) for i in places)
    asked = ", ".join(f"x_{name}" for name in _asked_at_once(op))
    found = ", ".join(_fitted(op, i, f"found[{i}]", fits) if needed[i] else "None" for i in places)
    return ["    if ops is not None:", f"        found = at_once(ops, {needed}, {asked})", f"        return ({found},)"]


def _lines_by_name(op, raw, fits):
    """Under create_graph: gradients in the order of PyTorch's formulas, by name; then fitted, in the inputs' order.

    Their nodes' numbers decide what a second backward runs first.
    """
    asked = [f"        g{i} = {code}" for _, (i, code) in sorted(raw.items())]
    found = dict.fromkeys(range(len(op.differentiable)), "None")
    found |= {i: _fitted(op, i, f"g{i}", fits) for i, _ in raw.values()}
    return ["    if ops is not None:", *asked, f"        return ({', '.join(found.values())},)"]
