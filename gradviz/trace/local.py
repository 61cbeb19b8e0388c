"""Local gradients in numbers: the formulas of a trace, worked out from the values that it recorded.

A formula is a text such as `1 - result**2`, `1 where self > 0, else weight` or `mat2.T (grad @ mat2.T)`, of which
the part in brackets is the vector-Jacobian product. A trace may come from anywhere: a text is never evaluated as
Python, but read as a tree of numbers, names, operators and a few functions. What is anything else stays a text.
"""

import ast
import math
import operator
import re
from collections.abc import Mapping
from functools import lru_cache, reduce
from itertools import pairwise

import numpy as np

LONGEST = 300  # characters of a formula that is worked out
_PRODUCT = re.compile(r"(?P<local>.*?) \((?P<product>.*\bgrad\b.*)\)")
_CASES = re.compile(r"(?P<first>.+?) where (?P<condition>.+?), else (?P<rest>.+)")
NUMEL = "numel"  # elements of the first input
ELEMENTS = "elements_of_the_dims"  # of it, for each element of the result
AVERAGED = "averaged_over"  # numel in a loss that takes the mean, else 1
_PHRASES = {
    " / numel where the mean is taken, else without numel": f" / {AVERAGED}",
    "elements of the dims": ELEMENTS,
}

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.USub: operator.neg,
}
_FUNCTIONS = {name: getattr(np, name) for name in "exp log sin cos tan sinh cosh tanh sqrt sign abs".split()} | {
    "sigmoid": lambda value: 1 / (1 + np.exp(-value))
}


class Unknown(Exception):
    """The formula asks for what can't be worked out here."""


def split(formula: str) -> tuple[str, str]:
    """A formula's local gradient and its vector-Jacobian product; '' where none is written."""
    found = _PRODUCT.fullmatch(formula)
    return (found["local"], found["product"]) if found else (formula, "")


def worked(formula: str, values: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """What a formula comes to, in float64, with these values by name; None where it is no sum that can be done here."""
    tree = _tree(formula)
    if tree is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(_value(tree, values), np.float64)
    except (Unknown, ValueError, TypeError, RecursionError):
        return None


@lru_cache(maxsize=1024)
def _tree(formula):
    """The formula as Python's tree of an expression, `A where C, else B` as `A if C else B`; None if it is none."""
    for phrase, name in _PHRASES.items():
        formula = formula.replace(phrase, name)
    cases, rest = [], formula
    while found := _CASES.fullmatch(rest):
        cases.append(f"({found['first']}) if ({found['condition']}) else ")
        rest = found["rest"]
    if len(formula) > LONGEST:
        return None
    try:
        return ast.parse("".join(cases) + f"({rest})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(tree, values):
    """The value of a tree; it is no deeper than its text is long."""
    match tree:
        case ast.Constant(value=bool() | int() | float() as number):
            return np.float64(number)
        case ast.Name(id="pi"):
            return np.float64(math.pi)
        case ast.Name(id=name) if values.get(name) is not None:
            return values[name]
        case ast.Attribute(value=inner, attr="T"):
            return np.swapaxes(_array(_value(inner, values), 2), -1, -2)
        case ast.UnaryOp(op=how, operand=inner) if type(how) in _OPERATORS:
            return _OPERATORS[type(how)](_value(inner, values))
        case ast.BinOp(left=left, op=how, right=right) if type(how) in _OPERATORS:
            return _OPERATORS[type(how)](_value(left, values), _value(right, values))
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(how) in _OPERATORS for how in ops):
            sides = [_value(side, values) for side in (left, *others)]
            held = [_OPERATORS[type(how)](*pair) for how, pair in zip(ops, pairwise(sides), strict=True)]
            return reduce(np.logical_and, held)
        case ast.IfExp(test=test, body=body, orelse=other):
            return np.where(_value(test, values), _value(body, values), _value(other, values))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_value(inner, values))
    raise Unknown


def _array(value, dims):
    if np.ndim(value) < dims:
        raise Unknown
    return value
