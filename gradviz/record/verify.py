"""A recorder that also checks gradients: `gradviz trace --verify`.

While the script runs, it copies what an op got, what it gave, and the gradients that came into its node and that the
node handed on. Forwards run again on the copies, in float64: those of the script's own Functions only when the script
has ended, so that what they print and count stays its own; those of the catalogue, which have no such effects, also
before, when many copies wait.
"""

import io
import warnings
from collections import deque
from collections.abc import Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dis import get_instructions
from itertools import count
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from gradviz.engine.fitting import sum_to_size
from gradviz.engine.op import Op
from gradviz.engine.random import get_rng_state, set_rng_state
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import Tensor
from gradviz.engine.views import CopySlices
from gradviz.record.again import Call, Run, call_of, copied, hosted, run_of_change, run_of_function
from gradviz.record.kept import Gone, Room
from gradviz.record.recorder import Recorder
from gradviz.record.shelf import Shelf
from gradviz.record.slopes import NOT_FINITE, Point, Verdict, compared, eps_of
from gradviz.trace.events import Kind
from gradviz.trace.verified import DELIBERATE, DIFFERS, UNKNOWN

MANY, ROOM = 10_000, 1 << 27  # ops, and bytes of copies, that wait until they are checked while the script runs
OWN = "gradviz."  # modules whose Functions are not the user's
CHANGED = "forward gives another result when it is run again"
STOPPED = "the checks were interrupted"
UNSEEN = "its op was not seen: it is of a static graph, or from before the trace"


class Seen(NamedTuple):
    """A run with its outputs; then also the gradients of one backward."""

    run: Run | Call | None
    outputs: Sequence = ()
    why: str = UNSEEN  # what keeps it from being checked, where there is no run
    turn: int = 0  # in the order of backward
    node: int = 0
    call: int = 0
    incoming: Sequence = ()
    outgoing: Sequence = ()

    @property
    def arrays(self):
        """All the copies."""
        return [*(self.run.arrays if self.run else ()), *self.outputs, *self.incoming, *self.outgoing]

    def having(self, arrays):
        """The same with other arrays in their place."""
        found = iter(arrays)
        run = self.run and self.run._replace(arrays=[next(found) for _ in self.run.arrays])
        lists = ([next(found) for _ in each] for each in (self.outputs, self.incoming, self.outgoing))
        return self._replace(run=run, **dict(zip(("outputs", "incoming", "outgoing"), lists, strict=True)))


class Verifier(Recorder):
    """Records, and compares gradients with central differences; `verify` writes what came of it after the script's end.

    ops: of the catalogue's ops too, not of the script's own Functions alone.
    """

    def __init__(self, *given, ops=True, **options):
        super().__init__(*given, **options)
        self._ops = ops
        self._turns = count().__next__
        self._applied = WeakKeyDictionary()  # ctx of a Function that is running -> its Seen
        self._made = WeakKeyDictionary()  # node -> Seen, as long as it may run
        self._handed = WeakKeyDictionary()  # node that runs the script's code -> copies of [incoming, outgoing]
        self._checks, self._waiting = deque(), 0  # of ops, and the bytes of their copies
        self._own_checks, self._shelf = deque(), Shelf(ROOM)  # of Functions: (Seen, its arrays as the shelf has them)
        self._room = Room(2 * ROOM)  # for objects that Functions got
        self._verdicts = []
        # around those of the recorder, which may be its instance's own: see Recorder.__init__
        self._told, self._stepped, self._let_go = self.forward, self.step, self.released
        self.forward, self.step, self.released = self._forward, self._step, self._released

    # -- forward -------------------------------------------------------------------------------------

    def applying(self, ctx, inputs):
        """Copies what a Function gets, before its forward may change it."""
        function = ctx._function
        if any(ctx.needs_input_grad) and (self._ops or not function.__module__.startswith(OWN)):
            self._applied[ctx] = _seen(run_of_function, function, inputs, self._room)

    def replayed(self, nodes, run):
        """As a recorder; what the nodes of a static graph got is not what they got the first time."""
        super().replayed(nodes, run)
        for each in nodes:
            self._made.pop(each, None)

    def changing(self, op, outputs, inputs, node, settings):
        """Copies what an op gets whose result is about to be written into its input."""
        self._look(op, outputs, inputs, node, settings)

    def _forward(self, op, outputs, inputs, node, settings, started):
        """As a recorder, and copies what is to be checked."""
        self._told(op, outputs, inputs, node, settings, started)
        if node is None:
            return
        if node in self._applied:
            outs = outputs if isinstance(outputs, tuple) else (outputs,)
            self._keep(node, self._applied.pop(node), outs)
        elif node.__class__ is CopySlices:
            if node.inner in self._made:
                self._follow(node, self._made[node.inner], outputs)  # which a second backward may meet itself
        elif isinstance(op, Op) and node.op is op and node not in self._made:  # those in place were told of before
            self._look(op, outputs, inputs, node, settings)

    def _look(self, op, outputs, inputs, node, settings):
        if self._ops:
            outs = outputs if isinstance(outputs, tuple) else (outputs,)
            outs = outs[:1] if op.returned else outs
            self._keep(node, _seen(call_of, op, inputs, settings, node, outs), outs)

    def _follow(self, node, inner, base):
        """What is known of a view's change, as one of its base."""
        if inner.run is not None:
            inner = _seen(run_of_change, inner.run.run(), base._array, node.geometry)
        self._keep(node, inner, (base,))

    def _keep(self, node, seen, outputs):
        outputs = [copied(each) if isinstance(each, Tensor) else None for each in outputs] if seen.run else []
        self._made[node] = seen._replace(outputs=outputs)

    # -- backward ------------------------------------------------------------------------------------

    def arriving(self, node, incoming):
        """Copies the gradients that a Function's backward, or a hook, may change in place."""
        self._handed[node] = [_copies(incoming), None]

    def computed(self, node, outgoing):
        """Copies what a node hands to the hooks behind it."""
        if node._hooks is not None and node._hooks.post:
            self._handed[node][1] = _copies(outgoing)

    def _step(self, call, node, incoming, outgoing, started):
        """As a recorder, and copies the gradients."""
        self._stepped(call, node, incoming, outgoing, started)
        before, computed = self._handed.pop(node, (None, None))
        seen = self._made.get(node, Seen(None) if self._ops and node._edges else None)
        if seen is None:
            return
        computed = computed or outgoing
        outgoing = [None if edge is None else each for edge, each in zip(node._edges, computed, strict=True)]
        kept = {"incoming": before or _copies(incoming), "outgoing": _copies(outgoing)}
        seen = seen._replace(turn=self._turns(), node=self._node_number(node), call=call, **kept)
        if seen.run is not None and seen.run.function is not None:
            kept = self._shelf.put(seen.arrays)
            self._own_checks.append((seen.having([None] * len(kept)), kept))
            return
        self._checks.append(seen)
        self._waiting += sum(each.nbytes for each in seen.arrays if each is not None)
        if len(self._checks) >= MANY or self._waiting >= ROOM:
            with _undisturbed():
                self._judge()

    def _released(self, call, node):
        """As a recorder; a node that gave its saved tensors away doesn't run again."""
        self._let_go(call, node)
        self._made.pop(node, None)

    # -- what came of it -----------------------------------------------------------------------------

    def verify(self):
        """One VERIFIED row for each gradient that was copied; the script's forwards run again, unseen and unheard."""
        own = self._own_checks
        try:
            with _undisturbed(), _unheard():
                self._judge()
                while own:
                    seen, kept = own[0]
                    self._judge_one(seen.having(self._shelf.back(kept)))
                    own.popleft()
        finally:
            for seen in (*self._checks, *(seen.having(kept) for seen, kept in own)):
                self._judge_one(seen._replace(why=STOPPED), stopped=True)
            verdicts, self._verdicts = self._verdicts, []
            for each in sorted(verdicts, key=lambda each: each[:2]):
                self._tell(*each)

    def _judge(self):
        """What there is to say of the ops; nothing of the script's own runs for that."""
        while self._checks:
            self._judge_one(self._checks[0])
            self._checks.popleft()
        self._waiting = 0

    def _judge_one(self, seen, stopped=False):
        run = seen.run.run() if isinstance(seen.run, Call) else seen.run
        judge = Judge(seen._replace(run=None if stopped else run))
        told = []
        for position, given in enumerate(seen.outgoing):
            if given is not None:
                name, function = (run.names[run.sources[position]], run.function) if run else ("", None)
                found = judge.verdict(position, given)
                told.append((seen.turn, position, seen.node, seen.call, found, name, function))
        self._verdicts += told

    def _tell(self, turn, position, node, call, verdict, name, function):
        told = verdict._asdict() | {
            "place": list(verdict.place) if verdict.place is not None else None,
            "input": name,
            "function": function.__name__ if function is not None else "",
        }
        code = getattr(function._backward(), "__code__", None) if verdict.verdict == DIFFERS and function else None
        origin = self._places.origin(code, _returning(code)) if code is not None else 0
        ref = self._numbers.text((*verdict, name, told["function"]), told)
        self._row(Kind.VERIFIED, origin=origin, node=node, a=call, b=position, ref=ref)


class Judge:
    """Says of the gradients of one run of a node what central differences do."""

    def __init__(self, seen):
        self._seen = seen
        self._f = self._wide = self._base = None

    def verdict(self, position, given):
        """What is said of one gradient; whatever the script's forward does now, nothing of it comes through."""
        seen = self._seen
        if seen.run is None:
            return Verdict(UNKNOWN, seen.why)
        if seen.run.purpose:
            return Verdict(DELIBERATE, seen.run.purpose)
        try:
            return self._compared(seen.run, seen.run.sources[position], hosted(given))
        except KeyboardInterrupt:
            raise
        except Gone as gone:
            return Verdict(UNKNOWN, str(gone))
        except BaseException as error:  # SystemExit too: the script has ended already
            return Verdict(UNKNOWN, f"forward can't be run again: {type(error).__name__}")

    def _compared(self, run, place, given):
        if self._base is None:
            self._begin(run)
        f, wide, base = self._f, self._wide, self._base
        x = wide[place]
        if not _alike(base[: len(self._seen.outputs)], self._seen.outputs, x):
            finite = all(np.isfinite(hosted(each)).all() for each in self._seen.outputs if each is not None)
            return Verdict(UNKNOWN, CHANGED if finite else NOT_FINITE)
        coarser = max(given.dtype, run.arrays[place].dtype, key=eps_of)
        fitted = given if given.shape == x.shape else sum_to_size(given, x.shape, None)
        incoming = [hosted(each) for each in self._seen.incoming]
        point = Point(
            lambda moved: f([*wide[:place], moved, *wide[place + 1 :]]), x, base, incoming,
            np.asarray(fitted, np.float64), coarser, run.shapes.get(place, ""),
        )  # fmt: skip
        return compared(point, run.function is not None)

    def _begin(self, run):
        """Runs forward where it was: in float64, or in its own dtypes where it takes no others."""
        self._f, self._wide = run.f, [_widened(hosted(each)) for each in run.arrays]
        try:
            self._base = run.f(self._wide)
        except (TypeError, ValueError, RuntimeError):
            if run.narrow is None:
                raise
            self._f = run.narrow
            self._base = run.narrow(self._wide)


def _seen(run_of, *given):
    """How to run something again; a slip there must not be the script's."""
    try:
        return Seen(run_of(*given), why="")
    except Exception as error:
        return Seen(None, why=f"its inputs can't be kept: {type(error).__name__}")


def _copies(gradients):
    return [None if each is None else copied(each) for each in gradients]


def _returning(code):
    """Where a function's last return is among its instructions."""
    return max((each.offset for each in get_instructions(code) if each.opname.startswith("RETURN_")), default=0)


def _widened(array):
    return array.astype(np.float64) if array is not None and array.dtype.kind == "f" else array


def _alike(again, outputs, x):
    """Whether outputs are those of the first time, within the rounding of their dtype."""
    reach = None
    for new, old in zip(again, outputs, strict=True):
        if new is None or old is None:
            if new is not old:
                return False
            continue
        new, old = np.asarray(new), np.asarray(hosted(old))
        if new.shape != old.shape:
            return False
        coarse = 2e-2 if old.dtype == np.float16 else 1e-3
        with np.errstate(all="ignore"):
            if (np.abs(new - old) <= coarse * np.abs(old)).all() if old.dtype.kind == "f" else np.array_equal(new, old):
                continue
        reach = _largest(x) if reach is None else reach
        near = coarse * _largest(old) + coarse * coarse * reach  # what is left of terms that cancel
        if not np.allclose(new, old, coarse, near, equal_nan=True):
            return False
    return True


def _largest(array):
    return float(np.abs(array[np.isfinite(array)]).max(initial=0))


@contextmanager
def _undisturbed():
    """What is run inside tells no observer, warns of no number, and draws from another stream of random numbers."""
    observer, state = mode.observer, get_rng_state()
    mode.observer = None
    try:
        with _GradMode(False), np.errstate(all="ignore"):
            yield
    finally:
        mode.observer = observer
        set_rng_state(state)


@contextmanager
def _unheard():
    """Nothing that is written or warned of inside comes through."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
