"""autograd.Function: ops that users write."""

import gc
import weakref

import pytest

import gradviz as torch

EXP = [2.7182818, 7.3890561]


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad


class Exp(torch.autograd.Function):
    """Saves its own result."""

    @staticmethod
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad):
        (result,) = ctx.saved_tensors
        return grad * result


class Scale(torch.autograd.Function):
    """A tensor, a number and a text; notes what it was told on its class."""

    seen = None

    @staticmethod
    def forward(ctx, x, factor, mode):
        ctx.factor = factor
        Scale.seen = ctx.needs_input_grad, mode
        return x * factor

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor, None, None


class Split(torch.autograd.Function):
    """Two outputs."""

    @staticmethod
    def forward(ctx, x):
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, double, triple):
        Split.got = double.tolist(), triple.tolist()
        return double * 2 + triple * 3


@pytest.fixture
def x():
    return torch.tensor([1.0, 2.0], requires_grad=True)


def test_forward_and_backward(x):
    y = Square.apply(x)
    assert y.tolist() == [1, 4] and y.grad_fn.name() == "SquareBackward"
    assert repr(y) == "tensor([1., 4.], grad_fn=<SquareBackward>)"
    y.sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_no_graph_is_built_inside_forward(x):
    class Peek(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            Peek.inside = torch.is_grad_enabled(), (t * 2).requires_grad
            return t * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    assert Peek.apply(x).requires_grad and Peek.inside == (False, False)


def test_without_a_graph_it_is_a_plain_function(x):
    with torch.no_grad():
        assert Square.apply(x).grad_fn is None
    assert not Square.apply(torch.ones(2)).requires_grad


def test_saved_tensors_are_those_that_were_saved(x):
    y = Square.apply(x)
    (saved,) = y.grad_fn.saved_tensors
    assert saved is x
    exp = Exp.apply(x)
    (result,) = exp.grad_fn.saved_tensors
    assert result.grad_fn is exp.grad_fn and result.tolist() == exp.tolist()


def test_saved_tensors_are_freed_by_backward(x):
    y = Square.apply(x)
    y.sum().backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.grad_fn.saved_tensors  # noqa: B018
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.sum().backward()


def test_none_may_be_saved(x):
    class Maybe(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t, bias):
            ctx.save_for_backward(t, bias)
            return t * 2

        @staticmethod
        def backward(ctx, grad):
            t, bias = ctx.saved_tensors
            assert bias is None
            return grad * 2, None

    Maybe.apply(x, None).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_arguments_that_are_no_tensors(x):
    Scale.apply(x, 3.0, "fast").sum().backward()
    assert x.grad.tolist() == [3, 3] and Scale.seen == ((True, False, False), "fast")


def test_several_outputs(x):
    double, triple = Split.apply(x)
    assert (double.output_nr, triple.output_nr) == (0, 1) and double.grad_fn is triple.grad_fn
    (double + 10 * triple).sum().backward()
    assert x.grad.tolist() == [32, 32] and Split.got == ([1, 1], [10, 10])


def test_an_output_without_gradient_brings_zeros(x):
    double, _ = Split.apply(x)
    double.sum().backward()
    assert x.grad.tolist() == [2, 2] and Split.got == ([1, 1], [0, 0])


def test_or_none_when_zeros_are_not_wanted(x):
    class Lazy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.set_materialize_grads(False)
            return t * 2, t * 3

        @staticmethod
        def backward(ctx, double, triple):
            Lazy.got = double is None, triple is None
            return triple * 3

    Lazy.apply(x)[1].sum().backward()
    assert Lazy.got == (True, False) and x.grad.tolist() == [3, 3]


def test_an_output_that_is_no_tensor(x):
    class Count(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 2, len(t)

        @staticmethod
        def backward(ctx, grad, nothing):
            assert nothing is None
            return grad * 2

    y, count = Count.apply(x)
    y.sum().backward()
    assert count == 2 and x.grad.tolist() == [2, 2]


def test_none_as_a_gradient(x):
    other = torch.ones(2, requires_grad=True)

    class Left(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    Left.apply(x, other).sum().backward()
    assert x.grad.tolist() == [1, 1] and other.grad is None


def test_an_integer_output_and_a_marked_one_get_no_gradient(x):
    class Sorted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            mask = t * 0
            ctx.mark_non_differentiable(mask)
            return t * 2, mask, t.argmax()

        @staticmethod
        def backward(ctx, grad, mask, place):
            return grad * 2

    y, mask, place = Sorted.apply(x)
    assert (y.requires_grad, mask.requires_grad, place.requires_grad) == (True, False, False)
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_an_input_handed_through_is_a_new_tensor(x):
    class Pass(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t

        @staticmethod
        def backward(ctx, grad):
            return grad * 7

    y = Pass.apply(x)
    assert y is not x and x.is_leaf and y.grad_fn.name() == "PassBackward"
    y.sum().backward()
    assert x.grad.tolist() == [7, 7]


@pytest.mark.parametrize(("function", "first", "second"), [(Square, [2, 4], [2, 2]), (Exp, EXP, EXP)])
def test_double_backward_goes_through_the_users_backward(x, function, first, second):
    (once,) = torch.autograd.grad(function.apply(x).sum(), x, create_graph=True)
    (twice,) = torch.autograd.grad(once.sum(), x)
    assert once.tolist() == pytest.approx(first) and twice.tolist() == pytest.approx(second)


def test_a_first_backward_builds_no_graph(x):
    (once,) = torch.autograd.grad(Square.apply(x).sum(), x)
    assert not once.requires_grad


def test_a_gradient_that_broadcasts_back(x):
    class Wide(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t.expand(3, 2) * 1

        @staticmethod
        def backward(ctx, grad):
            return grad * 2  # (3, 2) for an input of (2,): summed, as PyTorch does

    Wide.apply(x).sum().backward()
    assert x.grad.tolist() == [6, 6]


def test_extra_nones_are_allowed(x):
    class Generous(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2, None, None

    Generous.apply(x).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_the_node_dies_with_its_output(x):
    gc.disable()
    try:
        for function in (Square, Exp, Split):
            out = function.apply(x)
            node = weakref.ref((out[0] if isinstance(out, tuple) else out).grad_fn)
            del out
            assert node() is None, function.__name__
    finally:
        gc.enable()
