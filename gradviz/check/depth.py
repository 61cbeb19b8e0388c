"""Rules about what gradients become on the way through many layers: GV109 and GV110."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from gradviz.check.case import Case
from gradviz.check.finding import Finding, Place
from gradviz.trace.events import Kind
from gradviz.trace.finite import norm
from gradviz.trace.trace import Trace

ACTIVATIONS = "sigmoid tanh relu leaky_relu prelu elu celu gelu silu softplus hardtanh hardsigmoid logsigmoid".split()
PRODUCTS = "addmm mm bmm baddbmm mv addmv convolution".split()
LAYERS = 5  # one after the other, at least, for a gradient to be called vanishing or exploding
FACTOR = 1e5  # between the norms at both ends
STEADY = 0.8  # of the layers share the change: it is depth that does it, not one op
NOTABLE = 1.25  # change at one layer
CALLS = 16  # backward calls looked at
PASSES, ROWS = 3, 30  # of a layer of units, at least, before one of them is called dead
SHARE = 0.1  # of a layer's units
BETWEEN = frozenset(("add", "view", "unsafe_view", "squeeze", "batch_norm", "layer_norm", "group_norm"))
OFF_AT = {"relu": None, "clamp": "min", "clamp_min": "min"}  # the setting that is 0 where the op is a relu


def changing_with_depth(case: Case) -> Iterator[Finding]:
    """GV109: a gradient whose norm falls, or grows, by 1e5 or more, spread evenly over five layers or more.

    Layers are activations, or products with weights, of one name that come one after the other on the way from the
    loss; of layers that lie between each other, and of later passes through the same lines, the first are told of.
    """
    told = set()
    for call, steps in _calls(case):
        for name, ops in _by_name(case, steps).items():
            chain = _longest(case, ops)
            norms = [value for op in chain if (value := norm(case.trace.value(ops[op]))) is not None]
            way = _way(norms) if len(norms) == len(chain) else 0
            lines = {(way, case.ops.line(op)) for op in chain}
            if way and not lines & told:
                yield _changing(case, call, name, way, chain, [value for value in norms if value > 0], ops)
            if way:
                told |= {(way, case.ops.line(op)) for op in range(chain[-1], chain[0] + 1)}


def dead_units(case: Case) -> Iterator[Finding]:
    """GV110: units of a ReLU that were off for every input of every pass, so that no gradient came through.

    Looks at layers whose values were recorded whole: small ones, or all with --values full.
    """
    for key, layer in _layers(case).items():
        if layer.passes < PASSES or layer.rows < ROWS or layer.alive is None or not layer.learns:
            continue
        dead = int((~layer.alive).sum())
        if dead >= max(SHARE * layer.alive.size, 1):
            name, origin = case.ops.call(layer.op).op, key[0]
            cause = (
                f"{dead} of {layer.alive.size} units of {name} were off for all {layer.rows:,} inputs of "
                f"{layer.passes:,} passes: no gradient reaches the weights before them."
            )
            fix = f"torch.nn.functional.leaky_relu({case.ops.called(layer.op, 0)})  # or a lower learning rate"
            if case.ops.within(layer.op).name.endswith("ReLU"):
                fix = "nn.LeakyReLU()  # in place of ReLU; or a lower learning rate"
            yield Finding("GV110", cause, fix, (Place("units", origin),) if origin else (), layer.step)


# -- GV109 -------------------------------------------------------------------------------------------


def _calls(case) -> Iterator[tuple[int, list[int]]]:
    """(backward call, its STEP rows): the first calls, then ever fewer, and the last."""
    trace: Trace = case.trace
    steps = trace.of(Kind.STEP)
    calls = trace.rows["a"][steps]
    numbers, starts = np.unique(calls, return_index=True)
    last = len(numbers) - 1
    wanted = [at for at in range(len(numbers)) if at < 2 or at == last or at & (at - 1) == 0]
    for at in wanted[:CALLS] + wanted[CALLS:][-1:]:
        yield int(numbers[at]), steps[calls == numbers[at]].tolist()


def _by_name(case, steps):
    """{op's name: {op: its STEP row}} of the ops that ran often enough."""
    found: dict[str, dict[int, int]] = {}
    for step in steps:
        op = case.ops.maker(int(case.trace.rows["node"][step]))
        if op >= 0:
            found.setdefault(case.ops.call(op).op, {})[op] = step
    return {name: found[name] for name in (*ACTIVATIONS, *PRODUCTS) if len(found.get(name, ())) >= LAYERS}


def _longest(case, ops) -> list[int]:
    """The longest way through these ops, each on the way from the one before it to the loss; the newest first."""
    first, last = min(ops), max(ops)
    depth: dict[int, tuple[int, int]] = {}  # op -> (how many of the ops lie behind it, the nearest of them)
    before: dict[int, int] = {}
    for op in range(first, last + 1):
        best = max((depth[source] for source in case.ops.inputs(op) if source in depth), default=(0, -1))
        if op in ops:
            before[op] = best[1]
            depth[op] = (best[0] + 1, op)
        elif best[0]:
            depth[op] = best
    chain, at = [], max(ops, key=lambda op: depth[op][0])
    while at >= 0:
        chain.append(at)
        at = before[at]
    return chain


def _way(norms):
    """-1 where the norms fall steadily from layer to layer, 1 where they grow, else 0."""
    if norms and norms[-1] == 0:  # so small that it is gone
        norms = norms[: next(at for at, value in enumerate(norms) if value == 0)]
        if not norms or norms[-1] > 1e-30:
            return 0
    if len(norms) < LAYERS or not all(math.isfinite(value) and value > 0 for value in norms):
        return 0
    changes = [later / earlier for earlier, later in pairwise(norms)]
    falling = sum(change < 1 / NOTABLE for change in changes) >= STEADY * len(changes)
    growing = sum(change > NOTABLE for change in changes) >= STEADY * len(changes)
    if falling and norms[-1] <= norms[0] / FACTOR:
        return -1
    return 1 if growing and norms[-1] >= norms[0] * FACTOR else 0


def _changing(case, call, name, way, chain, norms, ops):
    each = (norms[-1] / norms[0]) ** (1 / (len(norms) - 1))
    verb = "falls" if way < 0 else "grows"
    cause = (
        f"The gradient's norm {verb} from {norms[0]:.3g} at the last of {len(chain)} {name} layers to {norms[-1]:.3g} "
        f"at the first, about ×{each:.2g} a layer."
    )
    if way > 0:
        fix = "torch.nn.utils.clip_grad_norm_(parameters, 1.0)  # before the step; or smaller initial weights"
    elif name in ("sigmoid", "tanh"):
        fix = f"x = torch.relu(layer(x))  # in place of {name}; or x = x + layer(x); or a normalisation between layers"
    else:
        fix = "x = x + layer(x)  # a way past each layer; or a normalisation between them, or larger initial weights"
    origins = dict.fromkeys([case.ops.origin(chain[-1]), case.ops.origin(chain[0])])
    roles = ("first layer", "last layer") if len(origins) > 1 else ("layers",)
    places = [Place(role, origin) for role, origin in zip(roles, origins, strict=True) if origin]
    from_line = case.called_from(call)
    places += [Place("backward", from_line)] if from_line else []
    return Finding("GV109", cause, fix, tuple(places), ops[chain[-1]])


# -- GV110 -------------------------------------------------------------------------------------------


class _Layer:
    """What is known of one layer of units; alive: which were on at least once, None where values are missing."""

    def __init__(self, op, step):
        self.op, self.step = op, step
        self.passes = self.rows = 0
        self.alive = np.zeros(0, bool)
        self.learns = False

    def saw(self, values, axis):
        """One pass; None: it was not recorded whole."""
        self.passes += 1
        if values is None or self.alive is None:
            self.alive = None
            return
        on = (np.moveaxis(values, axis, -1) > 0).reshape(-1, values.shape[axis])
        self.rows += len(on)
        if not self.alive.size:
            self.alive = np.zeros(on.shape[1], bool)
        self.alive = self.alive | on.any(0) if self.alive.size == on.shape[1] else None


def _layers(case) -> dict[tuple, _Layer]:
    """{(origin, how many of the same line came before it in its pass): its layer}."""
    found: dict[tuple, _Layer] = {}
    backwards = case.trace.of(Kind.BACKWARD)
    ran = set(case.trace.rows["node"][case.trace.of(Kind.STEP)].tolist())
    passed, met = -1, {}
    for op in case.ops.named(OFF_AT):
        meta = case.ops.meta(op)
        axis = _units(case, op, meta.shape if meta is not None else ())
        if not case.ops.node(op) or axis is None or not _is_off_at_zero(case, op):
            continue
        step, origin = case.ops.step(op), case.ops.origin(op)
        if (now := int(np.searchsorted(backwards, step))) != passed:
            passed, met = now, {}
        met[origin] = met.get(origin, -1) + 1
        key = (origin, met[origin])
        layer = found.setdefault(key, _Layer(op, step))
        value = case.trace.value(step)
        layer.saw(value.values if value is not None and value.whole else None, axis)
        layer.learns |= case.ops.node(op) in ran
    return found


def _is_off_at_zero(case, op):
    call = case.ops.call(op)
    setting = OFF_AT[call.op]
    return setting is None or call.params.get(setting) == 0 and call.params.get("max") is None


def _units(case, op, shape):
    """The dimension of the units: channels behind a convolution, the last behind a product; None: it is no layer.

    A ReLU of anything else, such as a hinge loss, has no units that weights feed.
    """
    while case.ops.inputs(op):
        op = case.ops.inputs(op)[0]
        name = case.ops.call(op).op if op >= 0 else ""
        if name in PRODUCTS:
            return (1 if name == "convolution" else len(shape) - 1) if len(shape) > 1 else None
        if name not in BETWEEN:
            return None
    return None
