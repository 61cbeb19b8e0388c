"""Ops, and gradients of ops, as ufuncs that write into memory that is given to them.

A kernel is a list of steps (ufunc, arguments); in an argument, `{name}` stands for an input or a saved tensor, `{g}`
for the incoming gradient, `{out}` for the result so far. They are the catalogue's own formulas, in its order, so that
the bits are its bits; whoever uses one compares it with what the op gave.
"""

from math import prod

import numpy as np

NAMES = ("add", "subtract", "multiply", "divide", "negative", "not_equal", "exp", "log", "sqrt", "sin", "cos", "tanh",
         "maximum", "matmul")  # fmt: skip
UFUNCS = {name: getattr(np, name) for name in NAMES}


def _unscaled(settings):
    return settings.get("alpha", 1) == 1 and settings.get("beta", 1) == 1


def _always(*steps):
    return lambda settings: steps


def _unless_scaled(*steps):
    return lambda settings: steps if _unscaled(settings) else None


def _square(settings):
    return [("multiply", "{self}", "{self}")] if settings["exponent"] == 2 else None


FORWARD = {  # op -> settings -> steps, or None
    "add": _unless_scaled(("add", "{self}", "{other}")),
    "sub": _unless_scaled(("subtract", "{self}", "{other}")),
    "mul": _always(("multiply", "{self}", "{other}")),
    "div": _always(("divide", "{self}", "{other}")),
    "neg": _always(("negative", "{self}")),
    "exp": _always(("exp", "{self}")),
    "log": _always(("log", "{self}")),
    "sqrt": _always(("sqrt", "{self}")),
    "sin": _always(("sin", "{self}")),
    "cos": _always(("cos", "{self}")),
    "tanh": _always(("tanh", "{self}")),
    "relu": _always(("maximum", "{self}", "0.0")),
    "pow_scalar": _square,
    "mm": _always(("matmul", "{self}", "{mat2}")),
    "bmm": _always(("matmul", "{self}", "{mat2}")),
    "addmm": _unless_scaled(("matmul", "{mat1}", "{mat2}"), ("add", "{out}", "{self}")),
}


class Steps(list):
    """The steps of a gradient; view: what is shown of the result in the end, such as ".T"."""

    view = ""


def _gradient(*steps, view=""):
    made = Steps(steps)
    made.view = view
    return lambda settings, sizes: made


def _left(right):
    """The gradient for the left one of a product: grad @ right.T, laid out as what it belongs to."""
    return lambda settings, sizes: _product(settings, f"{{{right}}}", "{g}.T", "{g}", f"{{{right}}}.T")


def _right(left):
    return lambda settings, sizes: _product(settings, "{g}.T", f"{{{left}}}", f"{{{left}}}.T", "{g}")


def _product(settings, turned_one, turned_two, one, two):
    if not _unscaled(settings):
        return None
    sizes, strides = (settings[next(k for k in settings if k.endswith(end))] for end in ("_sizes", "_strides"))
    turned = strides[0] == 1 and strides[1] == sizes[0]
    made = Steps([("matmul", turned_one, turned_two) if turned else ("matmul", one, two)])
    made.view = ".T" if turned else ""
    return made


def _of_input(name, inner):
    """Of the settings, only those that tell of one input, beside alpha and beta."""

    def steps(settings, sizes):
        return inner({k: v for k, v in settings.items() if k in ("alpha", "beta") or k.startswith(f"{name}_")}, sizes)

    return steps


def _squared_difference(settings, sizes):
    steps = [("subtract", "{self}", "{target}"), ("multiply", "{out}", "2.0")]
    if settings["reduction"] == 1:
        steps.append(("divide", "{out}", str(max(prod(sizes), 1))))
    return Steps([*steps, ("multiply", "{out}", "{g}")])


BACKWARD = {  # op -> input -> (settings, sizes of the gradient) -> Steps, or None
    "mul": {"self": _gradient(("multiply", "{g}", "{other}")), "other": _gradient(("multiply", "{g}", "{self}"))},
    "div": {"self": _gradient(("divide", "{g}", "{other}"))},
    "neg": {"self": _gradient(("negative", "{g}"))},
    "exp": {"self": _gradient(("multiply", "{g}", "{result}"))},
    "log": {"self": _gradient(("divide", "{g}", "{self}"))},
    "tanh": {
        "self": _gradient(
            ("multiply", "{result}", "{result}"), ("subtract", "1", "{out}"), ("multiply", "{g}", "{out}")
        )
    },
    "sigmoid": {
        "self": _gradient(
            ("subtract", "1", "{result}"), ("multiply", "{out}", "{result}"), ("multiply", "{g}", "{out}")
        )
    },
    "t": {"self": _gradient(view=".T")},
    "mm": {"self": _of_input("self", _left("mat2")), "mat2": _of_input("mat2", _right("self"))},
    "addmm": {"mat1": _of_input("mat1", _left("mat2")), "mat2": _of_input("mat2", _right("mat1"))},
    "mse_loss": {"self": _squared_difference},
}


def written(steps, names, out):
    """Source lines that write into the array called `out`."""
    return [f"{ufunc}({', '.join(_filled(arguments, names, out))}, out={out})" for ufunc, *arguments in steps]


def fresh(steps, names, out):
    """Source lines that make a new array and call it `out`."""
    ufunc, *arguments = steps[0]
    first = f"{out} = {ufunc}({', '.join(_filled(arguments, names, out))})"
    return [first, *written(steps[1:], names, out)]


def _filled(arguments, names, out):
    return [each.format_map({"out": out, **names}) for each in arguments]
