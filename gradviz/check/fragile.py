"""Rules about what computes something else than it seems, or loses digits: GV114 and GV115."""

from collections.abc import Iterator

import numpy as np

from gradviz.check.case import Case
from gradviz.check.finding import Finding, Place
from gradviz.check.numbers import TINY, as_operand, handed_on_badly
from gradviz.trace.finite import extremes

SHAPING = frozenset(("unsqueeze", "view", "reshape", "expand", "t", "transpose", "permute", "select", "slice"))
LOSSES = frozenset(("mse_loss", "smooth_l1_loss", "huber_loss"))
REDUCTIONS = frozenset(("mean", "sum"))
OF_PAIRS = frozenset(("mm", "bmm", "where", "masked_fill", "tril", "triu", "t", "transpose", "index"))
STEEP_AT_ZERO = frozenset(("sqrt", "pow", "linalg_vector_norm"))


def broadcast_loss(case: Case) -> Iterator[Finding]:
    """GV114: (N,) meets (N, 1), which makes (N, N), and all of it is averaged or added up in a loss.

    Not where one of the two gets its shape on that very line, as in `x[:, None] - x`, nor where the (N, N) is used for
    anything but elementwise work and one sum or mean over all of it: there, pairs are what is meant.
    """
    told = set()
    for op in _spreading(case):
        pair = _pair(case, op)
        if pair is None or case.ops.origin(op) in told or _is_shaped_there(case, op) or not _is_a_loss(case, op):
            continue
        told.add(case.ops.origin(op))
        column, flat, size = pair
        names = [case.ops.called(op, position) for position in (column, flat)]
        cause = (
            f"{case.ops.call(op).op} broadcasts `{names[0]}` ({size}, 1) with `{names[1]}` ({size},) to "
            f"({size}, {size}): the loss is over {size * size:,} pairs, not {size:,} differences."
        )
        fix = f"{as_operand(names[0])}.squeeze(1)  # ({size}, 1) -> ({size},), the shape of {names[1]}"
        places = (Place("broadcast", case.ops.origin(op)),) if case.ops.origin(op) else ()
        yield Finding("GV114", cause, fix, places, case.ops.step(op))


def fragile_pattern(case: Case) -> Iterator[Finding]:
    """GV115: softmax twice, the log of softmax or sigmoid, the slope of a root or norm at 0; each line once."""
    told = set()
    for each in (*_after_another(case), *_steep(case)):
        place = each.places[-1].origin if each.places else each.step
        if place not in told:
            told.add(place)
            yield each


# -- GV114 -------------------------------------------------------------------------------------------


def _spreading(case):
    """The ops that may be the broadcast: with a node and a square result, or a loss's single number."""
    forwards = case.trace.forwards
    metas = [number for number in np.unique(forwards.meta).tolist() if number and _is_square(case.trace.meta(number))]
    losses = np.zeros(len(forwards), bool)
    losses[case.ops.named(LOSSES)] = True
    return np.flatnonzero((forwards.node > 0) & (np.isin(forwards.meta, metas) | losses)).tolist()


def _is_square(meta):
    return len(meta.shape) == 2 and meta.shape[0] == meta.shape[1] > 1


def _pair(case, op):
    """(position of the (N, 1), of the (N,), N) of an op's two inputs of these shapes; None for all others."""
    sources = case.ops.inputs(op)
    if len(sources) < 2 or min(sources[:2]) < 0:
        return None
    shapes = [meta.shape if (meta := case.ops.meta(source)) else () for source in sources[:2]]
    sizes = sorted(map(len, shapes))
    if sizes != [1, 2]:
        return None
    column = shapes.index(max(shapes, key=len))
    size = shapes[1 - column][0]
    if shapes[column] != (size, 1) or size < 2:
        return None
    out = case.ops.meta(op)
    return (column, 1 - column, size) if out and out.shape in ((size, size), ()) else None


def _is_shaped_there(case, op):
    """Whether the line itself gives one of the inputs its shape."""
    line = case.ops.line(op)
    return any(
        source >= 0 and case.ops.call(source).op in SHAPING and case.ops.line(source) == line
        for source in case.ops.inputs(op)
    )


def _is_a_loss(case, op):
    """Whether all that becomes of the pairs is a sum or mean of them that backward starts from."""
    pairs = case.ops.meta(op).shape
    if not pairs:
        return _leads_to_root(case, op)
    spread, waiting, sums = {op}, [op], []
    while waiting:
        for user in case.ops.users(waiting.pop()):
            out = case.ops.meta(user)
            if out is not None and out.shape == pairs and _is_elementwise(case, user):
                if user not in spread:
                    spread.add(user)
                    waiting.append(user)
            elif out is not None and out.shape == () and case.ops.call(user).op in REDUCTIONS:
                sums.append(user)
            else:
                return False
    return any(_leads_to_root(case, each) for each in sums) and not _meets_others(case, spread, pairs)


def _is_elementwise(case, op):
    """Whether an op looks at each element alone, as far as its shapes and settings tell."""
    call = case.ops.call(op)
    return "dim" not in call.params and call.op not in OF_PAIRS


def _meets_others(case, spread, shape):
    """Whether a tensor of the pairs' shape comes from elsewhere: a mask or weights for pairs."""
    sources = {source for op in spread for source in case.ops.inputs(op) if source >= 0 and source not in spread}
    outside = [source for source in sources if (meta := case.ops.meta(source)) and meta.shape == shape]
    return any(_pair(case, source) is None for source in outside)


def _leads_to_root(case, op):
    waiting, reached = [op], {op}
    while waiting:
        at = waiting.pop()
        if at in case.roots:
            return True
        fresh = [user for user in case.ops.users(at) if user not in reached]
        reached.update(fresh)
        waiting += fresh
    return False


# -- GV115 -------------------------------------------------------------------------------------------


def _after_another(case):
    """Ops that undo, or do again, what the op that made their input did."""
    for op in case.ops.named(("softmax", "log_softmax", "log")):
        (source, *_) = case.ops.inputs(op) or [-1]
        if source < 0 or not case.ops.node(op):
            continue
        first, second = case.ops.call(source).op, case.ops.call(op).op
        x = case.ops.called(source, 0)
        dim = case.ops.call(source).params.get("dim")
        if first == "softmax" and second != "log" and _same_dim(case, source, op):
            by = case.ops.within(op).name.rpartition(" > ")[2] or second
            cause = f"{by} takes the softmax of a softmax of `{x}`, which flattens probabilities and gradients."
            fix = f"{by}({x}, {'target' if by == 'cross_entropy' else f'dim={dim}'})  # no softmax before it"
        elif first == "softmax" and second == "log":
            cause = "The log of a softmax is -inf, and its slope lost, where a probability rounds to 0."
            fix = f"torch.log_softmax({x}, dim={dim})"
        elif first == "sigmoid" and second == "log":
            cause = "The log of a sigmoid is -inf, and its slope lost, where the sigmoid rounds to 0."
            fix = f"torch.nn.functional.logsigmoid({x})"
        else:
            continue
        yield _finding(case, cause, fix, (("first", source), ("fragile", op)), case.ops.step(op))


def _same_dim(case, source, op):
    dims = [case.ops.call(each).params.get("dim") for each in (source, op)]
    count = len(meta.shape) if (meta := case.ops.meta(op)) else 0
    return all(isinstance(dim, int) for dim in dims) and len({dim % max(count, 1) for dim in dims}) == 1


def _steep(case):
    """Roots and norms whose input was exactly 0 and whose backward made infinity or NaN of it."""
    for node, grads in handed_on_badly(case):
        op = case.ops.maker(node)
        if op < 0 or case.ops.call(op).op not in STEEP_AT_ZERO:
            continue
        ends = extremes(case.trace.value(case.ops.input_steps(op)[0]))
        if ends is None or not (ends[0] == 0 or ends == (0, 0)):
            continue
        name, x = case.ops.call(op).op, as_operand(case.ops.called(op, 0))
        nan = any(case.not_finite[step].nan for step in grads)
        became = "NaN" if nan else "infinite"
        cause = f"{name} has no finite slope at 0, which `{x}` holds: the gradient becomes {became}."
        fix = {
            "sqrt": f"torch.sqrt({x} + {TINY})",
            "pow": f"({x} + {TINY}) ** {case.ops.call(op).params.get('exponent', 'exponent')}",
            "linalg_vector_norm": f"torch.sqrt(({x} ** 2).sum() + {TINY})",
        }[name]
        yield _finding(case, cause, fix, (("fragile", op),), grads[0])


def _finding(case, cause, fix, played, step):
    of_line = {case.ops.line(op): Place(role, case.ops.origin(op)) for role, op in played if case.ops.origin(op)}
    return Finding("GV115", cause, fix, tuple(of_line.values()), step)
