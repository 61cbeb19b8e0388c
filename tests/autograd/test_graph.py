"""Gradient edges, batches of gradients, hooks on several gradients, versions; beside PyTorch."""

import gc
import weakref

import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")


def graph(torch):
    """x, then y = 2x, z = exp(y), and their sum."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y.exp()
    return x, y, z, z.sum()


def edges(torch, note):
    x, y, z, s = graph(torch)
    edge_of, grad = torch.autograd.graph.get_gradient_edge, torch.autograd.grad
    edge, leaf = edge_of(y), edge_of(x)
    note(edge, leaf, edge.node is y.grad_fn, edge.output_nr, edge.ownership_token, edge._fields)
    note(grad(s, edge, retain_graph=True), grad(s, [leaf, y], retain_graph=True))
    note(grad(edge_of(s), x, retain_graph=True), grad(edge_of(z), [x, edge], torch.ones(2), retain_graph=True))
    torch.autograd.backward(edge_of(s), retain_graph=True)
    note(x.grad)
    torch.autograd.backward(edge_of(s), inputs=[leaf], retain_graph=True)
    note(x.grad)
    torch.autograd.backward(edge_of(s), inputs=[edge], retain_graph=True)
    note(x.grad)
    torch.autograd.backward([edge_of(z), s], [torch.ones(2), None])
    note(x.grad)


def an_edge_of_one_of_several_outputs(torch, note):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    first, second = x.unbind(0)
    edge = torch.autograd.graph.get_gradient_edge(second)
    note(edge.output_nr, torch.autograd.grad((first * second).sum(), edge))


def grad_outputs(torch, note):
    x, y, z, s = graph(torch)
    grad = torch.autograd.grad
    note(grad(z, x, torch.ones(2), retain_graph=True), grad((z,), (x,), (torch.ones(2),), retain_graph=True))
    note(grad([s, z], x, [None, torch.ones(2)], retain_graph=True), grad(s, x, None, True))
    note(grad(s, x, None, True, False, True), grad(s, [x, torch.ones(2, requires_grad=True)], materialize_grads=True))


def batches(torch, note):
    x, y, z, s = graph(torch)
    other = torch.ones(1, requires_grad=True)
    grad = torch.autograd.grad
    note(grad(z, x, torch.eye(2), is_grads_batched=True, retain_graph=True))
    note(grad((z, y), (x, y), (torch.eye(2), torch.ones(2, 2)), is_grads_batched=True, retain_graph=True))
    note(grad(z, [x, other], torch.eye(2), is_grads_batched=True, retain_graph=True, allow_unused=True))
    (found,) = grad(z, x, torch.eye(2), is_grads_batched=True, create_graph=True)
    note(found, grad(found.sum(), x))
    z = graph(torch)[2]
    grad(z, y, torch.eye(2), is_grads_batched=True, allow_unused=True)


def a_batch_frees_the_graph_at_its_end(torch, note):
    x, y, z, s = graph(torch)
    torch.autograd.grad(z, x, torch.eye(2), is_grads_batched=True)
    s.backward()


def versions(torch, note):
    a, increment = torch.ones(2), torch.autograd.graph.increment_version
    increment(a)
    note(a._version)
    increment([a, a])
    note(a._version)
    x = torch.ones(2, requires_grad=True)
    y = x * a
    increment(a)
    y.sum().backward()


def all_gradients(torch, note):
    a, b = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    c, d = a * b, a * b
    handle = torch.autograd.graph.register_multi_grad_hook((a, b, c, d), lambda grads: note("told", grads))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    note(torch.autograd.grad(c.sum(), c, retain_graph=True))
    (c + d).sum().backward(retain_graph=True)
    handle.remove()
    c.sum().backward()


def any_gradient(torch, note):
    a, b = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    c = a * b
    told = torch.autograd.graph.register_multi_grad_hook((a, b, c), lambda grad: note("told", grad), mode="any")
    for _ in range(2):
        c.sum().backward(retain_graph=True)
    told.remove()
    c.sum().backward()


def nodes(torch, note):
    x, y, z, s = graph(torch)
    node, leaf = torch.autograd.graph.Node, torch.autograd.graph.get_gradient_edge(x).node
    note(isinstance(y.grad_fn, node), issubclass(type(z.grad_fn), node), isinstance(leaf, node), isinstance(3, node))


def old_names(torch, note):
    variable = torch.autograd.Variable
    x = torch.ones(1, requires_grad=True)
    note(variable(x), variable(x) is x, variable(torch.ones(1), requires_grad=True), isinstance(x, variable))
    with torch.autograd.set_grad_enabled(False), torch.autograd.enable_grad(), torch.autograd.no_grad():
        note(torch.is_grad_enabled())


@pytest.mark.parametrize(
    "program",
    [
        edges, an_edge_of_one_of_several_outputs, grad_outputs, batches, a_batch_frees_the_graph_at_its_end, versions,
        all_gradients, any_gradient, nodes, old_names,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_it_is_pytorchs(program):
    same(program)


MISTAKES = {
    "an edge of no graph": lambda t, x, z: t.autograd.graph.get_gradient_edge(t.ones(1)),
    "an edge that isn't used": lambda t, x, z: t.autograd.grad(z.sum(), t.autograd.graph.get_gradient_edge(x * 3)),
    "an edge that is no scalar": lambda t, x, z: t.autograd.grad(t.autograd.graph.get_gradient_edge(z), x),
    "an edge of another size": lambda t, x, z: t.autograd.grad(
        t.autograd.graph.get_gradient_edge(z), x, t.ones(3)
    ),
    "zeros for an edge": lambda t, x, z: t.autograd.grad(
        z.sum(), t.autograd.graph.get_gradient_edge(x * 3), materialize_grads=True
    ),
    "zeros and none unused": lambda t, x, z: t.autograd.grad(z.sum(), x, allow_unused=False, materialize_grads=True),
    "too few gradients": lambda t, x, z: t.autograd.grad([z, z], x, [t.ones(2)]),
    "no gradient for a vector": lambda t, x, z: t.autograd.grad([z.sum(), z], x, [None, None]),
    "a batch of another size": lambda t, x, z: t.autograd.grad(z, x, t.ones(3), is_grads_batched=True),
    "no tensor to count": lambda t, x, z: t.autograd.graph.increment_version(3),
    "another mode": lambda t, x, z: t.autograd.graph.register_multi_grad_hook((x,), print, mode="some"),
    "a hook without a graph": lambda t, x, z: t.autograd.graph.register_multi_grad_hook((t.ones(1),), print),
    "a number to differentiate": lambda t, x, z: t.autograd.grad(3, x),
    "a number to differentiate by": lambda t, x, z: t.autograd.grad(z.sum(), 3),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_have_pytorchs_texts(mistake):
    def program(torch, note):
        x, _, z, _ = graph(torch)
        note(MISTAKES[mistake](torch, x, z))

    same(program)


def test_a_failing_backward_leaves_nothing_behind_in_a_hook_for_several():
    a = gradviz.ones(2, requires_grad=True)
    b = a * 1
    seen = []
    gradviz.autograd.graph.register_multi_grad_hook((a, b), seen.append)
    b.register_hook(lambda grad: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        b.exp().sum().backward()
    (a * 3).sum().backward()
    ((of_a, of_b),) = seen
    assert of_a.tolist() == [3, 3] and of_b is None


def test_a_backward_call_is_not_kept_by_a_hook_for_several():
    a, b = gradviz.ones(2, requires_grad=True), gradviz.ones(2, requires_grad=True)
    gradviz.autograd.graph.register_multi_grad_hook((a, b), lambda grads: None)
    c = a * b
    array = weakref.ref(c._array)
    c.sum().backward()
    del c
    gc.collect()
    assert array() is None


def test_mutation_of_saved_tensors_is_refused():
    with pytest.raises(NotImplementedError, match="gradviz has no allow_mutation_on_saved_tensors"):
        gradviz.autograd.graph.allow_mutation_on_saved_tensors()


def test_a_batch_needs_gradients():
    x = gradviz.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="first dimension counts gradients"):
        gradviz.autograd.grad(x.sum(), x, is_grads_batched=True)
