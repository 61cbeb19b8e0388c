"""What else a Function can do: setup_context, dirty inputs, once_differentiable; beside PyTorch."""

import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")


def leaf(torch):
    return torch.tensor([1.0, 2.0], requires_grad=True)


def setup_context(torch, note):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(a, factor=3):
            return a * factor, a.exp()

        @staticmethod
        def setup_context(ctx, inputs, output):
            note(len(inputs), len(output), isinstance(ctx, torch.autograd.function.FunctionCtx))
            ctx.factor = inputs[1]
            ctx.save_for_backward(output[1])

        @staticmethod
        def backward(ctx, by, exp):
            note(ctx.needs_input_grad, by, exp)
            return by * ctx.factor + exp * ctx.saved_tensors[0], None

    x = leaf(torch)
    first, second = Scaled.apply(x)
    first.sum().backward(retain_graph=True)
    Scaled.apply(x, 5)[1].sum().backward()
    note(x.grad, first.grad_fn.name())
    with torch.no_grad():
        note(Scaled.apply(x, 2))


def returned_as_is(torch, note):
    class Handed(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

    Handed.apply(leaf(torch))


def setup_and_ctx(torch, note):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, k):
            return a * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    Both.apply(leaf(torch), 3)


def dirtying(torch, mark=lambda a, b: (a,), give=lambda a: a):
    class Dirty(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.add_(1)
            b = a * 2
            ctx.mark_dirty(*mark(a, b))
            return give(a)

        @staticmethod
        def backward(ctx, grad):
            return grad * 5

    return Dirty


def dirty(torch, note):
    x = leaf(torch)
    b = x * 2
    c = dirtying(torch).apply(b)
    note(c is b, b.grad_fn, b._version, b.is_leaf, b)
    c.sum().backward()
    note(x.grad)
    plain = torch.ones(2)
    note(dirtying(torch).apply(plain) is plain, plain._version, plain.grad_fn, plain)


def dirty_breaks_what_was_saved(torch, note):
    b = leaf(torch) * 2
    e = b.exp()
    squared = b * b
    dirtying(torch).apply(b)
    e.sum().backward()
    squared.sum().backward()


def one_of_two_dirty(torch, note):
    class Mixed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            a.add_(1)
            ctx.mark_dirty(a)
            return b * 1, a

        @staticmethod
        def backward(ctx, first, second):
            return second * 5, first * 7

    x, plain = leaf(torch), torch.ones(2)
    b = x * 1
    first, second = Mixed.apply(plain, b)
    note(second is plain, plain.grad_fn, plain.output_nr, plain.requires_grad, first.requires_grad)
    (first + second).sum().backward()
    note(x.grad)


def dirty_leaf(torch, note):
    dirtying(torch).apply(leaf(torch))


def dirty_not_returned(torch, note):
    dirtying(torch, give=lambda a: a * 2).apply(leaf(torch) * 2)


def dirty_number(torch, note):
    dirtying(torch, mark=lambda a, b: (3,)).apply(leaf(torch) * 2)


def once(torch, note):
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            note(torch.is_grad_enabled())
            return grad * 2 * ctx.saved_tensors[0]

    x = leaf(torch)
    note(Once.backward.__name__)
    (grad,) = torch.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    note(grad.requires_grad)
    (grad,) = torch.autograd.grad((Once.apply(x) ** 2).sum(), x, create_graph=True)
    note(grad.requires_grad)
    grad.sum().backward()


def vjp_by_name(torch, note):
    class Named(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def vjp(ctx, grad):
            return grad * 3

    x = leaf(torch)
    Named.apply(x).sum().backward()
    note(x.grad)


def vjp_and_backward(torch, note):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def vjp(ctx, grad):
            return grad

        @staticmethod
        def backward(ctx, grad):
            return grad

    Both.apply(leaf(torch)).sum().backward()


def neither(torch, note):
    class Neither(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

    Neither.apply(leaf(torch)).sum().backward()


def own_attributes(torch, note):
    class Noted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.function, ctx.op_name, ctx.x = "mine", "double", a
            ctx.save_for_forward(a)
            ctx.mark_non_differentiable(a * 1)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            note(ctx.function, ctx.op_name, ctx.x is x, ctx.name(), ctx.next_functions, ctx.metadata)
            return grad * 2

    x = leaf(torch)
    Noted.apply(x).sum().backward()


@pytest.mark.parametrize(
    "program",
    [
        setup_context, returned_as_is, setup_and_ctx, dirty, dirty_breaks_what_was_saved, one_of_two_dirty, dirty_leaf,
        dirty_not_returned, dirty_number, once, vjp_by_name, vjp_and_backward, neither, own_attributes,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_it_is_pytorchs(program):
    same(program)


def test_what_is_dirty_and_no_input_is_warned_of():
    def program(torch, note):
        x = leaf(torch)
        found = dirtying(torch, mark=lambda a, b: (b,), give=lambda a: a * 1).apply(x * 2)
        note(found)

    with pytest.warns(UserWarning, match="received a tensor that was not an input"), pytest.raises(RuntimeError):
        program(gradviz, print)


def test_a_function_is_applied_not_called():
    with pytest.raises(RuntimeError, match="Legacy autograd function with non-static forward method is deprecated"):
        dirtying(gradviz)()(gradviz.ones(1))


def test_forward_mode_and_batching_are_refused_in_words():
    with pytest.raises(NotImplementedError, match="gradviz has no forward mode AD"):
        gradviz.autograd.Function.jvp(None)
    with pytest.raises(NotImplementedError, match="gradviz has no torch.vmap"):
        gradviz.autograd.Function.vmap(None, None)


def test_a_dirty_view_in_a_graph_is_refused():
    base = gradviz.ones(3, requires_grad=True) * 1
    view = base[0:2]
    with pytest.raises(RuntimeError, match="mark_dirty of a view of a tensor that is part of a graph"):
        dirtying(gradviz).apply(view)
