"""A recorder that also checks gradients: `gradviz trace --verify`.

While the script runs, it copies what an op got, what it gave, and the gradients that came into its node and that it
handed on. Only when the script has ended are the forwards run again, on the copies, in float64: what the script prints
and counts stays its own. In a long run, a line that runs often is checked the first times, then ever less often.
"""

import io
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dis import get_instructions
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from gradviz.engine.fitting import sum_to_size
from gradviz.engine.op import Op
from gradviz.engine.random import get_rng_state, set_rng_state
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import Tensor
from gradviz.record.again import Run, copied, run_of_function, run_of_op
from gradviz.record.recorder import Recorder
from gradviz.record.saved import in_place
from gradviz.record.slopes import Point, Verdict, compared
from gradviz.trace.events import Kind
from gradviz.trace.verified import DIFFERS, UNKNOWN

EACH, ROOM = 5_000, 1 << 28  # ops, and bytes of copies, up to which each op is checked
FIRST = 3  # times that a line's op is checked after that; then at the 4th, 8th, 16th, ... time
OWN = "gradviz."  # modules whose Functions are not the user's
HOOKED = "a hook may have changed the gradient"
CHANGED = "forward gives another result when it is run again"


class Seen(NamedTuple):
    """A run with its outputs; then also the gradients of one backward."""

    run: Run | None
    outputs: list
    why: str  # what keeps it from being checked, ''
    node: int = 0
    call: int = 0
    grads: Sequence = ((), ())  # incoming, outgoing


class Verifier(Recorder):
    """Records, and compares gradients with central differences when `verify` is called after the script's end.

    ops: of the catalogue's ops too, not of the script's own Functions alone.
    """

    def __init__(self, *given, ops=True, **options):
        super().__init__(*given, **options)
        self._ops = ops
        self._times = Counter()
        self._looked_at = self._copied = 0  # ops, and bytes of copies
        self._applied = WeakKeyDictionary()  # ctx of a Function that is running -> its Run, or why there is none
        self._made = WeakKeyDictionary()  # node -> Seen, until backward comes to it
        self._checks = []
        # around those of the recorder, which may be its instance's own: see Recorder.__init__
        self._told, self._stepped = self.forward, self.step
        self.forward, self.step = self._forward, self._step

    # -- while the script runs -----------------------------------------------------------------------

    def applying(self, ctx, inputs):
        """Copies what a Function gets, before its forward may change it."""
        function, caller = ctx._function, sys._getframe(2)  # of the one who called apply
        if function.__module__.startswith(OWN) or not any(ctx.needs_input_grad):
            return
        if not self._is_due(function, inputs, (caller.f_code, caller.f_lineno)):
            return
        self._applied[ctx] = run_of_function(function, inputs)

    def _forward(self, op, outputs, inputs, node, settings, started):
        """As a recorder, and copies what is to be checked."""
        self._told(op, outputs, inputs, node, settings, started)
        if node is None:
            return
        outs = outputs if isinstance(outputs, tuple) else (outputs,)
        if node in self._applied:
            found = self._applied.pop(node)
        elif not (self._ops and isinstance(op, Op) and node.op is op) or in_place(inputs, outs):
            return
        elif self._is_due(op, inputs, self._here()[0]):
            found, outs = run_of_op(op, inputs, settings, node), outs[:1] if op.returned else outs
        else:
            return
        run, why = (None, found) if isinstance(found, str) else (found, "")
        self._made[node] = seen = Seen(run, [copied(each) for each in outs] if run else [], why)
        self._looked_at += 1
        arrays = [*run.arrays, *seen.outputs] if run else []
        self._copied += 2 * sum(each.nbytes for each in arrays if each is not None)  # as many gradients will come

    def _step(self, call, node, incoming, outgoing, started):
        """As a recorder, and copies the gradients."""
        self._stepped(call, node, incoming, outgoing, started)
        seen = self._made.pop(node, None)
        if seen is None:
            return
        why = HOOKED if node._hooks is not None and node._hooks.post else seen.why
        grads = [tuple(_kept(each, not why) for each in side) for side in (incoming, outgoing)]
        self._checks.append(seen._replace(why=why, node=self._node_number(node), call=call, grads=grads))

    def _is_due(self, op, inputs, line):
        shapes = tuple(each._array.shape for each in inputs if isinstance(each, Tensor))
        key = (op, line, shapes)
        self._times[key] = count = self._times[key] + 1
        each = self._looked_at < EACH and self._copied < ROOM
        return each or count <= FIRST or count & (count - 1) == 0

    # -- after its end -------------------------------------------------------------------------------

    def verify(self):
        """One VERIFIED row for each gradient that was copied; the user's forwards run again, unseen and unheard."""
        checks, self._checks = self._checks, []
        with _undisturbed():
            for seen in checks:
                for position, given in enumerate(seen.grads[1]):
                    if given is not None:
                        self._tell(seen, position, _verdict(seen, position, given))

    def _tell(self, seen, position, verdict):
        run = seen.run
        function = run.function if run is not None else None
        told = verdict._asdict() | {
            "place": list(verdict.place) if verdict.place is not None else None,
            "input": run.names[run.sources[position]] if run is not None else "",
            "function": function.__name__ if function is not None else "",
        }
        code = getattr(function._backward(), "__code__", None) if verdict.verdict == DIFFERS and function else None
        origin = self._places.origin(code, _returning(code)) if code is not None else 0
        self._row(
            Kind.VERIFIED, origin=origin, node=seen.node, a=seen.call, b=position, ref=self._journal.text(told)
        )  # fmt: skip


def _verdict(seen, position, given):
    """What is said of one gradient; whatever the user's forward does now, nothing of it comes through."""
    run = seen.run
    if run is None or seen.why:
        return Verdict(UNKNOWN, seen.why)
    try:
        wide = [_widened(each) for each in run.arrays]
        place = run.sources[position]
        if not _alike(run.f(wide), seen.outputs, wide[place]):
            return Verdict(UNKNOWN, CHANGED)
        x = wide[place]
        given = np.asarray(given)
        eps = max(float(np.finfo(each.dtype).eps) for each in (given, run.arrays[place]))
        fitted = given if given.shape == x.shape else sum_to_size(given, x.shape, None)
        point = Point(
            lambda moved: run.f([*wide[:place], moved, *wide[place + 1 :]]), x, seen.grads[0],
            fitted.astype(np.float64), eps,
        )  # fmt: skip
        return compared(point, run.function is not None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: the script has ended already
        return Verdict(UNKNOWN, f"forward can't be run again in float64: {type(error).__name__}")


def _returning(code):
    """Where a function's last return is among its instructions."""
    return max((each.offset for each in get_instructions(code) if each.opname.startswith("RETURN_")), default=0)


def _kept(gradient, wanted):
    """A copy of a gradient; of one that isn't checked, only that there was one."""
    return None if gradient is None else copied(gradient) if wanted else True


def _widened(array):
    return array.astype(np.float64) if array is not None and array.dtype.kind == "f" else array


def _alike(again, outputs, x):
    """Whether outputs are those of the first time, within the rounding of their dtype."""
    again = [each for each in again if each is not None]
    for new, old in zip(again, outputs, strict=True):
        coarse = 2e-2 if old.dtype == np.float16 else 1e-3
        near = coarse * _largest(old) + coarse * coarse * _largest(x)  # what is left of terms that cancel
        if np.shape(new) != old.shape or not np.allclose(new, old, coarse, near, equal_nan=True):
            return False
    return True


def _largest(array):
    return float(np.abs(array[np.isfinite(array)]).max(initial=0))


@contextmanager
def _undisturbed():
    """Nobody hears what is run inside: no observer, no output, no warnings; random numbers go on as before."""
    observer, state = mode.observer, get_rng_state()
    mode.observer = None
    try:
        with (
            _GradMode(False), np.errstate(all="ignore"), warnings.catch_warnings(),
            redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()),
        ):  # fmt: skip
            warnings.simplefilter("ignore")
            yield
    finally:
        mode.observer = observer
        set_rng_state(state)
