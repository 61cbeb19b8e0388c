"""Every op beside PyTorch on all variations of its samples: values, gradients, dtypes, and what is refused how."""

import itertools
import json
import warnings

import numpy as np
import pytest

import gradviz
from gradviz.engine.op import catalogue
from tests.engine.differences import DIFFERENCES
from tests.engine.outcomes import differences, outcome
from tests.engine.programs import graph_of
from tests.engine.samples import SAMPLES
from tests.engine.variations import KINDS, variations

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

# what LAPACK, rounding and sorting come to, which is not the same on every machine
MAY_VARY = {
    *("special value", "special taken", "special refused", "special class", "special words"),
    *("ties value", "layout value", "dtype value", "mixed value"),
}


def _found(op):
    """{"kind difference": the first variation that shows it}"""
    found = {}
    for k, sample in enumerate(SAMPLES):
        if sample.op != op:
            continue
        for kind in KINDS:
            orders = 1 if kind == "special" else 2  # of the second gradient, PyTorch says that NaN may be anything
            for what, arrays, wanted in variations(sample, kind):
                sides = [outcome(side, sample.run, arrays, wanted, orders) for side in (gradviz, torch)]
                for each in differences(*sides, arrays):
                    found.setdefault(f"{kind} {each}", f"sample {k}, {what}: {sides[0]} | {sides[1]}")
    return found


@pytest.mark.parametrize("op", catalogue)
def test_variations(op):
    known = {key for table in DIFFERENCES.values() for key, ops in table.items() if op in ops.split()}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = _found(op)
    assert {key: case for key, case in found.items() if key not in known} == {}
    gone = {key for key in known - found.keys() if key not in MAY_VARY}
    assert gone == set(), "gradviz does as PyTorch now: take these out of differences.py"


@pytest.mark.parametrize("k", range(len(SAMPLES)), ids=lambda k: f"{SAMPLES[k].op}-{k}")
def test_graphs(k):
    """Names of nodes, edges, what is saved under which name, and the order of backward, for all that may need grad."""
    sample = SAMPLES[k]
    patterns = itertools.product(*((True, False) if able else (False,) for able in sample.floating()))
    if sample.run.__qualname__.startswith("twice"):
        patterns = ()  # the graph of a second gradient is made of gradviz's own ops
    differ = [each for each in patterns if any(each) and _graph(gradviz, sample, each) != _graph(torch, sample, each)]
    assert differ == []


def _graph(side, sample, wanted):
    try:
        return json.dumps(graph_of(side, sample, wanted))
    except RuntimeError as error:  # of an op that has no gradient
        return str(error)


def test_the_differences_name_ops_and_kinds():
    for table in DIFFERENCES.values():
        for key, ops in table.items():
            kind, _ = key.split()
            assert kind in KINDS
            assert set(ops.split()) <= set(catalogue)
