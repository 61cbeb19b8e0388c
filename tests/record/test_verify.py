"""trace --verify: no op of the catalogue disagrees with central differences, a wrong gradient does, and nobody notices.

What Functions get wrong, or mean otherwise, is in tests/check/test_numbers.py.
"""

import random
import sys
import tracemalloc
from collections import Counter

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.fitting import sum_to_size
from gradviz.record import slopes, verify
from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.record.verify import Verifier
from gradviz.trace.events import ROW, Kind
from gradviz.trace.store import load
from gradviz.trace.verified import verified
from tests.engine.samples import SAMPLES

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}
CANCELLING = {"known_mean", "known_rstd"}
EACH = list({sample.op: sample for sample in SAMPLES}.values())

pytestmark = pytest.mark.filterwarnings("ignore")


def checked(path, program, **options):
    """What --verify says of a program's gradients."""
    with Verifier(path, HEADER, **options) as recorder:
        program()
        recorder.verify()
    return verified(load(path))


def run(sample, dtype=np.float32):
    leaves = [torch.from_numpy(array) for array in sample.arrays(dtype)]
    for leaf, able in zip(leaves, sample.floating(), strict=True):
        leaf.requires_grad_(able)
    out = sample.run(torch, *leaves)
    if out.requires_grad:
        try:
            out.backward(torch.ones_like(out))
        except RuntimeError as error:  # where PyTorch has no derivative either
            assert str(error).startswith("derivative for aten::")


# -- the catalogue -----------------------------------------------------------------------------------


def not_judged(path, sample, dtype):
    """(node's name, why) of each gradient that nothing is said of, after all were looked at, each once."""
    with Verifier(path, HEADER) as recorder:
        run(sample, dtype)
        recorder.verify()
    trace = load(path)
    rows, found = trace.rows, verified(trace)
    handed = Counter(tuple(int(rows[name][step]) for name in ("node", "a", "b")) for step in trace.of(Kind.GRAD))
    assert Counter((each.node, each.backward, each.position) for each in found) == handed, sample.op
    for each in found:
        assert each.verdict in ("agrees", "unknown" if sample.slope else "deliberate"), (sample.op, each)
    names = {
        int(rows["node"][step]): trace.call(int(rows["ref"][step])).grad_fn for step in trace.of(Kind.FORWARD).tolist()
    }
    return Counter((names[each.node], each.why) for each in found if each.verdict != "agrees")


KINKS = Counter({
    ("MaximumBackward0", slopes.NO_SLOPE): 2,
    ("WhereBackward0", slopes.NOT_FINITE): 2,
    ("EmbeddingBagBackward0", slopes.SCALED): 1,
})  # fmt: skip


def cancels(sample):
    """Whether gradients are all but rounding: of what is known already, of a singular matrix's decomposition."""
    return sample.op in CANCELLING or (sample.op == "linalg_svd_of" and sample.run.__qualname__.startswith("twice"))


def test_each_gradient_of_each_sample_is_judged_and_none_is_marked(tmp_path):
    told = Counter()
    for sample in SAMPLES:
        told += not_judged(tmp_path / "op.gradviz", sample, np.float32)
    assert told == KINKS


@pytest.mark.parametrize("start", range(4))
def test_a_gradient_a_tenth_too_large_is_marked_whatever_the_op(start, tmp_path, monkeypatch):
    right = verify.Judge.verdict

    def spoiled(judge, position, given):
        given = np.asarray(given)
        verdict = right(judge, position, (given * 1.1).astype(given.dtype))
        run = judge._seen.run
        fitted = given if run is None else sum_to_size(given, run.arrays[run.sources[position]].shape, None)
        nothing = np.abs(fitted.astype(np.float64)).max(initial=0) < 1e-2
        return verdict if not nothing else verdict._replace(verdict="unknown", why="nothing to spoil")

    monkeypatch.setattr(verify.Judge, "verdict", spoiled)
    for sample in [each for each in SAMPLES[start::12] if each.slope and not cancels(each)]:
        for each in checked(tmp_path / "op.gradviz", lambda sample=sample: run(sample)):
            assert each.verdict in ("differs", "unknown"), (sample.op, each)


def test_double_precision(tmp_path):
    for sample in EACH:
        assert set(not_judged(tmp_path / "op.gradviz", sample, np.float64)) <= set(KINKS), sample.op


def test_half_precision(tmp_path):
    for sample in EACH[::3]:
        try:
            run(sample, np.float16)
        except (NotImplementedError, RuntimeError):  # where PyTorch has none either
            continue
        assert set(not_judged(tmp_path / "op.gradviz", sample, np.float16)) <= set(KINKS), sample.op


def test_ops_where_there_is_no_slope(tmp_path):
    def program():
        x = torch.zeros(4, requires_grad=True)
        (torch.relu(x) + x.abs() + torch.maximum(x, -x)).sum().backward()

    of_op = {each.node: each.verdict for each in checked(tmp_path / "t.gradviz", program)}
    assert set(of_op.values()) == {"agrees", "unknown"}


def test_dropout_and_integers(tmp_path):
    def program():
        torch.manual_seed(0)
        x = torch.ones(50, 4, requires_grad=True)
        picked = torch.nn.functional.dropout(x, 0.5)[torch.tensor([1, 1, 3])]
        torch.nn.functional.cross_entropy(picked, torch.tensor([0, 2, 1])).backward()

    found = checked(tmp_path / "t.gradviz", program)
    assert {each.verdict for each in found} <= {"agrees", "unknown"}
    assert sum(each.verdict == "agrees" for each in found) >= 3


# -- the run is left alone -----------------------------------------------------------------------------


class Loud(torch.autograd.Function):
    """Prints, counts, and draws random numbers in forward."""

    calls = 0
    then = staticmethod(lambda: None)

    @staticmethod
    def forward(ctx, x):
        """x by a random number."""
        print("forward")
        print("trouble", file=sys.stderr)
        Loud.calls += 1
        Loud.then()
        ctx.factor = torch.rand(1)
        return x * ctx.factor

    @staticmethod
    def backward(ctx, grad):
        """The slope."""
        return grad * ctx.factor


def loud(seen=None):
    torch.manual_seed(1)
    Loud.calls = 0
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Loud.apply(x).sum().backward()
    if seen is not None:
        seen.append((Loud.calls, x.grad.tolist(), torch.rand(1).item()))


def test_output_counts_and_random_numbers_are_the_scripts_own(tmp_path, capsys):
    loud(expected := [])
    alone = capsys.readouterr()
    with Verifier(tmp_path / "t.gradviz", HEADER) as recorder:
        loud(seen := [])
        before, state = capsys.readouterr(), torch.get_rng_state().tolist()
        recorder.verify()
    assert (seen, before) == (expected, alone)
    assert capsys.readouterr() == ("", "")
    assert torch.get_rng_state().tolist() == state
    assert [each.verdict for each in verified(load(tmp_path / "t.gradviz"))] == ["agrees", "agrees"]


def test_the_rows_are_those_of_a_run_without(tmp_path):
    def program():
        x = torch.ones(3, 4, requires_grad=True)
        for _ in range(3):
            y = (x @ x.t() + 1).relu_()
            (y * y).mean().backward()
        del y
        loud()

    found = []
    for kind in (Recorder, Verifier):
        with kind(tmp_path / "t.gradviz", HEADER) as recorder:
            program()
            recorder.finish(Outcome("finished", "", 0, None, {}))
        found.append(load(tmp_path / "t.gradviz").rows)
    same = [name for name in ROW.names if name not in ("time", "duration")]
    assert np.array_equal(*(rows[same] for rows in found))


def test_rows_come_after_the_end_and_leave_it(tmp_path):
    with Verifier(tmp_path / "t.gradviz", HEADER) as recorder:
        loud()
        recorder.finish(Outcome("finished", "", 0, None, {}))
        recorder.verify()
    trace = load(tmp_path / "t.gradviz")
    assert trace.of(Kind.VERIFIED).min() > trace.end
    assert trace.ending.how == "finished"


# -- what is looked at, and when it can't be -----------------------------------------------------------


@pytest.mark.parametrize(("many", "room"), [(10_000, 1 << 27), (7, 1 << 27), (10_000, 100)])
def test_each_gradient_is_looked_at_in_a_long_run_too(tmp_path, monkeypatch, many, room):
    monkeypatch.setattr("gradviz.record.verify.MANY", many)
    monkeypatch.setattr("gradviz.record.verify.ROOM", room)

    def program():
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        for _ in range(100):
            (Takes.apply(x, 2.0) * x).sum().backward()

    found = checked(tmp_path / "t.gradviz", program)
    assert [each.backward for each in found] == [backward for backward in range(1, 101) for _ in range(4)]
    assert {each.verdict for each in found} == {"agrees"}


def test_what_waits_for_a_check_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr("gradviz.record.verify.ROOM", 1 << 20)

    def program():
        x = torch.ones(10_000, requires_grad=True)
        for _ in range(200):
            (x * x).sum().backward()

    tracemalloc.start()
    try:
        checked(tmp_path / "t.gradviz", program)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20  # copies of all would be 32 MB
    finally:
        tracemalloc.stop()


def test_functions_alone(tmp_path):
    assert [each.function for each in checked(tmp_path / "t.gradviz", loud, ops=False)] == ["Loud"]


def test_values_that_change_later_are_those_of_the_time(tmp_path):
    def program():
        x, c = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0])
        y = x + c
        loss = (y * y).sum()
        loss.backward()
        with torch.no_grad():
            x.zero_(), c.zero_(), x.grad.zero_()

    assert {each.verdict for each in checked(tmp_path / "t.gradviz", program)} == {"agrees"}


class Takes(torch.autograd.Function):
    """x times whatever has a value."""

    @staticmethod
    def forward(ctx, x, other, power=1):
        """x by the other's value."""
        ctx.factor = getattr(other, "value", other) ** power
        return x * ctx.factor

    @staticmethod
    def backward(ctx, grad):
        """The slope, for x alone."""
        return grad * ctx.factor, None, None


class Holder:
    """Has a value."""

    value = 3.0


class Ends(Holder):
    """Something of its own happens at its end, so no copy is made."""

    def __del__(self):
        """Nothing."""


@pytest.mark.parametrize(
    ("arguments", "verdict", "why"),
    [
        ((3.0,), "agrees", ""),
        ((3, 2), "agrees", ""),
        ((torch.float32.itemsize, torch.Size([1])[0]), "agrees", ""),
        ((Holder(),), "agrees", ""),
        ((KEPT := Ends(),), "agrees", ""),
        ((Ends,), "unknown", "forward was called with a Ends, which can't be copied"),
    ],
    ids=["number", "two numbers", "what a dtype says", "object", "what lives on", "what is gone"],
)
def test_what_else_a_function_was_called_with(arguments, verdict, why, tmp_path):
    def program():
        given = [each() if each is Ends else each for each in arguments]
        Takes.apply(torch.ones(2, requires_grad=True), *given).sum().backward()

    (found,) = checked(tmp_path / "t.gradviz", program, ops=False)
    assert (found.verdict, found.why) == (verdict, why)


def test_a_gradient_that_an_embedding_scales_is_no_mistake(tmp_path):
    def program():
        torch.nn.Embedding(4, 2, scale_grad_by_freq=True)(torch.tensor([1, 1, 3])).sum().backward()

    found = checked(tmp_path / "t.gradviz", program)
    assert [(each.verdict, each.why) for each in found] == [("agrees", ""), ("deliberate", slopes.SCALED)]


def test_a_hook_on_a_tensor_is_no_mistake(tmp_path):
    def program():
        x = torch.ones(2, requires_grad=True)
        y = x * 3
        y.register_hook(lambda grad: grad * 2)
        y.sum().backward()

    assert {each.verdict for each in checked(tmp_path / "t.gradviz", program)} == {"agrees"}


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
def test_a_forward_that_fails_when_it_runs_again(error, tmp_path, monkeypatch):
    def fail():
        if Loud.calls > 1:
            raise error

    monkeypatch.setattr(Loud, "then", staticmethod(fail))
    (found,) = checked(tmp_path / "t.gradviz", loud, ops=False)
    assert found.verdict == "unknown"
    assert found.why == f"forward can't be run again: {type(error).__name__}"


def test_ctrl_c_ends_the_checks_and_what_was_not_checked_says_so(tmp_path, monkeypatch):
    def interrupt():
        if Loud.calls > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Loud, "then", staticmethod(interrupt))
    with Verifier(tmp_path / "t.gradviz", HEADER) as recorder:
        loud()
        with pytest.raises(KeyboardInterrupt):
            recorder.verify()
    assert torch.is_grad_enabled()
    found = [(each.verdict, each.why, each.input) for each in verified(load(tmp_path / "t.gradviz"))]
    assert found == [("agrees", "", "self"), ("unknown", verify.STOPPED, "x")]


def test_a_forward_that_gives_something_else(tmp_path, monkeypatch):
    numbers = random.Random(1)
    monkeypatch.setattr(Holder, "value", property(lambda self: numbers.random()))

    def program():
        Takes.apply(torch.ones(2, requires_grad=True), Holder()).sum().backward()

    (found,) = checked(tmp_path / "t.gradviz", program, ops=False)
    assert (found.verdict, found.why) == ("unknown", verify.CHANGED)
