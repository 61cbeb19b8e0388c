"""The list of refusals in docs/differences.md: every exception of the engine whose text names gradviz."""

import ast

from docs.generate.ops_page import wrapped

START, END = "<!-- refusals: made by python -m docs.generate -->", "<!-- end of refusals -->"
ROOMS = ("engine", "ops", "nn", "optim", "utils", "autograd", "linalg.py", "random.py", "cuda.py")


def with_refusals(page, root):
    """The page with its list of refusals as the code now has them."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    found = sorted(set(refusals(root)), key=lambda each: each[1].lower())
    lines = [wrapped(f"- {kind}: {text}") for kind, text in found]
    return f"{before}{START}\n" + "\n".join(lines) + f"\n{END}{after}"


def refusals(root):
    """(exception class, text) of each; what stands in braces is filled in when it is raised."""
    found = []
    for room in ROOMS:
        path = root / "gradviz" / room
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            tree = ast.parse(file.read_text())
            constants = {
                node.targets[0].id: node.value
                for node in tree.body
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            }
            raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
            for call in raised:
                if not isinstance(call, ast.Call) or not call.args:
                    continue
                value = call.args[0]
                text = _text(constants.get(value.id) if isinstance(value, ast.Name) else value)
                if "gradviz" in text:
                    found.append((ast.unparse(call.func), text))
    return found


def _text(value):
    """A string as the source has it, holes of f-strings in braces; "" for what is none."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.JoinedStr):
        return "".join(
            "{" + ast.unparse(part.value) + "}" if isinstance(part, ast.FormattedValue) else part.value
            for part in value.values
        )
    return ""
