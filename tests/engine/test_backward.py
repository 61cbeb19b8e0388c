"""backward, grad, and what they do to leaves, to retained gradients and to the graph."""

import gc
import weakref

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.node import AccumulateGrad


@pytest.fixture
def x():
    return torch.tensor([1.0, 2.0, 3.0], requires_grad=True)


# -- leaves ------------------------------------------------------------------------------------------


def test_gradients_add_up(x):
    (x * 2).sum().backward()
    held = x.grad
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5, 5, 5] and x.grad is held


def test_an_assigned_grad_takes_more_in(x):
    x.grad = torch.tensor([1.0, 1.0, 1.0])
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3, 3, 3]


def test_a_leafs_grad_is_its_own_memory(x):
    y = torch.ones(3, requires_grad=True)
    given = torch.tensor([1.0, 2.0, 3.0])
    (x + y).backward(given)
    x.grad.add_(10)
    assert y.grad.tolist() == given.tolist() == [1, 2, 3]


def test_a_gradient_that_is_a_saved_tensor_is_copied(x):
    factor = torch.tensor([1.0, 2.0, 3.0])
    (x * factor).backward(torch.ones(3))
    (x * factor).backward(torch.ones(3))
    assert factor.tolist() == [1, 2, 3] and x.grad.tolist() == [2, 4, 6]


def test_what_detach_gives_shares_memory_and_no_graph(x):
    y = (x * 2).detach()
    z = y.detach()
    assert not y.requires_grad and y.is_leaf
    assert np.shares_memory(y.numpy(), z.numpy())
    z.mul_(2)
    assert y.tolist() == [4, 8, 12]


def test_a_root_that_is_a_leaf(x):
    x.backward(torch.ones(3))
    assert x.grad.tolist() == [1, 1, 1]


def test_a_tensor_used_twice_gets_both_parts(x):
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [3, 5, 7]


def test_several_roots_at_once(x):
    torch.autograd.backward([(x * 2).sum(), (x * x).sum()])
    assert x.grad.tolist() == [4, 6, 8]


def test_one_root_twice(x):
    y = (x * 2).sum()
    torch.autograd.backward([y, y])
    assert x.grad.tolist() == [4, 4, 4]


def test_a_parts_gradient_has_its_own_dtype():
    half, double = torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.float64, requires_grad=True)
    (half * double).sum().backward()
    assert (half.grad.dtype, double.grad.dtype) == (torch.float32, torch.float64)


# -- retained and asked-for gradients ----------------------------------------------------------------


def test_retain_grad_keeps_what_arrives(x):
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    z = (y * y).sum()
    z.backward(retain_graph=True)
    assert y.retains_grad and y.grad.tolist() == [4, 8, 12]
    z.backward()
    assert y.grad.tolist() == [8, 16, 24]


def test_retain_grad_on_a_leaf_is_nothing(x):
    x.retain_grad()
    assert not x.retains_grad


def test_reading_the_grad_of_a_non_leaf_warns(x):
    y = x * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf"):
        assert y.grad is None


def test_inputs_limit_where_gradients_go(x):
    w, y = torch.ones(3, requires_grad=True), x * 2
    (y * w).sum().backward(inputs=[w, y])
    assert x.grad is None and w.grad.tolist() == [2, 4, 6] and y.grad.tolist() == [1, 1, 1]


def test_one_input_need_not_be_in_a_list(x):
    w = torch.ones(3, requires_grad=True)
    (x * w).sum().backward(inputs=w)
    assert x.grad is None and w.grad.tolist() == [1, 2, 3]


def test_grad_touches_no_leaf(x):
    w = torch.ones(3, requires_grad=True)
    got = torch.autograd.grad((x * w).sum(), [w, x])
    assert isinstance(got, tuple) and [g.tolist() for g in got] == [[1, 2, 3], [1, 1, 1]]
    assert x.grad is None and w.grad is None


def test_grad_for_a_middle_tensor_goes_no_further(x):
    ran = []

    class Watched(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 1

        @staticmethod
        def backward(ctx, grad):
            ran.append(grad)
            return grad

    y = Watched.apply(x) * 2
    (got,) = torch.autograd.grad((y * y).sum(), y)
    assert got.tolist() == [4, 8, 12] and ran == []


def test_grad_of_unused_inputs(x):
    other = torch.ones(2, requires_grad=True)
    assert torch.autograd.grad(x.sum(), [x, other], allow_unused=True)[1] is None
    made = torch.autograd.grad(x.sum(), [other], materialize_grads=True)
    assert made[0].tolist() == [0, 0]


def test_grad_with_grad_outputs(x):
    (got,) = torch.autograd.grad(x * x, x, grad_outputs=torch.tensor([1.0, 0.0, 2.0]))
    assert got.tolist() == [2, 0, 12]


# -- keeping and freeing -----------------------------------------------------------------------------


def test_retain_graph_lets_backward_run_again(x):
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4, 8, 12]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_a_graph_that_saved_nothing_runs_twice(x):
    y = (x + x - 2).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [4, 4, 4]


def test_create_graph_keeps_the_graph(x):
    y = (x * x * x).sum()
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    (third,) = torch.autograd.grad(second.sum(), x)
    assert [first.tolist(), second.tolist(), third.tolist()] == [[3, 12, 27], [6, 12, 18], [6, 6, 6]]
    y.backward()


def test_an_exception_inside_backward_leaves_the_graph_usable(x):
    broken = [True]

    class Fuse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            return t * 1

        @staticmethod
        def backward(ctx, grad):
            if broken:
                raise ZeroDivisionError("blown")
            return grad

    y = (Fuse.apply(x + 1) * 1).sum()
    with pytest.raises(ZeroDivisionError, match="blown"):
        y.backward(retain_graph=True)
    assert x.grad is None and torch.is_grad_enabled()
    broken.clear()
    y.backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_a_backward_inside_a_backward(x):
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return t * t

        @staticmethod
        def backward(ctx, grad):
            (t,) = ctx.saved_tensors
            with torch.enable_grad():
                leaf = t.detach().requires_grad_()
                (leaf * leaf).sum().backward()
            return grad * leaf.grad

    Inner.apply(x).sum().backward()
    assert x.grad.tolist() == [2, 4, 6]


# -- identity ----------------------------------------------------------------------------------------


def test_a_grad_fn_is_one_object(x):
    y = x * 2
    z = y.exp()
    assert z.grad_fn is z.grad_fn and z.grad_fn.next_functions[0] == (y.grad_fn, 0)
    assert z.grad_fn.next_functions[0][0] is y.grad_fn


def test_an_accumulate_grad_is_one_object_as_long_as_a_graph_lives(x):
    y, z = x * 2, x * 3
    node = y.grad_fn.next_functions[0][0]
    assert isinstance(node, AccumulateGrad) and node.variable is x
    assert z.grad_fn.next_functions[0][0] is node
    gone = weakref.ref(node)
    del node, y
    assert gone() is not None
    del z
    assert gone() is None
    assert gc.get_referrers(x) is not None and (x * 2).grad_fn.next_functions[0][0].variable is x


def test_saved_tensors_lead_back_into_the_graph(x):
    y = x * 2
    z = y * x
    assert z.grad_fn._saved_other is x
    assert z.grad_fn._saved_self.grad_fn is y.grad_fn
    assert np.shares_memory(z.grad_fn._saved_self.detach().numpy(), y.detach().numpy())


def test_nothing_is_saved_without_need(x):
    held = torch.ones(3)
    assert (x * held).grad_fn._saved_self is None
    assert (x + held).grad_fn.next_functions[1] == (None, 0)
    assert not any(name.startswith("_saved_") and name != "_saved_alpha" for name in dir((x + held).grad_fn))
    with pytest.raises(AttributeError, match="'AddBackward0' object has no attribute '_saved_self'"):
        (x + held).grad_fn._saved_self  # noqa: B018


# -- in place ----------------------------------------------------------------------------------------


def test_a_change_in_place_becomes_part_of_the_graph(x):
    y = x * 1
    y.mul_(y.detach().clone()).add_(1)
    assert y.tolist() == [2, 5, 10] and y.grad_fn.name() == "AddBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [1, 2, 3]


def test_versions_count_changes_through_every_view(x):
    base = torch.zeros(2, 2)
    view = base[0]
    assert (base._version, view._version) == (0, 0)
    view.add_(1)
    base.add_(1)
    assert (base._version, view._version) == (2, 2)
    assert base.tolist() == [[2, 2], [1, 1]]


def test_a_change_of_what_nobody_saved_is_no_error(x):
    y = x + 1
    z = y.sum()
    y.add_(1)
    z.backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_a_change_before_saving_is_no_error(x):
    held = torch.ones(3)
    held.add_(1)
    (x * held).sum().backward()
    assert x.grad.tolist() == [2, 2, 2]


@pytest.mark.parametrize("number", [2, 2.5, True, -3])
@pytest.mark.parametrize("compute", [lambda x, n: x * n, lambda x, n: n * x, lambda x, n: x / n])
def test_a_number_is_saved_as_the_number_that_it_is(number, compute):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    y = compute(w, number)
    saved = y.grad_fn._saved_other
    kinds = {int: torch.int64, float: torch.float64, bool: torch.bool}
    assert (saved.item(), type(saved), saved.dtype) == (number, torch.Tensor, kinds[type(number)])
    (first,) = torch.autograd.grad(y.sum(), w, create_graph=True)
    assert first.dtype is torch.float32
    peer = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")
    theirs = compute(peer.tensor([1.0, 2.0], requires_grad=True), number).grad_fn._saved_other
    assert (saved.item(), str(saved.dtype)) == (theirs.item(), str(theirs.dtype))


def test_the_gradient_of_a_leaf_for_itself_is_one():
    a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    assert [each.item() for each in torch.autograd.grad([a, b], [a, b])] == [1.0, 1.0]
    assert torch.autograd.grad(a, [b, a], allow_unused=True)[0] is None
    a.backward()
    assert (a.grad.item(), b.grad) == (1.0, None)
