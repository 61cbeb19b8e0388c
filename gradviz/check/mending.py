"""Lines of the script, mended: the fix of a finding is code that could stand there."""

import ast
import textwrap

from gradviz.trace.trace import Origin

MAKERS = frozenset("tensor as_tensor asarray Tensor FloatTensor DoubleTensor from_numpy Parameter".split())
IN_PLACE_ONLY = frozenset(
    "fill_ copy_ set_ normal_ uniform_ bernoulli_ exponential_ random_ log_normal_ cauchy_ geometric_".split()
)
LEAVING = frozenset(("item", "detach", "numpy", "tolist", "cpu", "clone"))  # methods by which values leave the graph


def expression(origin: Origin | None) -> str:
    """The source of the expression at an origin, on one line where it can be; '' if unknown."""
    if origin is None or not origin.text:
        return ""
    lines = origin.text.split("\n")
    if origin.end_column <= 0 or len(lines) <= origin.end_line - origin.line:
        return origin.text.strip()
    lines = lines[: origin.end_line - origin.line + 1]
    lines[-1] = lines[-1][: origin.end_column]
    lines[0] = lines[0][origin.column :]
    tree = _parsed("(" + "\n".join(lines) + "\n)")
    return ast.unparse(tree) if tree is not None and len(lines) > 1 else " ".join(map(str.strip, lines))


def statement(origin: Origin | None) -> ast.stmt | None:
    """The simple statement on the lines of an origin, else its expression as one; None when neither can be read."""
    if origin is None:
        return None
    tree = _parsed(textwrap.dedent(origin.text).strip())
    part = isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Tuple)  # arguments of a call over several lines
    return _parsed(expression(origin)) if tree is None or part or hasattr(tree, "body") else tree


def statement_text(origin: Origin | None) -> str:
    """That statement as text; what stands there where it can't be read."""
    tree = statement(origin)
    return ast.unparse(tree) if tree is not None else expression(origin)


def receiver(origin: Origin | None) -> str:
    """`loss` of the call `loss.backward()` at an origin; '' for any other."""
    tree = _parsed(expression(origin))
    called = tree.value.func if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call) else None
    plain = isinstance(called, ast.Attribute) and called.attr == "backward" and not tree.value.args
    return ast.unparse(called.value) if plain else ""


def with_argument(origin: Origin | None, name: str, value: str = "True") -> str:
    """The call at an origin with one keyword argument more: `loss.backward(retain_graph=True)`."""
    text = expression(origin)
    tree = _parsed(text)
    if not (isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call)):
        return f"{text}  # with {name}={value}".strip()
    call = tree.value
    call.keywords = [each for each in call.keywords if each.arg != name]
    call.keywords.append(ast.keyword(name, ast.parse(value, mode="eval").body))
    return ast.unparse(tree)


def without(origin: Origin | None, *names: str) -> str:
    """The line without these methods and attributes: `y.detach() * 2` as `y * 2`; '' where they don't stand there."""
    return _rewritten(origin, _Stripped(frozenset(names)))


def unwrapped(origin: Origin | None) -> str:
    """The line with what `tensor(...)` takes in its place, a list stacked; '' where there is no such call."""
    return _rewritten(origin, _Unwrapped())


def marked_last(origin: Origin | None) -> str:
    """`w = randn(3, requires_grad=True) * 2` as `w = (randn(3) * 2).requires_grad_()`; '' for others."""
    tree = statement(origin)
    if not isinstance(tree, ast.Assign):
        return ""
    before, rewriter = ast.dump(tree), _Unmarked()
    tree = rewriter.visit(tree)
    if ast.dump(tree) == before:
        return ""
    tree.value = ast.Call(ast.Attribute(tree.value, "requires_grad_", ast.Load()), [], [])
    return ast.unparse(tree)


def out_of_place(origin: Origin | None) -> str:
    """A line that changes a tensor in place as one that makes a new one; '' where it can't be told how."""
    trees = statement(origin), _parsed(expression(origin))
    return next(filter(None, map(_out_of_place, filter(None, trees))), "")


def _out_of_place(tree):
    if isinstance(tree, ast.AugAssign):
        if isinstance(tree.target, ast.Subscript):
            return _cloned_first(tree.target.value, tree)
        left = ast.parse(ast.unparse(tree.target), mode="eval").body
        return ast.unparse(ast.Assign([tree.target], ast.BinOp(left, tree.op, tree.value), lineno=0))
    if isinstance(tree, ast.Assign) and isinstance(tree.targets[0], ast.Subscript):
        return _cloned_first(tree.targets[0].value, tree)
    before, after = ast.unparse(tree), ast.unparse(_NotInPlace().visit(tree))
    if after != before:
        return after
    called = tree.value.func if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call) else None
    if isinstance(called, ast.Attribute) and called.attr.endswith("_") and not called.attr.endswith("__"):
        return _method_out_of_place(called, tree)
    return ""


def _method_out_of_place(method, tree):
    changed, name = method.value, ast.unparse(method.value)
    if isinstance(changed, ast.Subscript):
        return _cloned_first(changed.value, tree)
    if not isinstance(changed, (ast.Name, ast.Attribute)):
        return ""
    if method.attr == "zero_":
        return f"{name} = torch.zeros_like({name})"
    if method.attr in IN_PLACE_ONLY:
        return _cloned_first(changed, tree)
    method.attr = method.attr[:-1]
    return f"{name} = {ast.unparse(tree)}"


def _cloned_first(target, tree):
    if not isinstance(target, (ast.Name, ast.Attribute)):
        return ""
    name = ast.unparse(target)
    return f"{name} = {name}.clone()\n{ast.unparse(tree)}"


def _parsed(text):
    """The only statement of a text; None when it is none or several."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return body[0] if len(body) == 1 else None


def _rewritten(origin, rewriter):
    tree = statement(origin)
    if tree is None:
        return ""
    before = ast.unparse(tree)
    tree = rewriter.visit(tree)
    after = ast.unparse(tree)
    if isinstance(tree, ast.Assign) and ast.unparse(tree.targets[0]) == ast.unparse(tree.value):
        return f"# without this line: {before}"
    return after if after != before else ""


class _Stripped(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Call(self, node):
        self.generic_visit(node)
        method = node.func
        return method.value if isinstance(method, ast.Attribute) and method.attr in self.names else node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        return node.value if node.attr == "data" and "data" in self.names else node


class _Unwrapped(ast.NodeTransformer):
    def visit_Call(self, node):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in MAKERS or not node.args:
            self.generic_visit(node)
            return node
        inner = _Plain().visit(node.args[0])
        if isinstance(inner, (ast.List, ast.Tuple)):
            module = node.func.value if isinstance(node.func, ast.Attribute) else ast.Name("torch")
            return ast.Call(ast.Attribute(module, "stack", ast.Load()), [inner], [])
        return inner


class _Plain(ast.NodeTransformer):
    """Takes away what only carried a value out of the graph."""

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "float" and len(node.args) == 1:
            return node.args[0]
        leaves = isinstance(node.func, ast.Attribute) and node.func.attr in LEAVING and not node.args
        return node.func.value if leaves else node


class _Unmarked(ast.NodeTransformer):
    def visit_Call(self, node):
        self.generic_visit(node)
        node.keywords = [each for each in node.keywords if each.arg != "requires_grad"]
        return node


class _NotInPlace(ast.NodeTransformer):
    def visit_Call(self, node):
        self.generic_visit(node)
        node.keywords = [each for each in node.keywords if each.arg != "inplace"]
        return node
