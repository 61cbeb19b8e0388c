"""Arguments by name, as PyTorch's functions take them: the first one as `input`, and NumPy's `axis` and `keepdims`."""

from functools import wraps
from inspect import unwrap
from types import FunctionType

NUMPY = {"axis": "dim", "keepdims": "keepdim"}


def argument_names(function):
    """The names of what a function takes; of an op, those of its declaration, where functions say `input`."""
    op = getattr(function, "op", None)
    if op is not None and not hasattr(function, "__wrapped__"):
        return (*inputs_of(op), *op.settings)
    for each in (function, unwrap(function)):
        code = getattr(each, "__code__", None)  # a property has none
        if code and code.co_argcount + code.co_kwonlyargcount:
            return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return ()


def inputs_of(op):
    """What an op's call takes its inputs as: the first one as `input`, where the formulas say `self`."""
    first = ("input",) if op.inputs[:1] == ("self",) and "input" not in op.inputs else op.inputs[:1]
    return (*first, *op.inputs[1:])


def take_input(function):
    """Lets a function take its first argument as `input`, where it was written as a method, with `self`.

    The code stays as it is, but for the name of that variable: a wrapper would cost each call more than it is worth.
    """
    function = unwrap(function)
    code = getattr(function, "__code__", None)
    if code and code.co_varnames[:1] == ("self",) and code.co_argcount:
        function.__code__ = _renamed(code, {"self": "input"})


def renamed(function, **names):
    """The same function with other names for some of its arguments: {old: new}."""
    code = _renamed(function.__code__, names)
    twin = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    twin.__kwdefaults__, twin.__doc__, twin.__module__ = function.__kwdefaults__, function.__doc__, function.__module__
    return twin


def _renamed(code, names):
    known = [tuple(names.get(each, each) for each in group) for group in (code.co_varnames, code.co_cellvars)]
    return code.replace(co_varnames=known[0], co_cellvars=known[1])


def with_numpy_names(function):
    """The function, which takes NumPy's words for its arguments too; itself where it has none that NumPy calls so."""
    words = {word: name for word, name in NUMPY.items() if name in argument_names(function)}
    if not words:
        return function

    @wraps(function)
    def named(*args, **given):
        for word, name in words.items() if given else ():
            if word in given and name not in given:
                given[name] = given.pop(word)
        return function(*args, **given)

    return named
