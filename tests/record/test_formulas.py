"""What the recorder writes of the catalogue's formulas, and that they multiply to what was recorded."""

import warnings

import numpy as np
import pytest

import gradviz as torch
from gradviz.record.recorder import Recorder
from gradviz.trace.chain import Chain
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.local import split, worked
from gradviz.trace.store import load
from tests.engine.samples import SAMPLES

HEADER = {"format": 1, "gradviz": "test", "script": "test", "argv": [], "mode": "script"}

# Formulas that are expressions, but of which the op adds up, picks or spreads out, or that leave out a weight.
NO_PRODUCT = {
    "AdaptiveAvgPool2DBackward0",
    "AdaptiveAvgPool2DBackwardBackward0",
    "AdaptiveAvgPool3DBackward0",
    "AdaptiveAvgPool3DBackwardBackward0",
    "AvgPool2DBackward0",
    "AvgPool2DBackwardBackward0",
    "AvgPool3DBackward0",
    "AvgPool3DBackwardBackward0",
    "BernoulliBackward1",  # zeros of another shape, as NormalBackward3's
    "BinaryCrossEntropyBackward0",
    "BinaryCrossEntropyBackwardBackward0",  # of this and the other losses: numel is not that of its first input
    "BinaryCrossEntropyWithLogitsBackward0",
    "ConvolutionBackward0",
    "DiagEmbedBackward0",
    "DiagonalBackwardBackward0",
    "HuberLossBackwardBackward0",
    "MaskedFillBackward1",
    "MaskedSelectBackward0",
    "MseLossBackwardBackward0",
    "NormalBackward3",
    "SelectBackwardBackward0",
    "SliceBackwardBackward0",
    "SmoothL1LossBackwardBackward0",
    "SoftMarginLossBackwardBackward0",
}
# Ops whose samples must be among those that are multiplied: a formula that is no longer read would else go unseen.
MULTIPLIED = {
    "AbsBackward0", "AddBackward0", "AddbmmBackward0", "AddmmBackward0", "BmmBackward0", "CosBackward0",
    "DivBackward0", "ExpBackward0", "LogBackward0", "MeanBackward0", "MeanBackward1", "MmBackward0", "MseLossBackward0",
    "MulBackward0", "NegBackward0", "PowBackward0", "ReluBackward0", "ReshapeAliasBackward0", "SigmoidBackward0",
    "SinBackward0", "SqrtBackward0", "SubBackward0", "SumBackward0", "SumBackward1", "TanhBackward0", "ViewBackward0",
    "WhereBackward0",
}  # fmt: skip


def recorded(path, run):
    """The trace of a function."""
    with Recorder(path, HEADER, values="full"):
        run()
    return load(path)


def multiplied(trace):
    """(grad_fn, whether its formula led to the recorded gradient) for all formulas that come to numbers."""
    for graph in graphs(trace):
        chain = Chain(trace, graph)
        for work in map(chain.work, chain.ran()):
            incoming = chain.incoming(work)
            for passed in work.passed if incoming is not None else ():
                text, product = split(passed.formula)
                known = chain.values(work.entry) | {"grad": incoming.values.astype(np.float64)}
                if worked(product or text, known) is not None:
                    yield work.entry.grad_fn, chain.local(work, passed).value is not None


def run(sample):
    """The sample, and a backward that sends something different to each element."""
    leaves = [torch.from_numpy(array) for array in sample.arrays(np.float64)]
    for leaf, able in zip(leaves, sample.floating(), strict=True):
        leaf.requires_grad_(able)
    out = sample.run(torch, *leaves)
    if out.requires_grad:
        down = torch.from_numpy(np.linspace(0.5, 1.5, out.numel()).reshape(out.shape)).to(out.dtype)
        try:
            out.backward(down)
        except RuntimeError as error:  # where PyTorch has no derivative either
            assert str(error).startswith("derivative for aten::")


@pytest.fixture(scope="module")
def every_op(tmp_path_factory):
    """(op of the sample, grad_fn, whether it agreed) for all samples of the catalogue."""
    path = tmp_path_factory.mktemp("ops") / "op.gradviz"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            (sample.op, *each) for sample in SAMPLES for each in multiplied(recorded(path, lambda: run(sample)))  # noqa: B023
        ]


def test_local_times_incoming_is_what_was_handed_on(every_op):
    assert [each for each in every_op if not each[2] and each[1] not in NO_PRODUCT] == []


def test_the_exceptions_are_exceptions(every_op):
    assert {grad_fn for _, grad_fn, agreed in every_op if not agreed} == NO_PRODUCT


def test_the_ops_that_people_meet_first_are_multiplied(every_op):
    assert {grad_fn for _, grad_fn, agreed in every_op if agreed} >= MULTIPLIED
    assert len({grad_fn for _, grad_fn, agreed in every_op if agreed}) > 90


# -- names -------------------------------------------------------------------------------------------


def calls(trace, op):
    """The calls of an op in a trace, or of those with such a grad_fn."""
    found = [trace.call(int(trace.rows["ref"][step])) for step in trace.of(Kind.FORWARD).tolist()]
    return [call for call in found if op in (call.op, call.grad_fn)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.gradviz"


def leaf(*shape):
    return torch.ones(*shape, requires_grad=True)


def test_names_and_edges_of_a_product(path):
    (call,) = calls(recorded(path, lambda: leaf(2) * leaf(2)), "mul")
    assert call.names == ("self", "other")
    assert call.edges == (("self", "other"), ("other", "self"))


def test_an_input_without_derivative_has_no_edge(path):
    condition = torch.tensor([True, False])
    (call,) = calls(recorded(path, lambda: torch.where(condition, leaf(2), leaf(2))), "where")
    assert call.names == ("condition", "self", "other")
    assert [name for name, _ in call.edges] == ["self", "other"]


def test_of_several_inputs_each_has_its_number(path):
    (call,) = calls(recorded(path, lambda: torch.cat([leaf(1), leaf(1), leaf(1)])), "cat")
    assert call.names == ("tensors[0]", "tensors[1]", "tensors[2]")
    assert [name for name, _ in call.edges] == list(call.names)


def test_behind_an_optional_input_no_name_is_guessed(path):
    (call,) = calls(recorded(path, lambda: torch.nn.functional.batch_norm(leaf(2, 3), None, None, None, leaf(3), True)),
                    "batch_norm")  # fmt: skip
    assert call.names == ("input", "")


def test_a_function_and_a_changed_view_have_no_formula(path):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    def script():
        Twice.apply(leaf(2))
        x = leaf(3) * 1
        x[0] *= 2

    trace = recorded(path, script)
    assert calls(trace, "Twice")[0].edges == ()
    assert {call.edges for call in calls(trace, "CopySlices")} == {()}
