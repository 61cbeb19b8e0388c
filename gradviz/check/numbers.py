"""Rules about values: where NaN and infinities come from (GV108), gradients that are not the slope (GV113)."""

import ast
from collections.abc import Iterator
from itertools import islice

from gradviz.check.case import Case
from gradviz.check.finding import Finding, Place
from gradviz.trace.events import Kind
from gradviz.trace.finite import Bad, extremes
from gradviz.trace.verified import DIFFERS, Verified, verified

HUGE = 1e15  # values of this size have grown, whatever the op
TINY = "1e-12"
_MENDED = {  # what the op is given, so that its value and its slope stay finite
    "log": "torch.log({x}.clamp_min(" + TINY + "))",
    "log2": "torch.log2({x}.clamp_min(" + TINY + "))",
    "log10": "torch.log10({x}.clamp_min(" + TINY + "))",
    "log1p": "torch.log1p({x}.clamp_min(-1 + 1e-7))",
    "exp": "torch.exp({x} - {x}.max())  # or torch.logsumexp, torch.softmax",
    "sqrt": "torch.sqrt({x} + " + TINY + ")",
    "rsqrt": "torch.rsqrt({x} + " + TINY + ")",
    "reciprocal": "1 / ({x} + " + TINY + ")",
    "div": "{x} / ({y} + " + TINY + ")",
    "pow": "({x} + " + TINY + ") ** exponent",
    "linalg_vector_norm": "torch.sqrt(({x} ** 2).sum() + " + TINY + ")",
    "softmax": "{x}  # leave at least one position of each row unmasked",
    "log_softmax": "{x}  # leave at least one position of each row unmasked",
    "acos": "torch.acos({x}.clamp(-1 + 1e-6, 1 - 1e-6))",
    "asin": "torch.asin({x}.clamp(-1 + 1e-6, 1 - 1e-6))",
    "atanh": "torch.atanh({x}.clamp(-1 + 1e-6, 1 - 1e-6))",
}


def first_not_finite(case: Case) -> Iterator[Finding]:
    """GV108: the first NaN or infinity that matters: of a forward op, else of a node's backward."""
    if case.not_finite:
        found = [*islice(_forward(case), 1), *islice(_backward(case), 1)]
        yield from sorted(found, key=lambda each: each.step)[:1]


def wrong_gradient(case: Case) -> Iterator[Finding]:
    """GV113: a user's Function whose backward is not the slope of its forward, by `trace --verify`; each once."""
    told = set()
    for each in verified(case.trace):
        if each.verdict == DIFFERS and each.function and (each.function, each.position) not in told:
            told.add((each.function, each.position))
            yield _wrong(case, each)


# -- GV108 -------------------------------------------------------------------------------------------


def _forward(case):
    """The ops that make what is not finite of what is, or NaN of what has none, where that comes to something."""
    bad = _by_op(case)
    for op, amount in bad.items():
        given = [case.not_finite.get(step, Bad(0, 0)) for step in case.ops.input_steps(op)]
        if not given or any(each.nan for each in given) or _is_asked_for(case.ops.call(op).params):
            continue
        endless = any(each.inf for each in given)
        if (amount.nan or not endless) and _matters(case, op, bad):
            what, of = "NaN" if amount.nan else "infinity", "infinite" if endless else "finite"
            name = case.ops.call(op).op
            cause = f"{name} makes the run's first {what}, of {of} inputs: {_inputs_told(case, op)}."
            yield _finding(case, op, cause, (), case.ops.step(op))


def _by_op(case):
    """{op: what is not finite among its outputs}."""
    found = {}
    rows = case.trace.rows
    for step, amount in case.not_finite.items():
        if rows["kind"][step] in (Kind.FORWARD, Kind.OUTPUT, Kind.MUTATED):
            op = int(case.trace.forwards.op_of(step))
            before = found.get(op, Bad(0, 0))
            found[op] = Bad(before.nan + amount.nan, before.inf + amount.inf)
    return found


def _is_asked_for(params):
    """Whether the call itself names an infinity or NaN: masked_fill(mask, -inf)."""
    return any(str(value) in ("inf", "-inf", "nan") for value in params.values())


def _matters(case, op, bad):
    """Whether it reaches a loss, or a result that nothing used; a masked softmax, or where(), takes it back."""
    waiting, reached = [op], {op}
    while waiting:
        at = waiting.pop()
        users = case.ops.users(at)
        if at in case.roots or not users and (bad[at].nan or case.ops.node(at)):
            return True
        fresh = [user for user in users if user in bad and user not in reached]
        reached.update(fresh)
        waiting += fresh
    return False


def _backward(case):
    """The nodes that hand on what is not finite though what came in is, in calls that bring it to a leaf."""
    rows = case.trace.rows
    arrived = {
        int(rows["a"][step]) for step in case.not_finite if rows["kind"][step] in (Kind.ADDED, Kind.CAPTURED)
    }
    for node, grads in handed_on_badly(case):
        call = int(rows["a"][grads[0]])
        op = case.ops.maker(node)
        if call in arrived and op >= 0:
            kind = "NaN" if any(case.not_finite[step].nan for step in grads) else "infinite"
            name = case.ops.call(op).grad_fn
            cause = f"{name} makes the run's first {kind} gradient, of a finite one: {_inputs_told(case, op)}."
            yield _finding(case, op, cause, (Place("backward", case.called_from(call)),), grads[0])


def handed_on_badly(case: Case) -> Iterator[tuple[int, list[int]]]:
    """(node, its GRAD rows that are not finite) for each node that got finite gradients only, in backward's order."""
    bad = case.not_finite
    steps = case.trace.of(Kind.STEP, Kind.INCOMING, Kind.GRAD) if bad else []
    kinds, nodes = (case.trace.rows[column][steps].tolist() for column in ("kind", "node"))
    node, fine, grads = 0, False, []
    for step, kind, owner in zip(map(int, steps), kinds, nodes, strict=True):
        if kind == Kind.STEP:
            if grads:
                yield node, grads
            node, fine, grads = owner, step not in bad, []
        elif kind == Kind.INCOMING:
            fine = fine and step not in bad
        elif fine and step in bad:
            grads.append(step)
    if grads:
        yield node, grads


def _finding(case, op, cause, places, step):
    places = (Place("made", case.ops.origin(op)), *places)
    return Finding("GV108", cause, _mend(case, op), tuple(place for place in places if place.origin), step)


def _inputs_told(case, op):
    """An op's inputs with their extremes: `p` in [0, 1]."""
    told = []
    for position, step in enumerate(case.ops.input_steps(op)):
        name = f"`{case.ops.called(op, position)}`"
        ends = extremes(case.trace.value(step)) if step >= 0 else None
        amount = case.not_finite.get(step, Bad(0, 0))
        also = [kind for kind, count in (("NaN", amount.nan), ("infinity", amount.inf)) if count]
        if ends is None:
            told.append(f"{name} {' and '.join(also)}".strip() if also else name)
            continue
        low, high = (f"{end:.4g}" for end in ends)
        told.append(" and ".join([f"{name} = {low}" if low == high else f"{name} in [{low}, {high}]", *also]))
    return ", ".join(told)


def _mend(case, op):
    ops = case.ops
    names = [as_operand(ops.called(op, position)) for position in range(len(ops.inputs(op)))]
    ends = [extremes(case.trace.value(step)) for step in ops.input_steps(op) if step >= 0]
    if any(end is not None and max(map(abs, end)) > HUGE for end in ends):
        return (
            "torch.nn.utils.clip_grad_norm_(parameters, 1.0)  # before the step; or a lower learning rate: values grew"
        )
    form = _MENDED.get(ops.call(op).op)
    if form is None:
        return f"assert torch.isfinite({names[0]}).all()  # before the line; torch.clamp keeps values in range"
    return form.format(x=names[0], y=names[1] if len(names) > 1 else "divisor")


def as_operand(text: str) -> str:
    """A piece of source in brackets, where an attribute or operator behind it would bind to a part of it."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "x"
    return text if isinstance(tree, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)) else f"({text})"


# -- GV113 -------------------------------------------------------------------------------------------


def _wrong(case, each: Verified):
    op = case.ops.maker(each.node)
    whose = each.input or f"input {each.position}"
    element = list(each.place) if each.place else ""
    where = "along a direction of" if each.place is None else "for"
    times = f", always {each.ratio:.4g} times as much" if each.ratio else ""
    cause = (
        f"{each.function}.backward gives {each.given:.4g} {where} `{whose}{element}`, but central differences of its "
        f"forward give {each.numeric:.4g}{times}."
    )
    what = f"{each.function}.backward: multiply the gradient of {whose} by {each.ratio:.4g}" if each.ratio else ""
    fix = f"torch.autograd.gradcheck({each.function}.apply, inputs)  # {what or 'in float64, until it holds'}"
    places = (Place("applied", case.ops.origin(op) if op >= 0 else 0), Place("backward", each.origin))
    return Finding("GV113", cause, fix, tuple(place for place in places if place.origin), each.step)
