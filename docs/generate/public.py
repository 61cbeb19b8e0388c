"""What gradviz offers by name, and which ops of the catalogue lie behind each name."""

import ast
import inspect
import textwrap
from types import FunctionType, ModuleType

import gradviz
from gradviz.engine.op import catalogue

PLACES = {
    "torch": gradviz,
    "Tensor": gradviz.Tensor,
    "nn.functional": gradviz.nn.functional,
    "linalg": gradviz.linalg,
}
SIGNS = {
    "__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//", "__mod__": "%",
    "__pow__": "**", "__matmul__": "@", "__neg__": "-x", "__pos__": "+x", "__invert__": "~", "__and__": "&",
    "__or__": "|", "__xor__": "^", "__lshift__": "<<", "__rshift__": ">>", "__eq__": "==", "__ne__": "!=",
    "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=", "__getitem__": "x[...]", "__setitem__": "x[...] = y",
    "__rsub__": "number - x", "__rtruediv__": "number / x", "__rpow__": "number ** x",
}  # fmt: skip


def attributes(place):
    """{name: value} of a namespace, sorted; a function stands for the package that has its name, such as `trace`."""
    found = {}
    for name, each in sorted(vars(place).items()):
        is_package = isinstance(each, ModuleType) and callable(each)
        found[name] = each.function if is_package else each
    return found


def functions(place):
    """{name: function} of gradviz's own functions in a namespace, sorted by name."""
    own = {}
    for name, each in attributes(PLACES[place]).items():
        hidden = name.startswith("_") and name not in SIGNS
        if isinstance(each, FunctionType) and not hidden and (each.__module__ or "").startswith("gradviz"):
            own[name] = each
    if place == "nn.functional":  # what it only imports for itself is no part of it
        own = {name: each for name, each in own.items() if not each.__module__.startswith("gradviz.engine.")}
    return own


def names_of_ops():
    """{name of an op: (its own names, functions that run it among others)}: (["torch.mul", "*"], ["torch.kron"])."""
    public = {function for place in PLACES for function in functions(place).values()}
    found = {}
    for place in PLACES:
        for name, function in functions(place).items():
            shown = f"{place}.{name}" if name not in SIGNS else SIGNS[name]
            for op in _ops_behind(function, public):
                names = found.setdefault(op, ([], []))[not _is_own(name, function, op)]
                if shown not in names:
                    names.append(shown)
    return found


def _is_own(name, function, op):
    """Whether a name is the op's own, and not of a function that runs the op among others."""
    title = catalogue[op].title.rpartition(".")[2]
    return hasattr(function, "op") or name in SIGNS or name.rstrip("_") == title


def _ops_behind(function, public):
    """Names of the ops that a function runs, itself or through helpers that are not public."""
    found, waiting, seen = {}, [function], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        op = getattr(each, "op", None)
        if op is not None:
            found[op.name] = None
        elif isinstance(each, FunctionType) and (each is function or each not in public):
            waiting += _called(each)
    return list(found)


def _called(function):
    """The functions of gradviz that the source of a function names."""
    if not (function.__module__ or "").startswith("gradviz"):
        return []
    function = inspect.unwrap(function)
    held = [cell.cell_contents for cell in function.__closure__ or () if not _is_empty(cell)]
    named = [each for each in held if isinstance(each, FunctionType)]
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):  # a lambda inside a call, or code without a file
        return named
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            named += _functions_in(function.__globals__.get(node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = function.__globals__.get(node.value.id)
            if isinstance(module, ModuleType) and module.__name__.startswith("gradviz"):
                named += _functions_in(getattr(module, node.attr, None))
    return named


def _functions_in(value):
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
    return [each for each in values if isinstance(each, FunctionType)]


def _is_empty(cell):
    try:
        return cell.cell_contents is None
    except ValueError:
        return True


def parameters(function):
    """The inspect.Parameters of a function as it is called; of an op, those of its declaration."""
    op = getattr(function, "op", None)
    own = inspect.signature(function, follow_wrapped=False)
    bare = [each.kind for each in own.parameters.values()] == [
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    ]
    if bare and op is not None:
        return op_parameters(op)
    return list((inspect.signature(function) if bare else own).parameters.values())


def op_parameters(op):
    """The parameters of an op: tensors, then settings."""
    kinds = inspect.Parameter
    made = []
    for name in op.inputs:
        made.append(kinds(name, kinds.VAR_POSITIONAL if name == op.variadic else kinds.POSITIONAL_OR_KEYWORD))
    return made + [kinds(name, kinds.KEYWORD_ONLY, default=default) for name, default in op.settings.items()]
