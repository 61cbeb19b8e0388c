"""What --compare-no-grad counts is what the same code builds with gradients on, and the script sees nothing of it."""

import pytest
from hypothesis import HealthCheck, given, settings

import gradviz as torch
from gradviz.record.beside import Beside
from gradviz.record.recorder import Recorder
from gradviz.trace.memory import saved_summary
from gradviz.trace.no_grad import regions
from gradviz.trace.store import load
from tests.record.random_programs import programs, run
from tests.record.test_lives import HEADER, Seen, Told


def compared(path, program):
    """The regions that a program's trace tells of."""
    with Recorder(path, HEADER) as recorder:
        with Beside(recorder) as beside:
            program()
        beside.finish()
    return regions(load(path))


def with_gradients(path, program):
    """Nodes and the peak of saved bytes when the program runs with gradients on."""
    with Recorder(path, HEADER):
        program()
    trace = load(path)
    return len(set(trace.forwards.node[trace.forwards.node > 0].tolist())), saved_summary(trace, trace.lives).peak


def mlp():
    return torch.nn.Sequential(
        torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.LayerNorm(16), torch.nn.Linear(16, 1)
    )


def convnet():
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8)), torch.nn.Conv1d(1, 4, 3, bias=False), torch.nn.BatchNorm1d(4),
        torch.nn.ReLU(), torch.nn.MaxPool1d(2), torch.nn.Flatten(), torch.nn.Linear(12, 2),
    )  # fmt: skip


@pytest.mark.parametrize("make", [mlp, convnet])
def test_nodes_and_bytes_are_those_of_the_same_code_with_gradients(make, tmp_path):
    torch.manual_seed(0)
    model, x = make(), torch.randn(5, 8)

    def work():
        return (model(x) ** 2).mean()

    def under_no_grad():
        with torch.no_grad():
            work()

    (region,) = compared(tmp_path / "a.gradviz", under_no_grad)
    assert region.uncounted == 0
    assert (region.nodes, region.peak) == with_gradients(tmp_path / "b.gradviz", work)


def test_what_a_loop_gathers_grows_as_it_would_with_gradients(tmp_path):
    w = torch.ones(4, requires_grad=True)

    def gather():
        total = torch.zeros(())
        for _ in range(5):
            with torch.no_grad():
                total = total + w.exp().sum()

    (region,) = compared(tmp_path / "a.gradviz", gather)
    assert (region.passes, region.nodes, region.peak, region.kept) == (5, 15, 80, 80)
    assert (15, 80) == with_gradients(tmp_path / "b.gradviz", lambda: sum(w.exp().sum() for _ in range(5)))


def test_what_the_script_drops_is_dropped_beside(tmp_path):
    w = torch.ones(4, requires_grad=True)

    def evaluate():
        with torch.no_grad():
            for _ in range(5):
                w.exp()

    (region,) = compared(tmp_path / "a.gradviz", evaluate)
    assert (region.nodes, region.peak, region.kept) == (5, 16, 0)


def test_an_update_of_a_leaf_needs_no_grad(tmp_path):
    w = torch.ones(4, requires_grad=True)

    def update():
        with torch.no_grad():
            w.sub_(0.1 * w)

    (region,) = compared(tmp_path / "a.gradviz", update)
    assert region.needed == "sub_"


def test_a_change_in_place_of_a_result_belongs_to_its_graph(tmp_path):
    w = torch.ones(4, requires_grad=True)

    def change():
        with torch.no_grad():
            y = w * 2
            y.exp_()
            y.sum()

    (region,) = compared(tmp_path / "a.gradviz", change)
    assert (region.nodes, region.needed) == (3, "")


def test_a_decorated_function_is_a_region_and_gradients_within_are_real(tmp_path):
    w = torch.ones(4, requires_grad=True)

    @torch.no_grad()
    def evaluate():
        w.exp()
        with torch.enable_grad():
            w.exp()
        with torch.no_grad():
            w.exp()

    one, inner = compared(tmp_path / "a.gradviz", lambda: [evaluate(), evaluate()])
    first = evaluate.__wrapped__.__code__.co_firstlineno
    assert (one.function, one.passes, one.nodes, one.origin.line) == ("evaluate", 2, 2, first)
    assert (inner.function, inner.passes, inner.nodes, inner.origin.line) == ("", 2, 2, first + 5)


class Double(torch.autograd.Function):
    """One of a script's own."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


def test_what_can_not_be_run_twice_is_not_counted_and_said_so(tmp_path):
    w = torch.ones(4, requires_grad=True)

    def program():
        with torch.no_grad():
            Double.apply(w)

    (region,) = compared(tmp_path / "a.gradviz", program)
    assert (region.uncounted, region.nodes) == (1, 0)


def test_an_optimizers_own_no_grad_is_no_region(tmp_path):
    w = torch.ones(4, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)

    def step():
        (w * w).sum().backward()
        optimizer.step()

    assert compared(tmp_path / "a.gradviz", step) == []


def test_values_and_random_numbers_are_the_scripts_own(tmp_path):
    def program():
        torch.manual_seed(0)
        model = mlp()
        with torch.no_grad():
            first = model(torch.ones(2, 8))
            model[0].weight.normal_()
        return first.tolist(), model[0].weight.tolist(), torch.randn(3).tolist(), first.requires_grad

    plain, got = program(), []
    compared(tmp_path / "a.gradviz", lambda: got.append(program()))
    assert got == [plain]


@pytest.mark.filterwarnings("ignore")  # numbers run out of bounds, which is no matter here
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs())
def test_random_programs_live_the_same_with_their_regions_run_beside(tmp_path, program):
    seen = Seen()
    run(program, seen)
    with Recorder(tmp_path / "t.gradviz", HEADER) as recorder:
        told = Told(recorder)
        with Beside(recorder) as beside:
            run(program, told)
        beside.finish()
    stop = seen.story.index("collector")
    assert told.story(load(tmp_path / "t.gradviz"))[:stop] == seen.story[:stop]
