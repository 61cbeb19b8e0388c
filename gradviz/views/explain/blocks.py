"""One node's backward as a block of lines: what came in, the local gradients, what was handed on or stored.

Text, Markdown and LaTeX are all written from these blocks, so that they can't disagree.
"""

import re
from typing import NamedTuple

from gradviz.trace.chain import ELEMENTWISE, PRODUCT, Chain, Passed, Work
from gradviz.trace.preview import Preview
from gradviz.trace.spread import as_preview
from gradviz.views import format as fmt
from gradviz.views import verification
from gradviz.views.rows import at_line, called_by


class Line(NamedTuple):
    """What it is, how it comes about, and the value (a text where there is none); heading: it opens a part."""

    label: str
    formula: str = ""
    value: Preview | str = ""
    heading: bool = False


class Block(NamedTuple):
    """A heading and its lines."""

    title: str
    lines: tuple[Line, ...]


def names_of(chain: Chain) -> dict[int, str]:
    """`#5 w * x` for each result of the graph."""
    called = called_by(chain.trace, chain.graph)
    return {number: f"#{number} {called[number]}".rstrip() for number in chain.entries} | {0: "what nobody saw made"}


def title_of(chain: Chain, work: Work, names: dict[int, str]) -> str:
    """`#5 w * x, MulBackward0, line 23: step 6 of backward 1`."""
    entry = work.entry
    told = [names[entry.number], fmt.safe(entry.grad_fn), at_line(chain.trace, entry.origin)]
    when = f"step {work.order} of backward {work.backward}" if work.order else f"backward {work.backward}"
    return f"{', '.join(each for each in told if each)}: {when}"


def node_block(chain: Chain, work: Work, names: dict[int, str]) -> Block:
    """A node's backward in its sub-steps."""
    lines = [*_operands(chain, work, names), *_incoming(chain, work, names)]
    if work.added >= 0:
        lines += [Line("stored in .grad", heading=True), *added_lines(chain, work.added, _sum_of(len(work.arrivals)))]
    elif not work.order:
        lines.append(Line("not stored", "autograd.grad returned it"))
    for passed in work.passed:
        lines += _passed(chain, work, passed, names)
    return Block(title_of(chain, work, names), tuple(lines))


def added_lines(chain: Chain, step: int, how: str = "") -> list[Line]:
    """A leaf's .grad: before, what was added, after."""
    trace = chain.trace
    row = trace.rows[step]
    before = trace.preview(int(row["ref"])) if row["ref"] else None
    call, node = int(row["a"]), int(row["node"])
    came = chain.arrived_at(node, call)
    return [
        Line(".grad before", "", "none" if before is None else before),
        Line(".grad added", how, "not kept" if came is None else came),
        Line(".grad after", "" if before is None else "before + added", value_or_none(trace.value(step))),
    ]


def _operands(chain, work, names):
    """The inputs and settings that the formulas speak of."""
    entry = work.entry
    lines = [
        Line(f"{fmt.safe(operand.name)} is", names.get(operand.number, ""), value_or_none(_at(chain, operand.step)))
        for operand in chain.operands(entry)
        if operand.name
    ]
    texts = " ".join(passed.formula for passed in work.passed)
    if _speaks_of(texts, "result"):
        lines.append(Line("result is", names[entry.number], value_or_none(chain.trace.value(entry.step))))
    if any(chain.local(work, passed).value is None for passed in work.passed):
        texts = texts.replace("elements of the dims", "")  # may be others than were counted
    settings = {name.replace("_", " "): fmt.number(value) for name, value in chain.settings(entry).items()}
    settings |= {name: fmt.safe(str(value)) for name, value in chain.call(entry).params.items()}
    return lines + [Line(f"{fmt.safe(name)} is", value) for name, value in settings.items() if _speaks_of(texts, name)]


def _speaks_of(text, name):
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None


def _at(chain, step):
    return chain.trace.value(step) if step >= 0 else None


def _incoming(chain, work, names):
    lines = [Line("incoming", heading=True)]
    if len(work.incoming) != 1:
        lines += [Line("from", _source(each, names), value_or_none(_at(chain, each.step))) for each in work.arrivals]
        return lines + [Line(f"output {at}", "", value_or_none(_at(chain, step))) for at, step in work.incoming]
    value = value_or_none(chain.incoming(work))
    if not work.arrivals:
        return [*lines, Line("given", "backward starts here", value)]
    arrived = [chain.arrival(work, each) for each in work.arrivals]
    for each, came in zip(work.arrivals, arrived, strict=True):
        lines.append(Line("from", _source(each, names), value_or_none(came)))
    if chain.is_sum(work, arrived) is False:
        return [*lines, Line("became", "by a hook, or with what backward() was given", value)]
    return [*lines, Line("sum", "", value)] if len(arrived) > 1 else lines


def _source(arrival, names):
    name = f", its {fmt.safe(arrival.name)}" if arrival.name else ""
    return f"{names[arrival.source]}{name}"


def _passed(chain, work, passed: Passed, names):
    """The sub-steps for one input."""
    handed = value_or_none(chain.trace.value(passed.step))
    to = names.get(passed.target, names[0])
    lines = [Line(f"to {to}" + (f", its {fmt.safe(passed.name)}" if passed.name else ""), heading=True)]
    local = chain.local(work, passed)
    text = fmt.safe(local.text)
    if local.how == ELEMENTWISE and isinstance(handed, Preview):
        laid = local.laid != chain.incoming(work).shape
        how = f"laid out as {fmt.shape(local.laid)}" if laid else ""
        lines += [Line("local gradient", text, as_preview(local.value, handed.dtype)), Line("× incoming", how, handed)]
    elif local.how == PRODUCT:
        lines.append(Line("product", text, handed))
    else:
        lines += [Line("local gradient", text or no_formula(work)), Line("applied", "", handed)]
        lines += _first_element(chain, work, passed)
    if isinstance(handed, Preview) and handed.shape != passed.shape:
        summed = chain.unbroadcast(passed, work.backward)
        how = f"sum {fmt.shape(handed.shape)} → {fmt.shape(passed.shape)}"
        lines.append(Line("un-broadcast", how, value_or_none(summed)))
    if (found := chain.verified(work, passed)) is not None:
        lines.append(Line(*verification.sentence(found)))
    return lines + _stored(chain, work, passed)


def no_formula(work: Work) -> str:
    """The words for a node whose backward the catalogue has no formula for."""
    own = work.entry.grad_fn.endswith("Backward")  # as Function's nodes are called; ops have a number behind it
    return "the script's own backward" if own else "no formula recorded"


def _first_element(chain, work, passed):
    found = chain.first_element(work, passed)
    if found is None:
        return []
    local, incoming, handed = map(fmt.number, found)
    return [Line("first element", f"{local} × {incoming}", handed)]


def _stored(chain, work, passed):
    """What became of it at a leaf, or that it is summed with others first."""
    uses = chain.uses(passed, work.backward)
    added = chain.added(work.backward, passed.node)
    if uses > 1:
        return [Line("handed on", f"one of {uses} that meet there")]
    if added >= 0:
        return added_lines(chain, added)
    returned = chain.captured(passed.target, work.backward)
    return [Line("returned", "by autograd.grad", value_or_none(chain.trace.value(returned)))] if returned >= 0 else []


def _sum_of(count):
    return f"sum of {count}" if count > 1 else ""


def value_or_none(value: Preview | None) -> Preview | str:
    """The value, or the words for one that was not recorded."""
    return "not kept" if value is None else value
