"""Changes in place: gradients are those of PyTorch, or the change is refused in so many words."""

import warnings

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import versions


@pytest.fixture
def w():
    return torch.tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize("change", [lambda y: y.zero_(), lambda y: y.fill_(2), lambda y: y.copy_(torch.ones(2))])
def test_what_is_overwritten_gets_no_gradient(w, change):
    y = w * 2
    change(y).sum().backward()
    assert w.grad.tolist() == [0.0, 0.0]


def test_what_is_copied_in_gets_the_gradient(w):
    target = torch.zeros(3, 2)
    target.copy_(w * 3)
    assert target.grad_fn.name() == "torch::autograd::CopyBackwards" and target.grad_fn.next_functions[0] == (None, 0)
    target.sum().backward()
    assert w.grad.tolist() == [9.0, 9.0]


@pytest.mark.parametrize("use", [lambda v: v.sum().backward(), lambda v: v.backward(torch.ones(1, 2))])
def test_a_view_made_before_its_base_changed_follows_it(w, use):
    base = w * 1
    view = base.view(1, 2)
    assert view.grad_fn.name() == "ViewBackward0" and view._base is base and base._base is None
    base.mul_(2)
    use(view)
    assert view.grad_fn.name() == "AsStridedBackward0" and w.grad.tolist() == [2.0, 2.0]


def test_a_change_of_a_view_is_a_node_of_its_base(w):
    base = w * 2
    view = base[0]
    view.mul_(3)
    assert base.grad_fn.name() == "torch::autograd::CopySlices" and base.grad_fn.next_functions[1] == (None, 0)
    assert view.grad_fn.next_functions == ((base.grad_fn, 0),)
    assert [name for name in dir(base.grad_fn) if name.startswith("_saved_")] == []
    assert not hasattr(base.grad_fn, "_saved_other")
    base.sum().backward()
    assert w.grad.tolist() == [6.0, 2.0]


def test_views_that_are_let_go_cost_nothing(w):
    base = w * 2
    base[0].mul_(3)
    assert versions.forks
    del base
    assert not versions.forks


def test_retain_grad_follows_a_view_and_its_base(w):
    base = w * 2
    view = base[:1]
    base.retain_grad()
    view.retain_grad()
    view.mul_(3)
    (base.sum() + view.sum()).backward()
    assert (base.grad.tolist(), view.grad.tolist()) == ([2.0, 1.0], [1.0])


def test_what_a_function_gets_is_a_view_that_follows_its_base(w):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    base = torch.zeros(2)
    view = base.view(2)
    base.copy_(w)
    Twice.apply(view).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_grad_asks_a_view_for_its_grad_fn_of_now(w):
    base = w * 1
    view = base[:]
    base.mul_(2)
    (grad,) = torch.autograd.grad((view * view).sum(), view)
    assert grad.tolist() == [4.0, 8.0]


def test_the_graph_of_many_changes_is_as_deep_as_it_needs_to_be():
    w = torch.ones(1, requires_grad=True)
    x = torch.ones(3)
    for _ in range(3_000):
        x[0].mul_(w[0])
    x.sum().backward()
    assert w.grad.tolist() == [3_000.0]
    del x


def test_a_view_of_a_data_counts_changes_apart(w):
    apart = w.data
    apart[0].add_(1)
    assert (apart._version, apart[0]._version, w._version, w.tolist()) == (1, 1, 0, [2.0, 2.0])


def test_a_change_of_what_is_detached_reaches_the_values_alone(w):
    base = w * 2
    base.detach()[0] = 7
    assert (base.tolist(), base._version, base.grad_fn.name()) == ([7.0, 4.0], 1, "MulBackward0")


def test_a_view_that_mustnt_follow_says_so_when_it_is_printed(w):
    base = w * 2
    with torch.no_grad():
        view = base[:1]
    assert view.requires_grad and view.is_leaf
    base.mul_(2)
    assert "grad_fn=<Invalid>" in repr(view)


def test_one_element_is_a_view():
    x = torch.tensor([1.0, 2.0])
    first = x[0]
    x.add_(1)
    assert (first.item(), first._version) == (2.0, 1)
    first.add_(1)
    assert x.tolist() == [3.0, 3.0]


def test_a_change_through_data_is_no_version(w):
    loss = (w * w).sum()
    w.data.add_(1)
    assert w._version == 0
    loss.backward()
    assert w.grad.tolist() == [4.0, 6.0]


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_the_scripts_own_warning_filters_make_no_op_fail(action):
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        out = torch.log(x)
        out.sum().backward()
        assert (out.tolist(), x.grad.tolist()) == ([-np.inf, 0.0], [np.inf, 1.0])


@pytest.mark.parametrize("name", ["add_", "sub_"])
@pytest.mark.parametrize("size", [3, 20_000])
def test_a_step_outside_a_graph_is_counted_and_seen_by_all_who_share(name, size):
    found = []
    for alpha in (1, 0.5):
        x, step = torch.full((size,), 2.0, requires_grad=True), torch.full((size,), 0.25)
        view, plain = x.detach()[1:], x.detach()
        version = x._version
        with torch.no_grad():
            assert getattr(x, name)(step, alpha=alpha) is x
        assert (view == x.detach()[1:]).all() and (plain == x).all() and (step == 0.25).all()
        assert x._version == version + 1 and x.requires_grad and x.is_leaf
        found.append(x[0].item())
    assert found == ([2.25, 2.125] if name == "add_" else [1.75, 1.875])


def test_a_large_change_of_a_saved_tensor_is_noticed():
    x = torch.full((20_000,), 2.0, requires_grad=True)
    y = (x * x).sum()
    with torch.no_grad():
        x.sub_(torch.ones(20_000))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
