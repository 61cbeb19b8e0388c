"""gradcheck and gradgradcheck: right gradients pass, wrong ones are told in PyTorch's words."""

import re

import pytest

import gradviz as torch
from gradviz.autograd import gradcheck, gradgradcheck
from gradviz.engine.gradcheck import GradcheckError


@pytest.fixture
def x():
    return torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)


def wrong(factor, second=None):
    """x * x with the gradient factor * x * grad, whose own gradient is `second` times too large."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            if second is None:
                return factor * x * grad
            return Second.apply(x) * grad

    class Second(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * factor

        @staticmethod
        def backward(ctx, grad):
            return grad * factor * second

    return Wrong.apply


@pytest.mark.parametrize(
    "function",
    [
        lambda a: a.exp().sum(), lambda a: (a * 2, a * a), lambda a: (a[:, None] * a).tanh(),
        lambda a: torch.where(a > 1.5, a, a * a), wrong(2.0), lambda a: a * 3,
    ],
)  # fmt: skip
def test_right_gradients_pass(x, function):
    assert gradcheck(function, x) is True
    before = x.tolist()
    assert gradgradcheck(lambda a: function(a * a) if not isinstance(function(a), tuple) else a**3, (x,)) is True
    assert x.tolist() == before and x.grad is None


def test_a_wrong_gradient_is_told_with_both_jacobians(x):
    with pytest.raises(GradcheckError) as raised:
        gradcheck(wrong(3.0), (x,))
    assert str(raised.value) == (
        "Jacobian mismatch for output 0 with respect to input 0,\n"
        "numerical:tensor([[2.0000, 0.0000],\n        [0.0000, 4.0000]], dtype=torch.float64)\n"
        "analytical:tensor([[3., 0.],\n        [0., 6.]], dtype=torch.float64)\n"
    )
    assert gradcheck(wrong(3.0), (x,), raise_exception=False) is False


def test_a_wrong_second_gradient_is_noticed_where_the_first_is_right(x):
    function = wrong(2.0, second=1.5)
    assert gradcheck(function, x)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(function, x)


def test_a_path_that_is_cut_must_have_no_gradient(x):
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda a: a.detach() * 2, x)


def test_what_can_not_be_checked(x):
    with pytest.raises(ValueError, match=re.escape("none of them have requires_grad=True.")):
        gradcheck(lambda a: a, x.detach())
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        gradcheck(lambda a: a * 2, x.detach().float().requires_grad_(), raise_exception=False)
