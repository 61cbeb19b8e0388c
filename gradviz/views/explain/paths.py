"""The chain along every path between two results as blocks, and their sum beside what was recorded."""

import numpy as np

from gradviz.errors import BadInput
from gradviz.trace.chain import PRODUCT, WORDS, Chain
from gradviz.trace.paths import multiplied, paths
from gradviz.trace.spread import as_preview, same
from gradviz.views import format as fmt
from gradviz.views.explain.blocks import Block, Line, added_lines, no_formula, value_or_none

MOST, WRITTEN = 256, 16  # paths that are added up, and those that are written out
ENDS = 6  # results named at each end of a long way
BILLION = 1_000_000_000


def path_blocks(chain: Chain, start: int, end: int, names: dict[int, str], most: int | None) -> list[Block]:
    """A block a path, of at most so many lines each, and one with their sum. BadInput when nothing went that way."""
    found = paths(chain, start, end, MOST)
    if not found.found:
        raise BadInput(
            f"--path: no gradient went from {names[start]} to {names[end]}; "
            "a path leads from a result back to something it was computed from"
        )
    blocks, products = [], []
    for number, path in enumerate(found.found, 1):
        steps = multiplied(chain, path)
        products.append(steps[-1].product)
        if number <= WRITTEN:
            blocks.append(_path(chain, steps, names, f"path {number} of {_many(found.count)}", most))
    return [*blocks, _total(chain, found, products, (start, end), names)]


def _many(count):
    return f"{count:,}" if count < BILLION else "over a billion"


def _path(chain, steps, names, title, most):
    work = steps[0].work
    lines = [Line(names[work.entry.number], "what came in", value_or_none(chain.incoming(work)))]
    for step in steps:
        recorded = chain.trace.value(step.passed.step)
        known = step.computed is not None and recorded is not None
        value = as_preview(step.computed, recorded.dtype) if known else value_or_none(recorded)
        lines.append(Line(names[step.passed.target], _factor(step) if known else f"{_factor(step)}, recorded", value))
        if known and step.computed.shape != step.passed.shape:
            how = f"sum {fmt.shape(step.computed.shape)} → {fmt.shape(step.passed.shape)}"
            lines.append(Line("un-broadcast", how, as_preview(step.product, recorded.dtype)))
    if most is not None and len(lines) > most:
        half = most // 2
        note = Line("left out", f"{fmt.count(len(lines) - 2 * half, 'line')} (--rows all)")
        lines = [*lines[:half], note, *lines[len(lines) - half :]]
    return Block(f"{title}: {_way([work.entry.number, *(step.passed.target for step in steps)])}", tuple(lines))


def _way(numbers):
    """`#9 → #7 → #3`, without the middle of a long one."""
    told = [f"#{number}" for number in numbers]
    if len(told) > ENDS * 2:
        told[ENDS:-ENDS] = ["…"]
    return " → ".join(told)


def _factor(step):
    text = fmt.safe(step.local.text) or no_formula(step.work)
    if step.local.how == PRODUCT:
        return text
    return f"({text})" if step.local.how == WORDS else f"× {_bracketed(text)}"


def _bracketed(text):
    return f"({text})" if " " in text else text


def _total(chain, found, products, ends, names):
    start, end = ends
    work = chain.work(end)
    came = chain.arrived_at(work.entry.node, work.backward) or chain.incoming(work)
    lines = []
    left = found.count - len(products)
    if left:
        lines.append(Line("left out", f"{_many(left)} paths, so no sum"))
    elif any(product is None for product in products):
        lines.append(Line("no sum", "not all factors are known in numbers"))
    else:
        total = np.add.reduce(products)
        dtype = came.dtype if came is not None else "float64"
        lines += [Line(f"path {at}", "", as_preview(each, dtype)) for at, each in enumerate(products[:WRITTEN], 1)]
        if len(products) > WRITTEN:
            rest = np.add.reduce(products[WRITTEN:])
            lines.append(Line("left out", f"{len(products) - WRITTEN} paths, added up", as_preview(rest, dtype)))
        lines.append(Line("sum", "", as_preview(total, dtype)))
        if came is not None and not same(total, came):
            lines.append(Line("but", f"other ways than from {names[start]} lead there too"))
    lines.append(Line("took in", "recorded", value_or_none(came)))
    if work.added >= 0:
        lines += [Line("stored in .grad", heading=True), *added_lines(chain, work.added)]
    noun = "path" if found.count == 1 else "paths"
    return Block(f"{_many(found.count)} {noun} from {names[start]} to {names[end]}", tuple(lines))
