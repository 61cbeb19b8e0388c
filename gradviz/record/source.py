"""From a position in running code to what a person wrote there: line, columns, variable name.

CPython 3.11+ knows for each instruction the exact columns of the expression that it computes
(PEP 657). The same columns stand in the syntax tree, so the name that an assignment gives to an
expression is found by looking its columns up, without guessing.
"""

import ast
import linecache
import os
import warnings
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

MAX_TEXT = 2000  # characters of source text kept with an origin: a data file written as code stays small

_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)  # where no `global` can stand
Span = tuple[int, int, int, int]  # first line, first column, last line, end column; columns in UTF-8 bytes


class Sources:
    """Where the instructions of a running script stand in its source files.

    Files are read once, when something is first asked about them. Never raises: code without a
    source (exec, a deleted file, a file that changed) gets an origin without text or target.
    """

    def __init__(self, folder: str | None = None) -> None:
        """folder: paths below it are shown relative to it (default: the current folder)."""
        self._folder = os.path.abspath(folder or os.getcwd())
        self._files: dict[str, _SourceFile] = {}
        # Keyed by identity, since hashing a code object hashes all of its bytecode. The code object is kept
        # beside its positions so that its id can't come to mean another one.
        self._positions: dict[int, tuple[CodeType, list]] = {}

    def add(self, filename: str, text: str) -> None:
        """Give the text of a file as it was compiled, which is newer or other than the file on disk."""
        self._files[filename] = _SourceFile(text.split("\n"))

    def origin(self, code: CodeType, lasti: int) -> dict:
        """What stands at one instruction, as the JSON of an ORIGIN row.

        Keys: file, function, line (from 1), column and end_column (characters from 0; both 0 when the
        interpreter keeps no columns), end_line, text (the source lines from line to end_line), target.
        """
        filename = code.co_filename
        file = self._file(filename)
        span = self._span(code, lasti)
        if span is None:
            line = end_line = self._line(code, lasti)
            column = end_column = 0
            target = ""
        else:
            line, byte, end_line, end_byte = span
            column, end_column = file.character(line, byte), file.character(end_line, end_byte)
            target = file.targets().get(span, "")
        return {
            "file": self._shown(filename),
            "function": code.co_qualname,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "text": file.text(line, end_line),
            "target": target,
        }

    def binding(self, filename: str, name: str) -> dict | None:
        """The last place where a module's variable is bound, as the JSON of an ORIGIN row; None when unknown."""
        file = self._file(filename)
        span = file.bindings().get(name)
        if span is None:
            return None
        line, byte, end_line, end_byte = span
        return {
            "file": self._shown(filename),
            "function": "<module>",
            "line": line,
            "column": file.character(line, byte),
            "end_line": end_line,
            "end_column": file.character(end_line, end_byte),
            "text": file.text(line, end_line),
            "target": name,
        }

    def _file(self, filename: str) -> "_SourceFile":
        file = self._files.get(filename)
        if file is None:
            try:
                lines = [line.rstrip("\n") for line in linecache.getlines(filename)]
            except Exception:  # a loader of the script's own, asked through linecache, may raise anything
                lines = []
            file = self._files[filename] = _SourceFile(lines)
        return file

    def _span(self, code: CodeType, lasti: int) -> Span | None:
        held = self._positions.get(id(code))
        if held is None:
            held = self._positions[id(code)] = (code, list(code.co_positions()))
        positions = held[1]
        if not 0 <= lasti // 2 < len(positions):
            return None
        line, end_line, byte, end_byte = positions[lasti // 2]
        if line is None or end_line is None or byte is None or end_byte is None:
            return None
        return line, byte, end_line, end_byte

    def _line(self, code: CodeType, lasti: int) -> int:
        positions = self._positions[id(code)][1]
        line = positions[lasti // 2][0] if 0 <= lasti // 2 < len(positions) else None
        return line or code.co_firstlineno

    def _shown(self, filename: str) -> str:
        if filename.startswith("<"):
            return filename
        path = os.path.normpath(os.path.join(self._folder, filename))
        below = self._folder.rstrip(os.sep) + os.sep
        return path[len(below) :] if path.startswith(below) else path


class _SourceFile:
    """The lines of one file, and the name that each assignment in it gives to its value."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._targets: dict[Span, str] | None = None
        self._bindings: dict[str, Span] | None = None

    def character(self, line: int, byte: int) -> int:
        """The column in characters of a column in UTF-8 bytes."""
        if not 0 < line <= len(self.lines):
            return byte
        text = self.lines[line - 1]
        if text.isascii():
            return byte
        return len(text.encode("utf-8", "surrogatepass")[:byte].decode("utf-8", "replace"))

    def text(self, line: int, end_line: int) -> str:
        """The lines from line to end_line, joined by newlines; '' when unknown."""
        return "\n".join(self.lines[line - 1 : end_line])[:MAX_TEXT]

    def targets(self) -> dict[Span, str]:
        """Span of an expression -> the variable that the whole expression is assigned to."""
        if self._targets is None:
            tree = _parse("\n".join(self.lines))
            self._targets = {} if tree is None else _targets(tree, self._segment)
        return self._targets

    def bindings(self) -> dict[str, Span]:
        """A variable of the module -> where it is bound last."""
        if self._bindings is None:
            tree = _parse("\n".join(self.lines))
            self._bindings = {} if tree is None else _bound(tree)
        return self._bindings

    def _segment(self, node: ast.expr) -> str:
        if node.lineno != node.end_lineno:
            return ast.unparse(node)
        line = self.lines[node.lineno - 1].encode()
        return line[node.col_offset : node.end_col_offset].decode()


def _parse(text: str) -> ast.Module | None:
    # Python tells of a script's doubtful escapes when it compiles the script; parsing it once more must
    # not tell again. Swapping showwarning leaves the filters, and what they have shown, as they are.
    shown = warnings.showwarning
    warnings.showwarning = lambda *_, **__: None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    finally:
        warnings.showwarning = shown


class _Binding(NamedTuple):
    target: ast.expr
    value: ast.expr


def _targets(tree: ast.Module, segment) -> dict[Span, str]:
    found: dict[Span, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):  # `w -= e` computes with the columns of the whole statement
            found[_span(node)] = segment(node.target)
            continue
        pending = list(_bindings(node))
        while pending:
            target, value = pending.pop()
            pairs = _split(target, value)
            if pairs is not None:
                pending.extend(pairs)
            elif isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
                name = segment(target)
                for span in _spans(value):
                    found.setdefault(span, name)
    return found


def _bindings(node: ast.AST) -> Iterator[_Binding]:
    if isinstance(node, ast.Assign):
        yield _Binding(node.targets[0], node.value)
    elif isinstance(node, ast.NamedExpr) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        yield _Binding(node.target, node.value)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield _Binding(node.optional_vars, node.context_expr)


def _split(target: ast.expr, value: ast.expr) -> list[_Binding] | None:
    """The assignments that one assignment stands for; None when it is a plain one."""
    if isinstance(value, ast.IfExp):
        return [_Binding(target, value.body), _Binding(target, value.orelse)]
    if isinstance(target, ast.Tuple | ast.List):
        if not isinstance(value, ast.Tuple | ast.List) or len(target.elts) != len(value.elts):
            return []
        if any(isinstance(element, ast.Starred) for element in target.elts + value.elts):
            return []
        return [_Binding(*pair) for pair in zip(target.elts, value.elts, strict=True)]
    return None


def _spans(value: ast.expr) -> Iterator[Span]:
    """The columns that an instruction computing `value` may carry."""
    span = _span(value)
    yield span
    # In a chain broken over lines, CPython lets a method call start at the method's name.
    called = value.func if isinstance(value, ast.Call) else value
    if isinstance(called, ast.Attribute) and called.end_lineno != called.lineno:
        start = called.end_col_offset - len(called.attr.encode())
        yield called.end_lineno, start, span[2], span[3]


def _span(node: ast.expr | ast.stmt) -> Span:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _bound(tree: ast.Module) -> dict[str, Span]:
    """The last binding of each name of a module: by its own statements, and by functions that declare it global."""
    found: dict[str, Span] = {}
    waiting: list[tuple[ast.AST, set[str] | None]] = [(tree, None)]  # None: in the module's own scope
    while waiting:
        node, shared = waiting.pop()
        for name in _names(node):
            if (shared is None or name in shared) and (name not in found or _span(node) > found[name]):
                found[name] = _span(node)
        if isinstance(node, _SCOPES):
            shared = set()
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            shared = {name for inner in node.body if isinstance(inner, ast.Global) for name in inner.names}
        waiting.extend((child, shared) for child in ast.iter_child_nodes(node))
    return found


def _names(node: ast.AST) -> list[str]:
    """The names that one node of the tree binds."""
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store) else []
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
