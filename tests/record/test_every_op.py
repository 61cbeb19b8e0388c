"""Every op of the catalogue is recorded, read back and shown: its name, its node, what it saved, its gradients."""

import io

import numpy as np
import pytest
from rich.console import Console

import gradviz as torch
from gradviz.engine.op import catalogue
from gradviz.engine.switches import Observer, mode
from gradviz.record.recorder import Recorder
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from gradviz.views.diagram import dot_text
from gradviz.views.rows import rows
from gradviz.views.table import render_table, summary
from tests.engine.samples import SAMPLES

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}


def run(sample):
    """The sample, and a backward from what it gives."""
    leaves = [torch.from_numpy(array) for array in sample.arrays(np.float64)]
    for leaf, able in zip(leaves, sample.floating(), strict=True):
        leaf.requires_grad_(able)
    out = sample.run(torch, *leaves)
    if out.requires_grad:
        try:
            out.backward(torch.ones_like(out))
        except RuntimeError as error:  # where PyTorch has no derivative either
            assert str(error).startswith("derivative for aten::")


class Heard(Observer):
    """What the engine itself says of the ops: title, node's name, names of what is saved."""

    def __init__(self):
        self.told = []

    def forward(self, op, outputs, inputs, node, settings, started):
        if isinstance(op, str):
            return
        pairs = zip(node.saved_names, node._saved, strict=True) if node else ()
        saved = sorted(name for name, each in pairs if each is not None)
        self.told.append((op.title, type(node).__name__ if node else "", saved))


def heard(sample):
    mode.observer = observer = Heard()
    try:
        run(sample)
    finally:
        mode.observer = None
    return observer.told


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """sample -> its trace."""
    path = tmp_path_factory.mktemp("ops") / "op.gradviz"

    def of(sample):
        with Recorder(path, HEADER):
            run(sample)
        return load(path)

    return of


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("k", range(len(SAMPLES)), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_an_op_is_recorded_as_the_engine_tells_it(k, recorded):
    trace = recorded(SAMPLES[k])
    found = []
    for step in trace.of(Kind.FORWARD).tolist():
        call = trace.call(int(trace.rows["ref"][step]))
        if not call.op.startswith("("):
            kept = [trace.text(int(trace.rows["ref"][row]), "name") for row in kept_rows(trace, step)]
            names = [name for name, which in call.saved if which != -2]
            found.append((call.op, call.grad_fn, sorted(each.removeprefix("_saved_") for each in names + kept)))
    titles = {op.title for op in catalogue.values()}
    assert [each for each in found if each[0] in titles] == heard(SAMPLES[k])


def kept_rows(trace, step):
    """The KEPT rows of the forward row at a step."""
    forwards = trace.of(Kind.FORWARD)
    after = forwards[forwards > step]
    end = int(after[0]) if after.size else len(trace.rows)
    return [row for row in trace.of(Kind.KEPT).tolist() if step < row < end]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("k", range(0, len(SAMPLES), 3), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_an_op_is_shown(k, recorded):
    trace = recorded(SAMPLES[k])
    found = graphs(trace)
    console = Console(file=io.StringIO(), width=80, color_system=None)
    for graph in found:
        shown = rows(trace, graph, trace.lives)
        assert len(shown) == len(graph.nodes)
        render_table(console, trace, graph, trace.lives)
        render_table(console, trace, graph, trace.lives, wide=True, limit=None)
    summary(console, trace, found, trace.lives)
    assert "saved tensors at their peak" in console.file.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("k", range(0, len(SAMPLES), 40), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_an_op_is_drawn(k, recorded):
    trace = recorded(SAMPLES[k])
    for graph in graphs(trace)[-1:]:
        assert dot_text(trace, graph, trace.lives, nodes=None).count("label=") > 3
