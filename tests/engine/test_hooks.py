"""Hooks of tensors and nodes: the same calls, in the same order, with the same effect as PyTorch's."""

import pytest

import gradviz


def both(program):
    """What a program tells on gradviz; the test fails where PyTorch, if installed, tells something else."""
    ours = program(gradviz)
    try:
        import torch
    except ImportError:
        return ours
    assert ours == program(torch)
    return ours


def leaf(torch):
    return torch.tensor([1.0, 2.0], requires_grad=True)


def test_the_order_of_all_kinds():
    def program(torch):
        order, w = [], leaf(torch)
        y = w * 2
        y.retain_grad()
        y.register_hook(lambda grad: order.append("tensor") or grad * 10)
        y.grad_fn.register_prehook(lambda grads: order.append("pre"))
        y.register_hook(lambda grad: order.append("tensor again"))
        y.grad_fn.register_hook(lambda given, taken: order.append("node"))
        w.register_hook(lambda grad: order.append("leaf") or grad * 2)
        w.register_post_accumulate_grad_hook(lambda tensor: order.append(("accumulated", tensor.grad.tolist())))
        y.sum().backward()
        (got,) = torch.autograd.grad((w * 3).sum(), w)
        return order, y.grad.tolist(), w.grad.tolist(), got.tolist()

    order, *_ = both(program)
    assert order == ["tensor", "tensor again", "pre", "node", "leaf", ("accumulated", [40.0, 40.0]), "leaf"]


@pytest.mark.parametrize(
    "register",
    [
        lambda y, w: y.register_hook(lambda grad: grad * 3),
        lambda y, w: w.register_hook(lambda grad: grad * 3),
        lambda y, w: y.grad_fn.register_prehook(lambda grads: tuple(grad * 3 for grad in grads)),
        lambda y, w: y.grad_fn.register_hook(lambda given, taken: (given[0] * 3, None)),
        lambda y, w: y.grad_fn.register_hook(lambda given, taken: (None, None)),
        lambda y, w: y.register_hook(lambda grad: None),
    ],
)
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")
@pytest.mark.parametrize("create_graph", [False, True])
def test_what_a_hook_returns_flows_on(register, create_graph):
    def program(torch):
        w = leaf(torch)
        y = w * w * 2
        handle = register(y, w)
        loss = (y * y).sum()
        loss.backward(retain_graph=True, create_graph=create_graph)
        first = None if w.grad is None else w.grad.tolist()
        w.grad = None
        handle.remove()
        handle.remove()
        loss.backward()
        return first, w.grad.tolist()

    first, without = both(program)
    assert without == [16.0, 128.0] and first in (None, [16.0, 128.0], [48.0, 384.0])


def test_a_hook_sees_the_sum_of_all_uses_once():
    def program(torch):
        seen, w = [], leaf(torch)
        with w.register_hook(lambda grad: seen.append(grad.tolist())):
            (w * 2 + w * 3).sum().backward()
        (w * 2).sum().backward()
        return seen

    assert both(program) == [[5.0, 5.0]]


def test_a_hook_runs_where_no_graph_is_built_unless_one_is_asked_for():
    def program(torch):
        seen, w = [], leaf(torch)
        for create_graph in (False, True):
            y = w * w
            y.register_hook(lambda grad: seen.append((torch.is_grad_enabled(), (grad * 2).requires_grad)))
            (y * y).sum().backward(create_graph=create_graph)
        return seen

    assert both(program) == [(False, False), (True, True)]


WRONG = {
    "another size": lambda torch, y: y.register_hook(lambda grad: torch.ones(3)),
    "another dtype": lambda torch, y: y.register_hook(lambda grad: grad.double()),
    "no tensor": lambda torch, y: y.register_hook(lambda grad: 3),
    "too few": lambda torch, y: y.grad_fn.register_hook(lambda given, taken: given[:1]),
    "a gradient for what has none": lambda torch, y: y.grad_fn.register_hook(lambda given, taken: (given[0], given[0])),
    "no tuple": lambda torch, y: y.grad_fn.register_prehook(lambda grads: grads[0]),
    "no gradient": lambda torch, y: y.detach().register_hook(print),
    "no leaf": lambda torch, y: y.register_post_accumulate_grad_hook(print),
    "no gradient at all": lambda torch, y: y.detach().register_post_accumulate_grad_hook(print),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_hook_may_do(name):
    def program(torch):
        y = leaf(torch) * 2
        with pytest.raises((RuntimeError, TypeError)) as raised:
            WRONG[name](torch, y)
            y.sum().backward()
        return type(raised.value).__name__, str(raised.value)

    assert both(program)[1]
