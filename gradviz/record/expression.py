"""Turns `-e EXPRESSION -v NAME=VALUE -c NAME=VALUE` into a small script: one leaf a line, then backward.

The script is real text under the name `<expression>`, so that lines, columns and variable names in
the trace come from the same place as those of any script.
"""

import ast
import keyword
import linecache
import math
import sys
import traceback
import unicodedata
from collections.abc import Sequence
from types import ModuleType

from gradviz.errors import BadInput
from gradviz.record.script import Program, compiled

FILENAME = "<expression>"
BUILTINS = ("abs", "bool", "float", "int", "len", "range", "True", "False", "None")
TAKEN = ("torch", "gradviz", "result")  # names that the little script itself uses
MAX_DIMS = 32


def expression(text: str, variables: Sequence[str] = (), constants: Sequence[str] = ()) -> Program:
    """An expression, ready to run; backward runs from its result.

    variables, constants: texts NAME=VALUE; variables become float leaves that require grad.
    BadInput, one line: a syntax error (with a caret line), undefined names (all of them), a bad value.
    """
    text = text.strip()
    leaves = _leaves(variables, constants)
    known = _functions()
    _check_names(_parse(text), {*leaves, *known, *BUILTINS})
    forward = "\n".join([*leaves.values(), f"result = {text}"])
    # Which of the last two lines runs is known once there is a result.
    backward = ("result.backward()", "result.backward(torch.ones_like(result))")
    source = "\n".join([forward, *backward])
    linecache.cache[FILENAME] = (len(source), None, source.splitlines(keepends=True), FILENAME)
    compute = compiled(forward, FILENAME, FILENAME)
    above = forward.count("\n") + 1
    scalar, ones = (
        compiled("\n" * (above + line) + call, FILENAME, FILENAME) for line, call in enumerate(backward)
    )
    notes: list[str] = []

    def execute(main: ModuleType) -> None:
        namespace = main.__dict__
        namespace.update(known)
        exec(compute, namespace)
        result = namespace["result"]
        if not isinstance(result, known["torch"].Tensor):
            raise BadInput(
                f"the expression's result is of type {type(result).__name__}, not a tensor; "
                "define what it computes with by -v NAME=VALUE"
            )
        if not result.requires_grad:
            notes.append("nothing in the expression requires grad; define a variable with -v NAME=VALUE")
        elif math.prod(result.shape) == 1:
            exec(scalar, namespace)
        else:
            shape = tuple(result.shape)
            notes.append(f"the result has shape {shape}, not one value: backward started from ones{shape}")
            exec(ones, namespace)

    return Program(text, "expression", [FILENAME], "", FILENAME, source, execute, _report, notes)


def _parse(text: str) -> ast.Expression:
    try:
        return ast.parse(text, FILENAME, mode="eval")
    except SyntaxError as error:
        line = (error.text or text.split("\n")[0]).rstrip("\n")
        caret = " " * min(max((error.offset or 1) - 1, 0), len(line)) + "^"
        raise BadInput(f"the expression has a syntax error: {error.msg}\n  {line}\n  {caret}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"the expression can't be read: {error or type(error).__name__}") from None


def _check_names(tree: ast.Expression, known: set[str]) -> None:
    used: dict[str, tuple[int, int]] = {}
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.Name):
            used.setdefault(node.id, (node.lineno, node.col_offset))
    undefined = [name for name in sorted(used, key=used.get) if name not in known and name not in bound]
    if undefined:
        listed = ", ".join(undefined)
        example = undefined[0]
        raise BadInput(
            f"the expression uses undefined names: {listed}; define each with -v, such as -v {example}=2 "
            f"(requires grad), or -c {example}=2 (a constant)"
        )


def _functions() -> dict[str, object]:
    """What an expression may call: gradviz's public functions, bare or after torch., gradviz., F. and nn."""
    import gradviz
    from gradviz import nn

    public = {
        name: value
        for name, value in vars(gradviz).items()
        # float, int and bool are dtypes in gradviz; bare, they mean Python's
        if not (
            name.startswith("_") or name in BUILTINS and not callable(value) or isinstance(value, ModuleType)
        )
    }
    return public | {"torch": gradviz, "gradviz": gradviz, "nn": nn, "F": nn.functional}


def _leaves(variables: Sequence[str], constants: Sequence[str]) -> dict[str, str]:
    """Name -> the line of the little script that makes the leaf, in the order given."""
    leaves: dict[str, str] = {}
    for option, texts in (("-v", variables), ("-c", constants)):
        for text in texts:
            name, value = _split(option, text)
            if name in leaves:
                raise BadInput(f"{option} {text}: {name!r} is defined twice; keep one of them")
            written = _written(_value(option, text, value, needs_floats=option == "-v"))
            requires_grad = ", requires_grad=True" if option == "-v" else ""
            leaves[name] = f"{name} = torch.tensor({written}{requires_grad})"
    return leaves


def _split(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name = unicodedata.normalize("NFKC", name.strip())
    if not equals or not name or not value.strip():
        raise BadInput(f"{option} {text}: expected NAME=VALUE, such as {option} w=2")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadInput(f"{option} {text}: {name!r} can't be a variable's name; use letters, digits and _")
    if name in TAKEN:
        raise BadInput(f"{option} {text}: the name {name!r} is taken; choose another")
    return name, value.strip()


def _value(option: str, text: str, value: str, needs_floats: bool) -> object:
    try:
        parsed = ast.literal_eval(value)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        try:
            parsed = float(value)  # inf and nan are no Python literals
        except ValueError:
            expected = "a number or a list of numbers, such as 2 or [1.0, 2.5]"
            raise BadInput(f"{option} {text}: {value!r} isn't {expected}") from None
    try:
        checked, _ = _checked(parsed, needs_floats, MAX_DIMS)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{option} {text}: {error}") from None
    return checked


def _checked(value: object, needs_floats: bool, depth: int) -> tuple[object, tuple[int, ...]]:
    """The value with its numbers as wanted, and its shape; ValueError says what is wrong with it."""
    if isinstance(value, list | tuple):
        if depth == 0:
            raise ValueError(f"nested more than {MAX_DIMS} deep; a tensor has at most so many dimensions")
        items = [_checked(item, needs_floats, depth - 1) for item in value]
        shapes = {shape for _, shape in items}
        if len(shapes) > 1:
            raise ValueError("its rows differ in length; a tensor's rows are all of one shape")
        return [item for item, _ in items], (len(items), *(shapes.pop() if shapes else ()))
    if isinstance(value, bool) and not needs_floats:
        return value, ()
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = "; only floats can require grad (give it with -c)" if isinstance(value, bool) else ""
        raise ValueError(f"{value!r} is of type {type(value).__name__}; expected numbers{hint}")
    if needs_floats:
        return float(value), ()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} doesn't fit into int64; write it as a float")
    return value, ()


def _written(value: object) -> str:
    """The value as source text; recursion ends at MAX_DIMS."""
    if isinstance(value, list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _report(failure: BaseException) -> None:
    """Print the exception with the expression's own lines alone: the rest of the stack is gradviz's."""
    told = traceback.TracebackException.from_exception(failure)
    own = [frame for frame in told.stack if frame.filename == FILENAME]
    told.stack = traceback.StackSummary.from_list(own)
    print("".join(told.format()), end="", file=sys.stderr)
