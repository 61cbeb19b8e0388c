"""gradviz does what PyTorch 2.13 was seen to do: graphs, errors, prints, promotion, random numbers.

The facts are stored, so these tests need no PyTorch; where it is installed, the facts themselves are checked.
"""

import json

import numpy as np
import pytest

import gradviz
from gradviz.engine.op import catalogue
from tests.engine import programs_elementwise, programs_layers, programs_neural, programs_rarer
from tests.engine.observations import FACTS, OBSERVATIONS, observed, stored

EXACT = [
    (name, key)
    for name in ("graphs", "errors", "prints", "promotions", "answers", "scripts")
    for key in stored(name)
]

DRAWN = ("draws", "samplings")


@pytest.fixture(scope="module")
def ours():
    return {name: observed(gradviz, name) for name in OBSERVATIONS}


@pytest.mark.parametrize(("name", "key"), [each for each in EXACT if each[0] != "promotions"], ids=" ".join)
def test_gradviz_does_what_pytorch_does(ours, name, key):
    assert ours[name][key] == stored(name)[key]


def test_promotion_follows_pytorch(ours):
    facts = stored("promotions")
    assert {key: ours["promotions"][key] for key in facts if ours["promotions"][key] != facts[key]} == {}


@pytest.mark.parametrize(("name", "key"), [(name, key) for name in DRAWN for key in stored(name)], ids=" ".join)
def test_random_numbers_are_pytorchs(ours, name, key):
    # Box-Muller's logarithm and sine differ in the last bits from processor to processor, PyTorch's own too
    np.testing.assert_allclose(_flat(ours[name][key]), _flat(stored(name)[key]), rtol=2e-6, atol=1e-7)


def _flat(values):
    return [number for each in values for number in _flat(each)] if isinstance(values, list) else [values]


def test_the_facts_are_small_and_complete():
    assert sum(path.stat().st_size for path in FACTS.iterdir()) < 800_000
    assert {path.stem for path in FACTS.glob("*.json")} == set(OBSERVATIONS)


def test_every_differentiable_op_has_its_graph_among_the_facts():
    named = {node["name"] for graph in stored("graphs").values() for node in graph["nodes"]}
    in_second_backwards = {
        "SelectBackward", "SliceBackward", "NllLossBackward", "DiagonalBackward", "EmbeddingDenseBackward",
        "IndexPutImpl", "MaskedScatterBackward",
        *(f"{mode}Pad{n}DBackward" for mode in ("Reflection", "Replication") for n in (1, 2, 3)),
    }  # fmt: skip
    ours = {op.node_class.__name__ for op in catalogue.values() if op.node_class is not None}
    for each in (programs_neural, programs_layers, programs_rarer):
        in_second_backwards |= each.IN_SECOND_BACKWARDS
    others = programs_elementwise.IN_SECOND_BACKWARDS
    assert ours - named == {f"{name}Backward0" for name in in_second_backwards} | others


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_the_facts_are_what_the_installed_pytorch_does(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")
    if not torch.__version__.startswith("2.13."):
        pytest.skip(f"the facts are those of PyTorch 2.13, and this is {torch.__version__}")
    if name in DRAWN:
        facts = {key: pytest.approx(_flat(value), rel=2e-6, abs=1e-7) for key, value in stored(name).items()}
        assert {key: _flat(value) for key, value in observed(torch, name).items()} == facts
    else:
        assert json.dumps(observed(torch, name), indent=0) == json.dumps(stored(name), indent=0)
