"""The whole backward of a graph as a worked example: forward, backward node by node, and what the leaves have."""

from gradviz.trace.chain import Chain
from gradviz.trace.gradients import leaf_grads
from gradviz.views import format as fmt
from gradviz.views.explain.blocks import Block, Line, node_block, value_or_none
from gradviz.views.rows import at_line


def worked_example(chain: Chain, names: dict[int, str], most: int | None) -> list[Block]:
    """All of it; of forward and backward at most so many nodes each, and what is left out is said."""
    order = chain.ran()
    works = [chain.work(number) for number in order]
    # what a leaf took in from one node alone is told there already
    told = [work for work in works if work.passed or len(work.arrivals) != 1]
    backward = [node_block(chain, work, names) for work in told[:most]]
    if left := len(told) - len(backward):
        backward.append(Block(f"{fmt.count(left, 'more node')} left out (--rows all)", ()))
    return [_forward(chain, works, names, most), *backward, *_leaves(chain, names, order)]


def _forward(chain, works, names, most):
    """The results that backward had to do with, as they were when they were used."""
    steps = {work.entry.number: work.entry.step for work in works}
    for work in works:
        steps |= {each.number: each.step for each in chain.operands(work.entry) if each.number}
    lines = []
    for number in sorted(steps)[:most]:
        entry = chain.entries.get(number)
        if entry is not None:
            made_from = ", ".join(f"#{source}" for source in entry.inputs if source)
            value = value_or_none(chain.trace.value(steps[number]))
            lines.append(Line(names[number], f"{fmt.safe(entry.op)}({made_from})", value))
    if most is not None and len(steps) > most:
        lines.append(Line("left out", f"{fmt.count(len(steps) - most, 'row')} (--rows all)"))
    return Block("forward", tuple(lines))


def _leaves(chain, names, order):
    backwards = chain.graph.backwards
    stored = leaf_grads(chain.trace, backwards[-1].ended if backwards else None)
    lines = []
    for number in sorted(order):
        entry = chain.entries[number]
        if entry.grad_fn == "AccumulateGrad" and entry.tensor in stored:
            value = chain.trace.value(stored[entry.tensor])
            lines.append(Line(names[number], at_line(chain.trace, entry.origin), value_or_none(value)))
    return [Block("the leaves' .grad after backward", tuple(lines))] if lines else []
