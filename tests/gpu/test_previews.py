"""Traces of what happens on a GPU: the same previews as on the CPU, by one small copy each."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.record.device_values import encoded
from gradviz.record.recorder import Recorder
from gradviz.trace import preview
from gradviz.trace.events import Flag, Kind
from gradviz.trace.store import load
from tests.gpu.strict import forget
from tests.gpu.strict_array import StrictArray

HEADER = {"script": "s.py"}
LARGE = np.random.RandomState(0).randn(40, 30)
ODD = np.where(LARGE > 1, np.nan, np.where(LARGE < -1, -np.inf, LARGE))
ARRAYS = {
    "small": LARGE[:2, :3],
    "large": LARGE,
    "float32": LARGE.astype(np.float32),
    "float16": LARGE.astype(np.float16),
    "not contiguous": LARGE.T[::2],
    "one long dimension": LARGE.reshape(-1),
    "many dimensions": LARGE.reshape(2, 3, 5, 4, 2, 5),
    "length 1": LARGE[:, None, :, None],
    "not finite": ODD,
    "nothing finite": np.full(100, np.inf),
    "integers": (LARGE * 100).astype(np.int64),
    "booleans": LARGE > 0,
    "empty": np.zeros((0, 3)),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_a_preview_from_the_device_is_the_cpus(cuda, array):
    mine = preview.decode(encoded(StrictArray(array), 64))
    assert cuda.looks == ["asnumpy"] and cuda.uploads == []
    theirs = preview.decode(preview.encode(array, whole_up_to=64))
    assert mine[:4] == theirs[:4] and (mine.summary is None) == (theirs.summary is None)
    np.testing.assert_array_equal(mine.values, theirs.values)
    if mine.summary is not None:
        np.testing.assert_allclose(mine.summary, theirs.summary, rtol=1e-5)


def _traced(device, path, values="preview"):
    weight = torch.full((20, 20), 0.5, device=device, requires_grad=True)
    x = torch.ones(4, 20, device=device)
    forget()
    with Recorder(path, HEADER, values=values):
        loss = torch.tanh(x @ weight).mean()
        loss.backward()
        weight.grad.mul_(2)
    return load(path)


def test_a_trace_looks_once_for_each_value_at_most(cuda, tmp_path):
    there = _traced("cuda", tmp_path / "there.gradviz")
    looks = list(cuda.looks)
    here = _traced("cpu", tmp_path / "here.gradviz")
    assert len(there.forwards) == len(here.forwards)
    rows = there.rows
    shown = np.count_nonzero((rows["value"] != 0) & (rows["kind"] != Kind.BUFFER) | (rows["flags"] & Flag.INLINE != 0))
    shown += np.count_nonzero(rows["ref"][rows["kind"] == Kind.ADDED])
    assert 0 < len(looks) <= shown and set(looks) <= {"asnumpy", "float"} and cuda.uploads == []


def test_without_values_nothing_is_looked_at(cuda, tmp_path):
    _traced("cuda", tmp_path / "none.gradviz", values="none")
    assert cuda.looks == [] and cuda.uploads == []
