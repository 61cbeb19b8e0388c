"""A long training run: the recorder's own memory stays as it is, and the file grows by little an event."""

import tracemalloc
from pathlib import Path

import gradviz
import gradviz as torch
from gradviz import nn, optim
from gradviz.record.recorder import Recorder
from gradviz.record.script import Outcome
from gradviz.trace.events import Kind
from gradviz.trace.store import load

HEADER = {"format": 1, "gradviz": "test", "script": "test.py", "argv": [], "mode": "script"}
OURS = Path(gradviz.__file__).parent
SLACK = 50_000  # bytes: tables that Python makes larger by the way
AN_EVENT = 200  # bytes of the file


class Training:
    """A small model that is trained on; its losses are numbers, so that nothing of a graph stays."""

    def __init__(self):
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        self.optimizer = optim.Adam(self.model.parameters())
        self.points, self.heights = torch.randn(8, 3), torch.randn(8, 1)

    def run(self, iterations):
        for _ in range(iterations):
            self.optimizer.zero_grad()
            loss = ((self.model(self.points) - self.heights) ** 2).mean()
            loss.backward()
            self.optimizer.step()


def own_bytes():
    """What the recorder's modules and the journal hold."""
    filters = [tracemalloc.Filter(True, str(OURS / room / "*")) for room in ("record", "trace")]
    return sum(each.size for each in tracemalloc.take_snapshot().filter_traces(filters).statistics("filename"))


def test_the_recorders_own_memory_is_bounded(tmp_path):
    tracemalloc.start()
    try:
        with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
            training = Training()
            training.run(500)
            before = own_bytes()
            training.run(1_000)
            after = own_bytes()
            recorder.finish(Outcome("finished", "", 0, None, {}))
    finally:
        tracemalloc.stop()
    assert after - before < SLACK
    assert len(load(tmp_path / "t.gradviz").of(Kind.BACKWARD)) == 1_500


def test_an_event_takes_few_bytes_of_the_file(tmp_path):
    sizes = []
    for iterations in (300, 900):
        path = tmp_path / f"{iterations}.gradviz"
        with Recorder(path, HEADER) as recorder:
            Training().run(iterations)
            recorder.finish(Outcome("finished", "", 0, None, {}))
        rows = load(path).rows
        sizes.append((path.stat().st_size, int((rows["kind"] >= Kind.FORWARD).sum())))
    (small, few), (large, many) = sizes
    assert many > 2 * few
    assert large / many < AN_EVENT
    assert (large - small) / (many - few) < AN_EVENT
