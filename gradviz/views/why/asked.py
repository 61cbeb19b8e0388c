"""What a name or number given to `gradviz why` means: something held, or results with their nodes."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from gradviz.errors import BadInput
from gradviz.trace.holding import Alive, Held, Holding
from gradviz.trace.trace import Origin, Trace
from gradviz.views.format import clip, count, safe
from gradviz.views.rows import at_line

LISTED = 8  # candidates and near matches


def asked(trace: Trace, alive: Alive, found: list[Holding], text: str) -> Holding | list[int]:
    """What is held under this name, or the places in trace.forwards of the results that are called so.

    A number is that of the table. BadInput lists the candidates where several things are meant, near matches for none.
    """
    if not text.strip():
        raise BadInput("the name is empty; give a variable, a grad_fn or a node's number, or none at all")
    number = re.fullmatch(r"(?:\w+ )?#?(\d+)", text)
    if number:
        return [_numbered(trace, int(number[1]))]
    held = [each for holding in found for each in holding.held if _is_in(safe(each.name), text)]
    if held:
        return Holding(text, tuple(held))
    held = _inner(found, text)
    if len(held) > 1:
        raise _ambiguous(trace, text, ((name, some[0].origin) for name, some in held.items()), len(held))
    if held:
        return Holding(*held.popitem())
    return _results(trace, alive, found, text)


def _numbered(trace, number):
    forwards = trace.forwards
    if not 0 < number <= len(forwards):
        raise BadInput(f"#{number}: the nodes of this trace have numbers from 1 to {len(forwards)}, as in the table")
    return number - 1


def _is_in(name: str, text: str) -> bool:
    return name == text or name.startswith(text) and name[len(text)] in "[.{"


def _inner(found: list[Holding], text: str) -> dict[str, tuple[Held, ...]]:
    """{full name: what is held} for the paths in which the text is a part after the first: `loss` of `step.loss[0]`."""
    inner: dict[str, list[Held]] = {}
    part = re.compile(rf"\.{re.escape(text)}(?=$|[\[.{{])")
    for holding in found:
        for held in holding.held:
            name = safe(held.name)
            found_part = part.search(name)
            if found_part:
                inner.setdefault(name[: found_part.end()], []).append(held)
    return {name: tuple(held) for name, held in inner.items()}


def _results(trace, alive, found, text):
    forwards = trace.forwards
    names = [safe(trace.name(tensor)) for tensor in forwards.tensor.tolist()]
    grad_fns = [
        safe(trace.call(call).grad_fn) if node else ""
        for call, node in zip(forwards.call.tolist(), forwards.node.tolist(), strict=True)
    ]
    called = [op for op in range(len(forwards)) if text in (names[op], grad_fns[op])]
    living = [op for op in called if int(forwards.node[op]) in alive.ops]
    if len(living) > 1:
        candidates = ((f"#{op + 1} {grad_fns[op]}", _origin(trace, op)) for op in living)
        raise _ambiguous(trace, text, candidates, len(living))
    if called:
        return living or called
    known = dict.fromkeys(safe(holding.name) for holding in found)
    known |= dict.fromkeys([safe(held.name) for holding in found[:1000] for held in holding.held[:LISTED]])
    known |= dict.fromkeys(filter(None, (*names, *grad_fns)))
    near = get_close_matches(text, known, LISTED // 2, 0.5)
    near = f"; near it: {', '.join(clip(name, 60) for name in near)}" if near else "; `gradviz why` lists what there is"
    raise BadInput(f"{clip(text, 60)}: no variable of that name leads to a tensor, and no node has that name{near}")


def _origin(trace, op):
    return trace.origin(int(trace.rows["origin"][trace.forwards.steps[op]]))


def _ambiguous(trace, text, candidates: Iterable[tuple[str, Origin | None]], total: int) -> BadInput:
    told = []
    for name, origin in candidates:
        where = at_line(trace, origin)
        told.append(f"\n  {clip(name, 60)}" + (f"  ({where})" if where else ""))
        if len(told) == LISTED:
            break
    more = f"\n  … {total - LISTED:,} more" if total > LISTED else ""
    return BadInput(f"{text} may mean {count(total, 'thing')}; give one of them:{''.join(told)}{more}")
