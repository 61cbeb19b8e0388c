"""What the recorder tells of memory on real programs: an optimizer's state, parameters, a run that was cut off."""

import pytest

import gradviz as torch
from gradviz import nn, optim
from gradviz.record.recorder import Recorder
from gradviz.trace.events import STATE, Kind
from gradviz.trace.store import load
from gradviz.trace.usage import Category, Phase, Usage

HEADER = {"format": 1, "gradviz": "test", "script": "test.py", "argv": [], "mode": "script"}


def cut_off(path, program):
    """The trace of a program whose recording ends without its last rows."""
    with Recorder(path, HEADER):
        kept = program()
    assert kept
    return load(path)


def trained(make):
    """A program: one step of a linear layer."""

    def program():
        model = nn.Linear(6, 4)
        optimizer = make(model.parameters())
        model(torch.ones(2, 6)).sum().backward()
        optimizer.step()
        return model, optimizer

    return program


@pytest.mark.parametrize(
    ("make", "copies"),
    [
        (lambda parameters: optim.SGD(parameters, lr=0.1), 0),
        (lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9), 0),  # made by an op, and so told of by it
        (lambda parameters: optim.RMSprop(parameters, lr=0.1), 1),
        (lambda parameters: optim.Adam(parameters, lr=0.1), 2),
    ],
)
def test_an_optimizers_state_counts_from_the_step_that_made_it(tmp_path, make, copies):
    trace = cut_off(tmp_path / "t.gradviz", trained(make))
    rows = trace.rows[trace.of(Kind.FORWARD)]
    state = [row for row in rows if trace.call(int(row["ref"])).op == STATE]
    sizes = [trace.meta(int(row["meta"])).nbytes for row in state]
    assert sum(size for size in sizes if size > 4) == copies * (6 * 4 + 4) * 4
    assert {trace.within(int(row["within"])).aside for row in state} <= {True}


def test_parameters_count_before_any_op_uses_them(tmp_path):
    trace = cut_off(tmp_path / "t.gradviz", lambda: [nn.Linear(6, 4), nn.Parameter(torch.ones(5), requires_grad=False)])
    curve = Usage(trace).curve
    assert curve.nbytes[-1, Category.PARAMETERS] == curve.total[-1] == (6 * 4 + 4 + 5) * 4


def test_the_phases_of_a_training_step(tmp_path):
    program = trained(lambda parameters: optim.Adam(parameters, lr=0.1))
    phases = Usage(cut_off(tmp_path / "t.gradviz", program)).phases.tolist()
    order = [each for at, each in enumerate(phases) if at == 0 or phases[at - 1] != each]
    assert order[-3:] == [Phase.FORWARD, Phase.BACKWARD, Phase.STEP]
