"""Run a script while both the recorder and tracemalloc watch it: `python -m tests.record.allocations SCRIPT TRACE`.

Prints JSON: pairs of (bytes that tracemalloc has for array data, bytes that the trace tells) at some of the events, at
the end of each backward call, and at the script's end.
"""

import contextlib
import io
import json
import sys
import tracemalloc
from pathlib import Path

import numpy as np

from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from gradviz.trace.usage import Usage

EVERY = 11  # events
ARRAYS = [tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)]


def allocated():
    """Bytes of array data that are allocated now."""
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(ARRAYS).traces)


class Watching(Recorder):
    """A recorder that asks tracemalloc now and then, and marks in the trace when it did."""

    def watch(self):
        self.asked, self.events, self.before = [], 0, allocated()

    def forward(self, *told):
        super().forward(*told)
        self.now_and_then("event")

    def step(self, *told):
        super().step(*told)
        self.now_and_then("event")

    def backward_ended(self, *told):
        super().backward_ended(*told)
        self.ask("backward ended")

    def now_and_then(self, why):
        self.events += 1
        if self.events % EVERY == 0:
            self.ask(why)

    def ask(self, why):
        self.asked.append((why, allocated() - self.before))
        self._row(Kind.NAMED, tensor=0, ref=self._journal.text({"name": why}))


def compared(script, path):
    """[(why, what tracemalloc says, what the trace says)] for each time it was asked."""
    header = {"format": 1, "gradviz": "test", "script": script, "argv": [], "mode": "script"}
    code, namespace = compile(Path(script).read_text(), script, "exec"), {"__name__": "__main__"}
    tracemalloc.start(1)
    # without values: the recorder's previews are arrays too
    with Watching(path, header, values="none") as recorder, contextlib.redirect_stdout(io.StringIO()):
        recorder.watch()
        exec(code, namespace)
        recorder.ask("end")
        recorder.finish(Outcome("finished", "", 0, None, namespace))
    tracemalloc.stop()
    trace = load(path)
    steps = trace.of(Kind.NAMED)
    curve = Usage(trace).curve
    places = np.searchsorted(curve.steps, steps[trace.rows["tensor"][steps] == 0], "right")
    told = np.concatenate([[0], curve.total])[places].tolist()
    return [(*asked, nbytes) for asked, nbytes in zip(recorder.asked, told, strict=True)]


if __name__ == "__main__":
    print(json.dumps(compared(sys.argv[1], Path(sys.argv[2]))))
