"""The three states of a node, seen by weak references alone; and no garbage cycles."""

import gc
import weakref
from contextlib import contextmanager

import pytest

import gradviz as torch


@contextmanager
def no_collector():
    """What dies here dies of its last reference."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.fixture
def x():
    return torch.ones(4, requires_grad=True)


def test_live_then_freed_then_gone(x):
    with no_collector():
        y = x.exp()
        loss = (y * y).sum()
        product = loss.grad_fn.next_functions[0][0]
        exp, node = weakref.ref(y._array), weakref.ref(product)
        del y
        assert product._saved_self is not None and exp() is not None

        loss.backward()
        assert exp() is None and node() is not None
        with pytest.raises(RuntimeError, match="already been freed"):
            product._saved_self  # noqa: B018

        del product
        assert node() is not None
        del loss
        assert node() is None


def test_a_saved_array_lives_as_long_as_one_node_keeps_it(x):
    with no_collector():
        y = x.exp()
        array = weakref.ref(y._array)
        first, second = (y * 2.0).sum(), y.tanh().sum()
        del y
        second.backward(retain_graph=True)
        assert array() is not None
        second.backward()
        assert array() is None, "exp, too, ran in the second backward and let go of its result"
        del first


def test_retain_graph_keeps_the_saved_arrays(x):
    with no_collector():
        y = x.exp()
        array = weakref.ref(y._array)
        loss = y.sum()
        del y
        loss.backward(retain_graph=True)
        assert array() is not None
        loss.backward()
        assert array() is None


def test_what_nobody_saved_dies_with_its_name(x):
    with no_collector():
        y = x + 1
        array = weakref.ref(y._array)
        z = y + 1
        del y
        assert array() is None and z.grad_fn is not None


def test_a_list_keeps_nodes_but_not_activations(x):
    with no_collector():
        total, activations, nodes = 0, [], []
        for _ in range(3):
            y = x.exp()
            activations.append(weakref.ref(y._array))
            nodes.append(weakref.ref(y.grad_fn))
            loss = y.sum()
            del y
            total = total + loss
            loss.backward()
        del loss
        assert [a() for a in activations] == [None] * 3
        assert all(n() is not None for n in nodes)
        del total
        assert [n() for n in nodes] == [None] * 3


def test_a_graph_dies_with_its_root(x):
    with no_collector():
        loss = torch.nn.functional.mse_loss((x * 3).tanh().relu(), torch.zeros(4)) + x[1:].view(3, 1).t().sum()
        reached, waiting = [], [loss.grad_fn]
        while waiting:
            node = waiting.pop()
            reached.append(weakref.ref(node))
            waiting += [n for n, _ in node.next_functions if n is not None]
        del node
        assert len(reached) > 8
        del loss
        assert [r for r in reached if r() is not None] == []


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_leaves_no_garbage(x, create_graph):
    def program():
        hidden = (x * x).tanh()
        hidden.retain_grad()
        loss = torch.nn.functional.cross_entropy(hidden.view(2, 2), torch.tensor([0, 1]))
        grads = torch.autograd.grad(loss, x, create_graph=True)
        (loss + grads[0].sum() if create_graph else loss).backward()

    program()
    x.grad = None
    with no_collector():
        before = gc.collect()
        program()
        x.grad = None
        assert gc.collect() == before == 0


def test_a_failing_backward_leaves_nothing_behind(x):
    with no_collector():
        loss = x.exp().sum()
        node = weakref.ref(loss.grad_fn)
        loss.backward()
        try:
            loss.backward()
        except RuntimeError:
            pass
        del loss
        assert node() is None


def test_a_backward_under_create_graph_makes_no_cycle_through_grad():
    with no_collector():
        w = torch.ones(2, requires_grad=True)
        (w * w).sum().backward(create_graph=True)
        leaf, graph = weakref.ref(w), weakref.ref(w.grad.grad_fn)
        w.grad = None
        assert graph() is None
        del w
        assert leaf() is None


def test_a_training_step_frees_what_it_made():
    with no_collector():
        model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        alive = []
        for _ in range(3):
            loss = torch.nn.functional.mse_loss(model(torch.ones(2, 3)), torch.zeros(2, 1))
            alive.append(weakref.ref(loss.grad_fn))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert [a() is not None for a in alive] == [False, False, True]
