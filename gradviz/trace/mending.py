"""The one line of the script that would let go of what a variable keeps alive."""

import math
from collections.abc import Sequence

from gradviz.trace.holding import ONE_GRAPH, VALUE, Alive, Holding, Weight
from gradviz.trace.trace import Trace


def mend(trace: Trace, alive: Alive, found: Sequence[Holding], holding: Holding, weight: Weight) -> str:
    """One line that would let go of the graph; '' where there is none to let go of."""
    if weight.verdict == VALUE:
        return ""
    name = holding.name
    held = next(held for held in holding.held if alive.of(held))
    if name.startswith("<traceback>"):
        return "none: the exception that ended the run keeps its functions' variables"
    if "<traceback>" in name or "<traceback>" in held.name:
        return "keep str(error), not the error: its traceback keeps the functions' variables"
    if name.endswith(".grad"):
        return f"{name} = None, or autograd.grad() in place of backward(create_graph=True)"
    if weight.verdict == ONE_GRAPH:
        return f"none needed; del {name} would let it go" if held.name == name and _is_plain(name) else "none needed"
    value = _value(trace, held)
    element = held.name[len(holding.name) :]
    if element.startswith("[") and element[1:-1].isdecimal():
        return f"{name}.append({_variable(trace, found, holding)}{value})"
    added = _added(trace, alive, held, name)
    if added:
        return f"{name} += {added}{value}"
    return f"keep {'a number (.item())' if value == '.item()' else 'a copy out of the graph (.detach())'} in {name}"


def _is_plain(name):
    return name.replace(".", "_").isidentifier()


def _value(trace, held) -> str:
    row = trace.forwards.first_row(held.tensor)
    meta = trace.meta(int(trace.rows["meta"][row])) if row >= 0 and trace.rows["meta"][row] else None
    return ".item()" if meta is not None and math.prod(meta.shape) == 1 else ".detach()"


def _variable(trace, found, holding) -> str:
    """What the script calls the values that are held, `value` where they have no name of their own."""
    tensors = {held.tensor for held in holding.held}
    names = [trace.name(holding.held[0].tensor)]
    names += [held.name for each in found if each is not holding for held in each.held if held.tensor in tensors]
    return next((name for name in names if _is_plain(name)), "value")


def _added(trace, alive, held, name) -> str:
    """What a running total adds each time, '' where the variable is no running total."""
    forwards = trace.forwards
    op = alive.ops.get(alive.of(held), -1)
    own = name.rpartition(".")[2]
    if op < 0 or trace.call(int(forwards.call[op])).op not in ("add", "add_"):
        return ""
    inputs = forwards.input_tensor[forwards.input_from[op] : forwards.input_from[op + 1]].tolist()
    names = [trace.name(tensor) for tensor in inputs]
    if own not in [each.rpartition(".")[2] for each in names]:
        return ""
    others = [each for each in names if each.rpartition(".")[2] != own]
    return others[0] if others and _is_plain(others[0]) else "value"
