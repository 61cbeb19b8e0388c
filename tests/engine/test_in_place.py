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
