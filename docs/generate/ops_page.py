"""docs/ops.md: every op of the catalogue, grouped by the file that declares it."""

import inspect
import sys
import textwrap

from docs.generate.differences import DIFFERENCES
from docs.generate.public import names_of_ops, op_parameters
from gradviz.engine.op import catalogue

HEAD = """# The ops

*Made by `python -m docs.generate`; a test holds that it says what the code says.*

Every function and method that computes is one of these {count} ops, or runs several of them. For each op:

- its declaration: positional parameters are tensors, those after `*` are settings;
- the names that call it, in `torch`, `Tensor`, `nn.functional` and `linalg`, and the functions that run it among
  others. An op without either serves other ops and their gradients;
- **grad_fn**: the node that `backward` meets. No grad_fn: the result is outside the graph;
- **dtypes**: `promote` computes in PyTorch's result type of the inputs; `float` too, and makes integers the default
  float; `same` refuses inputs of different dtypes; `as given` takes each input as it is;
- **gradient**: of each input that has one, the local gradient, which is multiplied by the gradient that arrives;
- **saves**: what the node keeps for it, and so what memory waits for `backward`. As in PyTorch, an input that serves
  the gradient of one other input alone is saved only when that one requires grad.

| room | ops | what is there |
|---|---|---|
{contents}
"""
DTYPES = {"promote": "`promote`", "float": "`float`", "same": "`same`", None: "as given"}


def ops_page():
    """The whole page."""
    rooms, names = {}, names_of_ops()
    for op in catalogue.values():
        rooms.setdefault(op.forward.__module__.rpartition(".")[2], []).append(op)
    contents = "\n".join(
        f"| [{room}](#{room}) | {len(ops)} | {_about(ops[0])} |" for room, ops in sorted(rooms.items())
    )
    parts = [HEAD.format(count=len(catalogue), contents=contents)]
    for room, ops in sorted(rooms.items()):
        parts.append(f"## {room}\n\n{_about(ops[0])}\n")
        parts += [_section(op, names.get(op.name, ([], []))) for op in ops]
    return "\n".join(parts)


def _about(op):
    """The first sentence of the docstring of an op's module."""
    return inspect.cleandoc(sys.modules[op.forward.__module__].__doc__).partition("\n")[0].replace("|", "\\|")


def _section(op, names):
    lines = [f"### {op.name}", "", filled(f"`{declaration(op)}`"), ""]
    if op.forward.__doc__:
        lines += [inspect.cleandoc(op.forward.__doc__).partition("\n")[0], ""]
    own, others = (", ".join(_code(name) for name in each) for each in names)
    if own:
        lines.append(f"- called {own}")
    if others:
        lines.append(f"- {'also ' * bool(own)}runs in {others}")
    facts = [f"grad_fn `{op.node_class.__name__}`" if op.node_class else "no grad_fn", f"dtypes {DTYPES[op.dtype]}"]
    if op.optional:
        facts.append(f"{', '.join(f'`{name}`' for name in op.optional)} may be None")
    if op.view:
        facts.append("a view: shares memory with its input")
    if op.several:
        facts.append("a tuple of outputs, of one node")
    lines.append(f"- {'; '.join(facts)}")
    for name, rule in op.vjps.items():
        lines.append(f"- gradient of `{name}`: {_code(rule.local)}")
    if op.node_class:
        lines.append(f"- saves {_saves(op)}")
    if op.name in DIFFERENCES:
        lines.append(f"- other than PyTorch: {DIFFERENCES[op.name]}")
    return "\n".join(wrapped(line) for line in lines) + "\n"


def wrapped(line):
    """A line of a list, on as many lines as it needs."""
    return filled(line, "  ") if line.startswith("- ") else line


def filled(text, indent=""):
    """A text on as many lines as it needs."""
    return textwrap.fill(text, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def declaration(op):
    """`name(self, other, *, setting)`."""
    return f"{op.name}{inspect.Signature(op_parameters(op))}"


def _code(text):
    return f"`{text}`"


def _saves(op):
    """What a node of the op saves, and when."""
    parts = []
    for name in [*op.saved, *([op.variadic] if op.saves_list else [])]:
        users = op.users(name)
        alone = len(users) == 1 and len(op.vjps) > 1 and name in op.inputs
        parts.append(f"`{name}`" + (f" if `{users[0]}` requires grad" if alone else ""))
    settings = [f"`{name}`" for name in op.node_class.setting_names]
    said = ", ".join(parts) if parts else "no tensor"
    return said + (f"; settings: {', '.join(settings)}" if settings else "")
