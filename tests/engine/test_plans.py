"""Plans: NumPy's loops one after the other give NumPy's bits, and a formula that is not elementwise has none."""

import gc
import weakref
from inspect import Parameter

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import plans, twins
from gradviz.engine.op import catalogue
from gradviz.engine.plans import plan_of_forward, plan_of_run

pytestmark = pytest.mark.skipif(
    twins._engine is None, reason="the C twins were not built (no compiler, or GRADVIZ_COMPILED=0)"
)
ODD = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, np.inf, -np.inf, np.nan, 1e-40, 1e30, -7.5]
SHAPES = [(), (1,), (0,), (13,), (3, 5), (4099,)]  # the last is of several blocks


def settings_of(op):
    return [2.0 if value is Parameter.empty else value for value in op.settings.values()]


def planned_forwards():
    ops = [op for op in catalogue.values() if op.quick is not None and not op.view]
    return [op.name for op in ops if plan_of_forward(op, "f", *settings_of(op)) is not None]


def planned_runs():
    found = []
    for op in catalogue.values():
        if op.node_class is None or type(op.run_for(1)).__name__ != "Run":
            continue
        known = dict(zip(op.settings, settings_of(op), strict=True))
        kept = tuple(known[name] for name in op.node_class.setting_names)
        masks = range(1, 2 ** len(op.differentiable))
        found += [(op.name, mask, kept) for mask in masks if plan_of_run(op, mask, "f", *kept) is not None]
    return found


def arrays(count, shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    made = [np.asarray(random.standard_normal(shape) * 3, dtype) for _ in range(count)]
    for each in made:
        places = random.random(shape) < 0.3
        each[places] = np.asarray(random.choice(ODD, shape))[places]
    return made


def bits(value):
    array = np.asarray(value)
    return array.shape, array.dtype, np.where(array != array, np.nan, array).tobytes()


@pytest.mark.parametrize("name", planned_forwards())
def test_a_planned_forward_has_the_formulas_bits(name):
    op = catalogue[name]
    settings = settings_of(op)
    for shape in SHAPES:
        for dtype in (np.float32, np.float64):
            given = arrays(len(op.inputs), shape, dtype)
            with np.errstate(all="ignore"):
                out = op.quick(*[torch.from_numpy(each) for each in given], *settings)
                wanted = op.forward(np, *given, **dict(zip(op.settings, settings, strict=True)))
            assert bits(out._array) == bits(wanted), (shape, dtype)


@pytest.mark.parametrize(("name", "mask", "kept"), planned_runs())
def test_a_planned_vjp_has_the_formulas_bits(name, mask, kept):
    op = catalogue[name]
    run = op.run_for(mask)
    for shape in SHAPES:
        for dtype in (np.float32, np.float64):
            grad, *saved = arrays(1 + len(op.saved), shape, dtype, 1)
            with np.errstate(all="ignore"):
                wanted = run.__wrapped__(grad, tuple(saved), kept, None)
                got = run(grad, tuple(saved), kept, None)
            assert [each is None for each in got] == [each is None for each in wanted]
            assert [bits(a) for a in got] == [bits(b) for b in wanted], (shape, dtype)


def test_the_frequent_ops_have_plans():
    assert {"add", "sub", "mul", "div", "tanh", "sigmoid", "relu", "exp", "silu"} <= {*planned_forwards()}
    assert {("mul", 3), ("tanh", 1), ("relu", 1), ("div", 3)} <= {(name, mask) for name, mask, _ in planned_runs()}


@pytest.mark.parametrize("name", ["sum", "mm", "softmax", "view", "cumsum_of", "gather"])
def test_what_is_more_than_elementwise_has_none(name):
    op = catalogue[name]
    assert plan_of_forward(op, "f", *settings_of(op)) is None


def test_a_formula_that_decides_by_a_value_has_none():
    def formula(sketches):
        return [sketches[0] if sketches[0] > 0 else -sketches[0]]

    assert plans._drawn(plans.Drawing("f", 1), formula, (0,)) is None


def test_a_result_that_ignores_an_input_has_none():
    assert plans._drawn(plans.Drawing("f", 2), lambda both: [both[0] * 2.0], (0, 1)) is None


def test_registers_are_used_again():
    def formula(sketches):
        x = sketches[0]
        for _ in range(20):
            x = x * 2.0 + 1.0
        return [x]

    _, constants, _, registers, steps, _ = plans._written(plans._drawn(plans.Drawing("f", 1), formula, (0,)))
    assert len(constants) == 2 and len(steps) == 40 and registers <= 5


def test_other_dtypes_strides_and_shapes_go_the_python_way():
    whole = torch.arange(6.0).reshape(2, 3)
    assert (whole.t() * whole.t()).tolist() == [[0.0, 9.0], [1.0, 16.0], [4.0, 25.0]]
    assert (whole * torch.arange(3)).tolist() == [[0.0, 1.0, 4.0], [0.0, 4.0, 10.0]]
    assert (whole[:, ::2] * whole[:, ::2]).tolist() == [[0.0, 4.0], [9.0, 25.0]]
    assert (torch.ones(2, dtype=torch.float16) * torch.ones(2, dtype=torch.float16)).dtype is torch.float16


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_of_a_split_have_plans_and_results_in_order(dtype):
    whole, other = (np.asarray(each, dtype) for each in np.random.default_rng(0).standard_normal((2, 6, 5, 8)))
    for key in ((slice(None), slice(2, 4)), (slice(1, 3),), (..., slice(0, 3)), (slice(None, None, 2),)):
        leaf = torch.from_numpy(whole[key].copy()).requires_grad_()
        part, beside = torch.from_numpy(whole)[key], torch.from_numpy(other[key].copy())
        pairs = (part * beside, leaf * beside), (part.sigmoid(), leaf.sigmoid()), (part + part, leaf + leaf)
        for out, wanted in pairs:
            assert bits(out._array) == bits(wanted.detach()._array) and out.is_contiguous()
        weights = torch.from_numpy(other)[key]
        leaf.exp().backward(weights)
        assert bits(leaf.grad._array) == bits(other[key] * np.exp(whole[key]))


def test_ever_new_settings_are_all_right_and_few_plans_are_kept():
    x = torch.ones(3, requires_grad=True)
    for k in range(40):
        y = torch.nn.functional.leaky_relu(-x, k / 64)
        assert y.tolist() == [-k / 64] * 3
        assert torch.autograd.grad(y.sum(), x)[0].tolist() == [-k / 64] * 3


@pytest.mark.parametrize("number", [2, 2.0, -0.5, 10**20, True, float("inf")])
def test_a_number_beside_a_tensor_is_what_it_always_was(number):
    for dtype in (torch.float32, torch.float64):
        x = torch.tensor([1.5, -2.0], dtype=dtype, requires_grad=True)
        y = x * number
        assert y.dtype is dtype and y.tolist() == (np.array([1.5, -2.0], x.detach().numpy().dtype) * number).tolist()
        saved = y.grad_fn._saved_other
        assert saved is None or saved.item() == number


def test_no_plan_keeps_an_array_that_was_a_setting():
    asked = []
    run = twins._engine.Run(lambda *given: "the Python", None, lambda *settings: asked.append(1), 1, False, 0, 1)
    kept = np.ones(3)
    ended = weakref.ref(kept)
    assert run(np.ones(3), (), (kept,), None) == "the Python" and asked == []
    del kept
    assert ended() is None
    assert run(np.ones(3), (), (2.0,), None) == run(np.ones(3), (), (2.0,), None) == "the Python" and asked == [1]


# -- the collector ------------------------------------------------------------------------------------


def cycle():
    """(weak reference to a node, its edges) of a graph that only a hook on its leaf holds."""
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(5):
        y = (y * 2.0 + x).tanh()
    x.register_hook(lambda grad: y)
    return weakref.ref(y.grad_fn), y.grad_fn._edges


def test_a_cycle_through_the_graph_is_collected():
    ended = cycle()[0]
    gc.collect()
    assert ended() is None


def test_a_cycle_whose_edges_somebody_else_holds_waits_for_them():
    ended, edges = cycle()
    gc.collect()
    assert edges[0].name() == "AddBackward0" and ended() is not None
    del edges
    gc.collect()
    assert ended() is None


def test_the_collector_walks_over_the_nodes_alone():
    x = torch.ones(3, requires_grad=True)
    y = x.tanh().exp()
    assert gc.is_tracked(y.grad_fn)
    assert not gc.is_tracked(y.grad_fn._edges) and not gc.is_tracked(y.grad_fn._saved)
