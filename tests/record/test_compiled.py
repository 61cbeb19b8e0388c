"""The compiled recorder: it writes what the Python one does, byte for byte, keeps nothing, and can be left out."""

import contextlib
import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import gradviz as torch
from gradviz.record import lives
from gradviz.record.recorder import Recorder
from gradviz.trace import preview, writer
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from tests.record.writings import contents

ROOT = Path(__file__).parents[2]
HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}
HELD = ("tests/record/test_recorder.py", "tests/record/test_in_place.py", "tests/trace/test_journal.py",
        "tests/trace/test_journal_interrupted.py")  # fmt: skip
built = pytest.mark.skipif(lives.Scribe is None, reason="not compiled (no compiler, or GRADVIZ_COMPILED=0)")


def python(*command, compiled):
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=1200,
        env=os.environ | {"GRADVIZ_COMPILED": str(compiled), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


# -- the same traces --------------------------------------------------------------------------------------


@built
def test_both_write_the_same_traces(tmp_path):
    ours, theirs, pythons = (tmp_path / each for each in ("compiled", "recorder", "python"))
    for folder in (ours, theirs, pythons):
        folder.mkdir()
    python("-m", "tests.record.writings", ours, compiled=1)
    python("-m", "tests.record.writings", theirs, "python", compiled=1)
    python("-m", "tests.record.writings", pythons, compiled=0)
    written = sorted(path.name for path in ours.iterdir())
    assert len(written) > 60
    assert [name for name in written if contents(ours / name) != contents(theirs / name)] == []
    # an engine in C lets go of what an op is done with in another order
    assert [name for name in written if contents(ours / name, False) != contents(pythons / name, False)] == []


@built
def test_without_it_the_tests_pass_too():
    python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *HELD, compiled=0)


@built
def test_it_is_the_compiled_one_that_is_tested():
    assert writer.Writer.__module__ == "gradviz.trace._trace"
    assert lives.Lives.__module__ == "gradviz.record._record"
    asked = "from gradviz.record import lives; from gradviz.trace import writer; print(lives.Scribe, writer.Writer)"
    assert python("-c", asked, compiled=0) == "None <class 'gradviz.trace.writer.Writer'>\n"


SHAPES = arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6)
DTYPES = st.sampled_from(["f4", "f8", "i8", "i4", "u1", "?", "f2"])


@given(st.data())
def test_a_small_value_is_previewed_as_preview_py_does(tmp_path_factory, data):
    array = data.draw(arrays.arrays(data.draw(DTYPES), data.draw(SHAPES)))
    array = array.transpose(data.draw(st.permutations(range(array.ndim))))
    array = array[tuple(slice(None, None, data.draw(st.sampled_from([1, 2, -1]))) for _ in array.shape)]
    if array.ndim and data.draw(st.booleans()):
        array = np.broadcast_to(array, (2, *array.shape))
    same_preview(tmp_path_factory, array)


@settings(deadline=None)
@given(st.integers(0, 1 << 32))
def test_a_large_value_is_previewed_as_preview_py_does(tmp_path_factory, seed):
    draws = np.random.default_rng(seed)
    dims = int(draws.integers(1, 5))
    shape = draws.integers(1, [80_000, 250, 40, 16][dims - 1], size=dims)
    array = draws.standard_normal(shape) * 10.0 ** draws.integers(-25, 20)
    if draws.random() < 0.3:
        array[draws.random(array.shape) < 0.3] = draws.choice([0.0, -0.0, np.nan, np.inf, 1e30])
    with np.errstate(all="ignore"):
        array = array * draws.choice([1, 1, 1, 0])
        array = array.astype(draws.choice(["f4", "f8", "f2"]))
    array = array.T if draws.random() < 0.4 else array[::2] if draws.random() < 0.3 else array
    same_preview(tmp_path_factory, array)


def same_preview(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "preview.gradviz"
    with np.errstate(all="ignore"):
        with Recorder(path, HEADER) as recorder:
            _, _, _, value = recorder._value(array)
        expected = preview.encode(array)
    if not array.ndim:
        assert np.float64(value).tobytes() == np.float64(float(array)).tobytes()
    else:
        assert load(path)._heap.blob(value) == expected


def test_a_gradient_that_was_handed_on_twice_is_shown_as_it_is(tmp_path):
    path = tmp_path / "t.gradviz"
    with Recorder(path, HEADER):
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        a, b = x * 2, x * 3
        ((a + b.t()) * torch.tensor([[1.0, 10.0], [100.0, 1000.0]])).sum().backward()  # b's is a view of a's
    trace = load(path)
    shown = [trace.value(step).values.tolist() for step in trace.of(Kind.STEP).tolist()]
    assert shown[-2] == [[1.0, 10.0], [100.0, 1000.0]]
    assert shown[-4] == [[1.0, 10.0], [100.0, 1000.0]]


# -- nothing is held ---------------------------------------------------------------------------------------


def work(x):
    """Some forty ops and a backward, of all that is frequent and some that is not."""
    y = x
    for k in range(5):
        y = (y * x + 0.5).tanh().reshape(2, 2).t().reshape(4) - y.sum(0, keepdim=True)
        y = y * (1000 + k) / 1001.0
    large = y.expand(40, 4) * 2
    (y.sum() + large.sum()).backward()
    with torch.no_grad():
        (x - 0.01 * x.grad).detach().mul_(2)
    x.grad = None


def test_ten_thousand_ops_leave_nothing(tmp_path):
    x = torch.ones(4, requires_grad=True)
    with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
        tracemalloc.start()
        for _ in range(200):
            work(x)
        counted, before = counts(recorder), tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            work(x)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert grown < 20_000, f"{grown} bytes in 200 rounds"
        assert all(abs(new - old) < 150 for new, old in zip(counts(recorder), counted, strict=True))


def test_training_leaves_nothing(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(4, 30), torch.nn.Tanh(), torch.nn.Linear(30, 1))
    optimizer, x = torch.optim.SGD(model.parameters(), lr=0.01), torch.ones(5, 4)

    def train(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(x), torch.zeros(5, 1))
            loss.backward(retain_graph=True)
            loss.backward()
            optimizer.step()

    with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
        train(1100)  # each buffer's newest changes are kept by now, and no more of them
        counted, before = counts(recorder), sys.getallocatedblocks()
        train(200)
        new = counts(recorder)
        assert sys.getallocatedblocks() - before < 1500
        assert all(abs(one - other) < 20 for one, other in zip(new, counted, strict=True))


def counts(recorder):
    gc.collect()
    held = (None, True, np.ndarray, torch.Tensor, work.__code__, recorder, torch.mul.op, ())
    return [sys.getrefcount(each) for each in held]


def test_a_recorder_ends_with_its_last_name(tmp_path):
    recorder = Recorder(tmp_path / "t.gradviz", HEADER)
    with recorder:
        x = torch.ones(3, requires_grad=True)
        y = (x * 2).sum()
        y.backward()
    ended = weakref.ref(recorder)
    del recorder
    gc.collect()
    assert ended() is None
    del x, y  # whose weak references outlived it


# -- whatever interrupts -----------------------------------------------------------------------------------


def is_consistent(path, number=None):
    """Every number is made once and ends once, at most; what is referred to is there."""
    trace = load(path)
    assert trace.damaged == ""
    rows = trace.rows
    for kind, column in ((Kind.FREED, "buffer"), (Kind.GONE, "node")):
        ended = rows[column][rows["kind"] == kind]
        assert len(set(ended.tolist())) == len(ended)
    for kind, column in ((Kind.META, "meta"), (Kind.ORIGIN, "origin")):
        known = set(rows[column][rows["kind"] == kind].tolist()) | {0}
        assert set(rows[column].tolist()) <= known
    tensors = rows["tensor"][rows["kind"] == Kind.FORWARD]
    assert len(set(tensors.tolist())) == len(tensors)
    return trace


def other_work():
    with torch.enable_grad():  # it may interrupt a backward
        x = torch.ones(2, requires_grad=True)
        (x * 2.0).sum().backward()


def test_threads_record_side_by_side(tmp_path):
    path, failed = tmp_path / "t.gradviz", []

    def thread():
        try:
            x = torch.ones(4, requires_grad=True)
            for _ in range(100):
                y = (x * 2.0 + x).tanh()
                (y * y).sum()
        except BaseException as error:
            failed.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=thread) for _ in range(4)]
    try:
        with Recorder(path, HEADER):
            thread()  # in Python 3.11, no two threads may parse the source at once
            for each in threads:
                each.start()
            for each in threads:
                each.join()
    finally:
        sys.setswitchinterval(interval)
    assert failed == []
    trace = is_consistent(path)
    assert sum(trace.call(int(ref)).op == "tanh" for ref in trace.rows["ref"][trace.of(Kind.FORWARD)]) == 500


def test_finalizers_record_in_the_middle_of_an_op(tmp_path):
    path, threshold, ran = tmp_path / "t.gradviz", gc.get_threshold(), []

    class Cycle:
        def __init__(self):
            self.itself = self

        def __del__(self):
            other_work()
            ran.append(1)

    gc.set_threshold(3)
    try:
        with Recorder(path, HEADER):
            x = torch.ones(4, requires_grad=True)
            for _ in range(60):
                Cycle()
                work(x)
    finally:
        gc.set_threshold(*threshold)
    assert len(ran) > 50
    is_consistent(path)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # raised in a weak reference's callback
def test_signal_handlers_record_and_raise_in_the_middle_of_an_op(tmp_path):
    path, handled, armed, inside = tmp_path / "t.gradviz", [], [], []

    def handler(*_):
        if len(inside) == 5:  # one inside the other, on a slow machine
            return
        inside.append(1)
        try:
            other_work()
        finally:
            inside.pop()
        handled.append(1)
        if len(handled) >= 90:
            signal.setitimer(signal.ITIMER_REAL, 0)
        elif armed and len(handled) % 3 == 0:
            armed.clear()  # so that it is raised once, where it is caught
            raise KeyboardInterrupt

    with Recorder(tmp_path / "first.gradviz", HEADER):  # from here on, what is imported at first use is there
        work(torch.ones(4, requires_grad=True)), other_work()
    before = signal.signal(signal.SIGALRM, handler)
    try:
        with Recorder(path, HEADER):
            x = torch.ones(4, requires_grad=True)
            signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
            while len(handled) < 90:
                with contextlib.suppress(KeyboardInterrupt):
                    armed.append(1)
                    while len(handled) < 90:
                        torch.set_grad_enabled(True)  # it may have been raised on no_grad's way out
                        work(x)
    finally:
        armed.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    is_consistent(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_records_nothing(tmp_path):
    path = tmp_path / "t.gradviz"
    with Recorder(path, HEADER):
        x = torch.ones(4, requires_grad=True)
        work(x)
        pid = os.fork()
        if not pid:
            code = 1
            try:
                for _ in range(50):
                    work(x)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        work(x)
    trace = is_consistent(path)
    assert len(trace.of(Kind.BACKWARD)) == 2


def test_on_a_full_disk_the_script_goes_on(tmp_path):
    path = tmp_path / "t.gradviz"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Recorder(path, HEADER) as recorder:
            x = torch.ones(4, requires_grad=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
            for _ in range(40):
                work(x)
            failure = recorder.failure
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "File too large" in failure
    assert len(load(path).rows) > 100


def test_a_journal_of_another_kind_is_refused():
    if lives.Scribe is not None:
        with pytest.raises(TypeError):
            lives.Lives(object(), 48, 0)
        with pytest.raises(AttributeError):
            lives.Scribe(object())
