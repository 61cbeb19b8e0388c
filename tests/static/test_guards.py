"""What a capture takes for granted: where it is otherwise, the function is captured anew."""

import warnings

import numpy as np
import pytest

import gradviz as torch
from gradviz.static.watch import LOOKING, TRUSTED
from tests.static.programs import bits

nn = torch.nn


def leaf(*values):
    return torch.tensor(values, requires_grad=True)


def same(static, function, *args, **kwargs):
    """Calls both, compares the bits, and says how many captures there are."""
    one, other = static(*args, **kwargs), function(*args, **kwargs)
    assert bits(one) == bits(other) and one.requires_grad == other.requires_grad
    return len(static.graphs)


def test_a_branch_is_captured_once_for_each_way():
    w = leaf(1.0, -2.0)

    def function(x):
        return (x * w).sum() if x.sum() > 0 else (x + w).prod()

    static = torch.static(function)
    found = [same(static, function, torch.tensor([sign * k, 0.5])) for k in (1.0, 2.0, 3.0) for sign in (1, -1)]
    assert found == [1, 2, 2, 2, 2, 2] and static.runs == 2


@pytest.mark.parametrize(
    "read",
    [
        lambda x: float(x.sum()),
        lambda x: x.sum().item(),
        lambda x: x.tolist()[0],
        lambda x: float(x.numpy()[0]),
        lambda x: float(np.asarray(x)[0]),
        lambda x: int(x.sum()),
        lambda x: len(f"{x.sum():.3f}"),
        lambda x: float(str(x)[8:11]),
        lambda x: [5.0, 6.0][int(x[0] > 1)],
        lambda x: float(x.long()[0].__index__()),
        lambda x: max(x.tolist()),
        lambda x: next(iter(x)).item(),
    ],
)
def test_a_value_that_python_reads_is_compared(read):
    function = lambda x: x * read(x)  # noqa: E731
    static = torch.static(function)
    one, two = torch.tensor([1.5, 2.0]), torch.tensor([0.5, 2.25])
    for x in (one, one, two, one, two):
        same(static, function, x)
    assert len(static.graphs) == 2


def test_too_many_captures_end_with_a_warning_and_dynamic_runs():
    function = lambda x: x * float(x.sum())  # noqa: E731
    static = torch.static(function)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for k in range(12):
            same(static, function, torch.tensor([1.0, float(k)]))
    (warning,) = told
    assert str(warning.message).startswith(
        "gradviz.static captured <lambda> 8 times and no capture fits this call; the last one looked at a value that "
        "is another one now (test_guards.py:"
    )
    assert static.runs == 12
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(static, function, torch.tensor([1.0, 7.0])) == 0 and static.runs == 13


def test_captures_that_fitted_go_on_after_the_last_one():
    function = lambda x: x[x > 0] * 2  # noqa: E731
    static = torch.static(function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for size in (1, 1, *range(2, 12)):
            same(static, function, torch.ones(size))
    assert len(static.graphs) == 1
    assert same(static, function, torch.ones(1)) == 1 and static.runs == 11


def test_shape_dtype_layout_and_requires_grad_are_asked():
    function = lambda x, k=2: (x * x).sum() * k  # noqa: E731
    static = torch.static(function)
    x = torch.randn(3, 4)
    calls = [
        ((x,), {}), ((x,), {"k": 2}), ((x, 2), {}), ((x, 3), {}), ((x, 2.0), {}), ((torch.randn(4, 3),), {}),
        ((torch.randn(4, 3).t(),), {}), ((torch.randn(3, 4, dtype=torch.float64),), {}),
    ]  # fmt: skip
    for count, (args, kwargs) in enumerate(calls, start=1):
        assert same(static, function, *args, **kwargs) == count
        assert same(static, function, *args, **kwargs) == count

    static = torch.static(function)
    assert [same(static, function, torch.randn(3, requires_grad=bool(k % 2))) for k in range(4)] == [1, 2, 2, 2]


def test_grad_mode_is_asked():
    w = leaf(2.0)
    function = lambda x: x * w  # noqa: E731
    static = torch.static(function)
    same(static, function, torch.ones(2))
    with torch.no_grad():
        assert same(static, function, torch.ones(2)) == 2
    assert same(static, function, torch.ones(2)) == 2 and static.runs == 2


def test_the_same_tensor_twice_is_another_case_than_two_tensors():
    function = lambda x, y: (x * y + x).sum()  # noqa: E731
    static = torch.static(function)
    for count, make in enumerate([lambda: [leaf(1.0, 2.0)] * 2, lambda: [leaf(1.0, 2.0), leaf(1.0, 2.0)]], start=1):
        for _ in range(2):
            ours, theirs = make(), make()
            static(*ours).backward()
            function(*theirs).backward()
            assert [bits(each.grad) for each in ours] == [bits(each.grad) for each in theirs]
        assert len(static.graphs) == count


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.scale, self.layers = nn.Linear(2, 2), 2.0, [nn.Linear(2, 2), {"last": nn.Dropout(0.5)}]

    def forward(self, x):
        x = self.layers[1]["last"](self.layers[0](x))
        return torch.tanh(self.inner(x)) * self.scale


def test_a_modules_settings_and_parameters_are_asked():
    model = Scaled()
    static, x = torch.static(model), torch.ones(3, 2)

    def captures():
        state = torch.get_rng_state()
        one = static(x)
        torch.set_rng_state(state)
        assert bits(one) == bits(model(x))
        return len(static.graphs)

    assert captures() == captures() == 1
    model.scale = 3.0
    assert captures() == 2
    model.layers[1]["last"].eval()
    assert captures() == 3
    model.inner.weight = nn.Parameter(torch.ones(2, 2))
    assert captures() == 4
    model.inner.bias.data = torch.ones(2)  # the same parameter, in other memory
    assert captures() == 4
    model.inner.bias.requires_grad_(False)
    assert captures() == 5
    model.layers[0] = nn.Linear(2, 2)
    assert captures() == 6
    with torch.no_grad():
        model.inner.weight *= 0.5
    assert captures() == 6


def test_a_closure_and_globals_are_asked():
    scale, w = 2.0, leaf(1.0)

    def function(x):
        return x * w * scale

    static = torch.static(function)
    assert same(static, function, torch.ones(2)) == 1
    scale = 3.0
    assert same(static, function, torch.ones(2)) == 2
    w = leaf(5.0)
    assert same(static, function, torch.ones(2)) == 3
    scale = 3
    assert same(static, function, torch.ones(2)) == 4
    assert same(static, function, torch.ones(2)) == 4


def test_what_a_failing_replay_changed_is_put_back():
    mean, seen = torch.zeros(()), []

    def function(x):
        with torch.no_grad():
            mean.add_(x.mean())
        dropped = nn.functional.dropout(x, 0.5)
        seen.append(bool(x[0] > 0))
        return dropped + mean if x[0] > 0 else dropped - mean

    static = torch.static(function)
    for sign in (1.0, -1.0, 1.0, -1.0):
        torch.manual_seed(3)
        before = mean.item()
        got = static(torch.tensor([sign, 2.0]))
        drawn, after = torch.rand(1), mean.item()
        torch.manual_seed(3)
        with torch.no_grad():
            mean.fill_(before)
        assert bits(got) == bits(function(torch.tensor([sign, 2.0])))
        assert bits(drawn) == bits(torch.rand(1)) and after == mean.item()
    assert len(static.graphs) == 2


def test_an_error_is_that_of_the_dynamic_run():
    table = leaf(1.0, 2.0, 3.0)
    static = torch.static(lambda places: table[places] * 2)
    static(torch.tensor([0, 2]))
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0 with size 3"):
        static(torch.tensor([0, 7]))
    assert bits(static(torch.tensor([1, 1]))) == bits(table[torch.tensor([1, 1])] * 2)
    assert len(static.graphs) == 1


def test_a_result_whose_size_follows_the_values():
    function = lambda x: x[x > 0] * 2  # noqa: E731
    static = torch.static(function)
    for values in ([1.0, -1.0, 2.0], [3.0, 4.0, -1.0], [1.0, 1.0, 1.0], [-1.0, 5.0, 6.0]):
        same(static, function, torch.tensor(values))
    assert len(static.graphs) == 2


def test_a_tensor_of_inference_mode_is_no_ordinary_argument():
    w = leaf(1.0, 2.0)
    static = torch.static(lambda x: (x * w).sum())
    static(torch.ones(2))
    with torch.inference_mode():
        x = torch.ones(2)
    static(torch.ones(2))
    assert static.runs == 1
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        static(x)


def test_a_constant_that_is_handed_out_or_changed_is_new_in_each_call():
    def function(x):
        out, total = torch.zeros(2), torch.ones(2)
        with torch.no_grad():
            total.add_(x)
        return out, out.view(2, 1), total

    static = torch.static(function)
    for k in range(4):
        out, view, total = static(torch.full((2,), float(k)))
        assert out.tolist() == [0, 0] and view.tolist() == [[0], [0]] and total.tolist() == [k + 1.0] * 2
        out.add_(7)
        total.mul_(0)
    assert static.runs == 1


def test_attributes_of_classes_and_of_the_scripts_modules_are_asked(tmp_path, monkeypatch):
    (tmp_path / "kept_apart.py").write_text("factor = 2.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    import kept_apart

    class Shifted(nn.Module):
        shift = 1.0

        def forward(self, x):
            return x * kept_apart.factor + self.shift

    model = Shifted()
    static = torch.static(model)
    assert same(static, model, torch.ones(2)) == 1
    Shifted.shift = 2.0
    assert same(static, model, torch.ones(2)) == 2
    kept_apart.factor = 3.0
    assert same(static, model, torch.ones(2)) == 3
    assert same(static, model, torch.ones(2)) == 3


def test_functions_that_are_said_to_only_look_are_there():
    from importlib import import_module

    for file, names in LOOKING.items():
        module = import_module("gradviz." + file.replace("/", "."))
        assert [name for name in names if not hasattr(module, name)] == []
    for file in TRUSTED:
        import_module("gradviz." + file.replace("/", "."))


def test_a_default_device_that_was_set_is_asked_too():
    torch.set_default_device("cpu")
    calls = torch.static(lambda x: x * 2)
    assert [calls(torch.ones(2)).tolist() for _ in range(3)] == [[2.0, 2.0]] * 3
