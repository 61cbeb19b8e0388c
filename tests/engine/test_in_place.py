"""Changes in place: gradients are those of PyTorch, or the change is refused in so many words."""

import warnings

import numpy as np
import pytest

import gradviz as torch


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
    assert target.grad_fn.name() == "CopyBackwards" and target.grad_fn.next_functions[0] == (None, 0)
    target.sum().backward()
    assert w.grad.tolist() == [9.0, 9.0]


@pytest.mark.parametrize("use", [lambda v: v.sum(), lambda v: (v * 1).sum(), lambda v: v.backward(torch.ones(1, 2))])
def test_a_view_made_before_its_base_changed_is_refused(w, use):
    base = w * 1
    view = base.view(1, 2)
    base.mul_(2)
    with pytest.raises(RuntimeError, match="make the view after the change"):
        use(view)
    base.view(1, 2).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


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


def test_a_large_tensor_less_itself_turned_around():
    x = torch.arange(20_000, dtype=torch.float32)
    x.sub_(torch.from_numpy(x.numpy()[::-1]))
    assert x[:2].tolist() == [-19_999.0, -19_997.0] and x[-1].item() == 19_999.0
