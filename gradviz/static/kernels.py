"""Ops, and gradients of ops, as NumPy's functions that write into memory that is given to them.

An elementwise op's kernel is drawn from its declaration, as its plan is (engine/plans.py); products, whose results turn
with what they are made of, are written down here. Whoever uses a kernel compares it with what the op gave.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from gradviz.engine.plans import drawn_forward, drawn_run


class Step(NamedTuple):
    """`into` = function(*operands). A name in braces stands for an input, a saved tensor or what a step made.

    Those are `{grad}` for the incoming gradient, `{out}` for the memory that is given, and `t0`, `t1`, ... for more.
    """

    function: np.ufunc
    operands: tuple
    into: str = "{out}"


class Kernel(NamedTuple):
    """Steps, the last of which makes the result; view: what is shown of it in the end, such as ".T"."""

    steps: tuple
    view: str = ""


# -- elementwise: from the declaration ---------------------------------------------------------------


def forward_kernel(op, settings, dtype):
    """The kernel of an op's forward with these settings; None where it has none."""
    product = PRODUCTS.get(op.name)
    if product is not None:
        return product if settings.get("alpha", 1) == settings.get("beta", 1) == 1 else None
    unusual = op.variadic or op.several or op.intermediates
    drawn = None if unusual else drawn_forward(op, dtype, *(settings[name] for name in op.settings))
    return None if drawn is None else _kernel(*drawn, op.inputs)


def backward_kernel(node, position, sizes, dtype):
    """The kernel of a node's gradient for one input, which has these sizes; None where it has none."""
    op = node.op
    if op.variadic or op.several:
        return None
    settings = dict(zip(node.setting_names, node._settings, strict=False))
    rule = GRADIENTS.get((op.name, op.differentiable[position]))
    if rule is not None:
        return rule(settings, sizes)
    drawn = drawn_run(op, 1 << position, dtype, *settings.values())
    return None if drawn is None else _kernel(*drawn, ("grad", *op.saved))


def _kernel(drawing, values, inputs):
    """Values are made in the given memory while that holds nothing that is still asked for, and beside it else."""
    (result,) = [each for each in values if each is not None]
    made = [each for each in sorted(drawing.parts([result])) if drawing.steps[each].__class__ is tuple]
    last = {operand: value for value in made for operand in drawing.steps[value][2]}
    places, steps, held = [f"{{{name}}}" for name in inputs], [], None
    texts = dict(enumerate(places))
    for value in made:
        code, ufunc, operands = drawing.steps[value]
        if code != 0:
            return None  # where and casts make arrays of their own
        named = tuple(texts.get(each) or f"float('{drawing.steps[each]}')" for each in operands)
        beside = drawing.kinds[value] == "?" or (held is not None and last[held] > value)
        texts[value] = f"t{value}" if beside else "{out}"
        held = held if beside else value
        steps.append(Step(ufunc, named, texts[value]))
    return Kernel(tuple(steps)) if steps and texts[result] == "{out}" else None


# -- products, and what counts elements --------------------------------------------------------------

_PRODUCT = Kernel((Step(np.matmul, ("{self}", "{mat2}")),))
PRODUCTS = {
    "mm": _PRODUCT,
    "bmm": _PRODUCT,
    "addmm": Kernel((Step(np.matmul, ("{mat1}", "{mat2}")), Step(np.add, ("{out}", "{self}")))),
}


def _left(name, right):
    """The gradient for the left one of a product: grad @ right.T, laid out as what it belongs to."""
    return lambda settings, sizes: _laid_out(settings, name, (f"{{{right}}}", "{grad}.T"), ("{grad}", f"{{{right}}}.T"))


def _right(name, left):
    return lambda settings, sizes: _laid_out(settings, name, ("{grad}.T", f"{{{left}}}"), (f"{{{left}}}.T", "{grad}"))


def _laid_out(settings, name, turned, plain):
    if settings.get("alpha", 1) != 1:
        return None
    sizes, strides = (settings[f"{name}_sym_{what}"] for what in ("sizes", "strides"))
    if strides[0] == 1 and strides[1] == sizes[0]:
        return Kernel((Step(np.matmul, turned),), ".T")
    return Kernel((Step(np.matmul, plain),))


def _squared_difference(settings, sizes):
    steps = [Step(np.subtract, ("{self}", "{target}")), Step(np.multiply, ("{out}", "2.0"))]
    if settings["reduction"] == 1:
        steps.append(Step(np.divide, ("{out}", str(max(prod(sizes), 1)))))
    return Kernel((*steps, Step(np.multiply, ("{out}", "{grad}"))))


GRADIENTS = {  # (op, input) -> (settings, sizes of the gradient) -> Kernel, or None
    ("t", "self"): lambda settings, sizes: Kernel((), ".T"),
    ("mm", "self"): _left("self", "mat2"),
    ("mm", "mat2"): _right("mat2", "self"),
    ("addmm", "mat1"): _left("mat1", "mat2"),
    ("addmm", "mat2"): _right("mat2", "mat1"),
    ("mse_loss", "self"): _squared_difference,
}


# -- as source ---------------------------------------------------------------------------------------


def written(kernel, names, out, scope, fresh=False):
    """Source lines that write into the array called `out`, or make it; what they call is put into the scope."""
    names, lines, beside = {"out": out, **names}, [], []
    for function, operands, into in kernel.steps:
        scope[function.__name__] = function
        asked = ", ".join(each.format_map(names) for each in operands)
        target = into.format_map(names)
        if into != "{out}":
            beside.append(target)
        if into != "{out}" or fresh:
            lines.append(f"{target} = {function.__name__}({asked})")
            fresh = fresh and into != "{out}"
        else:
            lines.append(f"{function.__name__}({asked}, out={target})")
    return [*lines, f"del {', '.join(beside)}"] if beside else lines
