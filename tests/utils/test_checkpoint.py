"""checkpoint: both kinds, their random numbers, what they refuse; beside PyTorch."""

import gc
import weakref
from contextlib import contextmanager

import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")
BOTH = pytest.mark.parametrize("use_reentrant", [True, False], ids=["reentrant", "hooks"])


def tools(torch):
    """checkpoint and checkpoint_sequential, as scripts import them."""
    if torch is gradviz:
        from gradviz.utils.checkpoint import checkpoint, checkpoint_sequential
    else:
        from torch.utils.checkpoint import checkpoint, checkpoint_sequential
    assert torch.utils.checkpoint.checkpoint is checkpoint
    return checkpoint, checkpoint_sequential


def leaves(torch):
    return torch.tensor([0.1, 0.2], requires_grad=True), torch.tensor([0.3, 0.4], requires_grad=True)


def gradients(torch, note, use_reentrant):
    def part(a, b):
        note("runs", torch.is_grad_enabled(), a.requires_grad)
        return (a * b).exp().sin() * b

    x, w = leaves(torch)
    y = tools(torch)[0](part, x, w, use_reentrant=use_reentrant)
    note(y.grad_fn.name(), y)
    y.sum().backward(retain_graph=True)
    note(x.grad, w.grad)
    y.sum().backward()
    note(x.grad, w.grad)


def of_some_inputs(torch, note, use_reentrant):
    x, w = leaves(torch)
    y = tools(torch)[0](lambda a, b: (a * b).exp(), x, w, use_reentrant=use_reentrant)
    note(torch.autograd.grad(y.sum(), x))


def with_inputs_named(torch, note, use_reentrant):
    x, w = leaves(torch)
    tools(torch)[0](lambda a: a.exp(), x, use_reentrant=use_reentrant).sum().backward(inputs=[x])
    note(x.grad)


def without_a_graph(torch, note, use_reentrant):
    x, w = leaves(torch)
    called = lambda a: tools(torch)[0](lambda a: a.exp(), a, use_reentrant=use_reentrant)  # noqa: E731
    note(called(x.detach()))
    with torch.no_grad():
        note(called(x))


def random_numbers(torch, note, use_reentrant):
    def part(a):
        return a * torch.rand(2)

    x, w = leaves(torch)
    for settings in ({}, {"preserve_rng_state": False}):
        x.grad = None
        torch.manual_seed(1)
        y = tools(torch)[0](part, x, use_reentrant=use_reentrant, **settings)
        torch.rand(3)
        y.sum().backward()
        note(y, x.grad, torch.rand(1))


def in_parts(torch, note, use_reentrant):
    model = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(5)])
    for k, each in enumerate(model.parameters()):
        torch.nn.init.constant_(each, 0.1 * k)
    for functions in (model, list(model)):
        for segments in (1, 2, 5):
            x, w = leaves(torch)
            y = tools(torch)[1](functions, segments, x.reshape(1, 2), use_reentrant=use_reentrant)
            y.sum().backward()
            note(y.grad_fn, x.grad, model[0].weight.grad)


def by_name(torch, note, use_reentrant):
    x, w = leaves(torch)
    note(tools(torch)[0](lambda a, k=1: a * k, x, use_reentrant=use_reentrant, k=3))


def several_outputs(torch, note, use_reentrant):
    x, w = leaves(torch)
    first, number, second = tools(torch)[0](lambda a: (a * 2, 3, a.exp()), x, use_reentrant=use_reentrant)
    (first + second).sum().backward()
    note(number, x.grad)


def inside_each_other(torch, note, use_reentrant):
    checkpoint, _ = tools(torch)
    x, w = leaves(torch)

    def inner(a):
        note("inner")
        return checkpoint(lambda b: b.exp().sin(), a * 2, use_reentrant=use_reentrant)

    checkpoint(lambda a: inner(a).cos() * a, x, use_reentrant=use_reentrant).sum().backward()
    note(x.grad)


def twice_differentiated(torch, note, use_reentrant):
    x, w = leaves(torch)
    y = tools(torch)[0](lambda a: a.exp().sin(), x, use_reentrant=use_reentrant)
    (grad,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    note(grad, torch.autograd.grad(grad.sum(), x))


def an_output_without_graph(torch, note, use_reentrant):
    x, w = leaves(torch)
    tools(torch)[0](lambda a: a.detach(), x, use_reentrant=use_reentrant).sum().backward()


def with_debug(torch, note, use_reentrant):
    x, w = leaves(torch)
    if use_reentrant:
        tools(torch)[0](lambda a: a, x, use_reentrant=True, debug=True)


@BOTH
@pytest.mark.parametrize(
    "program",
    [
        gradients, of_some_inputs, with_inputs_named, without_a_graph, random_numbers, in_parts, by_name,
        several_outputs, inside_each_other, twice_differentiated, an_output_without_graph, with_debug,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_both_kinds_are_pytorchs(program, use_reentrant):
    same(lambda torch, note: program(torch, note, use_reentrant))


def not_said(torch, note):
    x, w = leaves(torch)
    checkpoint, checkpoint_sequential = tools(torch)
    note(checkpoint(lambda a: a.exp(), x).grad_fn)
    note(checkpoint_sequential([torch.sin, torch.cos], 1, x).grad_fn)


def contexts(torch, note):
    @contextmanager
    def told(name):
        note("into", name)
        yield
        note("out of", name)

    x, w = leaves(torch)
    both = lambda: (told("first"), told("second"))  # noqa: E731
    y = tools(torch)[0](lambda a: a.exp() * a, x, use_reentrant=False, context_fn=both, early_stop=False)
    y.sum().backward()


def inside_hooks(torch, note):
    x, w = leaves(torch)
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: note("pack", t) or t, lambda t: note("unpack", t) or t)
    with hooks:
        y = tools(torch)[0](lambda a, b: (a * b).exp() * b, x, w, use_reentrant=False)
    y.sum().backward()
    note(x.grad, w.grad)


def asked_by_hand(torch, note):
    x, w = leaves(torch)
    y = tools(torch)[0](lambda a: a.exp(), x, use_reentrant=False)
    note(y.grad_fn._saved_result, y.grad_fn._saved_result)
    y.sum().backward()
    note(x.grad)


def stopping_early(torch, note):
    x, w = leaves(torch)
    for early_stop in (True, False):

        def part(a):
            b = a.exp()
            note("computed")
            c = b.sin()
            note("saved")
            return c + 1

        tools(torch)[0](part, x, use_reentrant=False, early_stop=early_stop).sum().backward()
    note(x.grad)


def another_check(torch, note):
    tools(torch)[0](lambda a: a, leaves(torch)[0], use_reentrant=False, determinism_check="some")


@pytest.mark.parametrize(
    "program",
    [not_said, contexts, inside_hooks, asked_by_hand, stopping_early, another_check],
    ids=lambda each: each.__name__,
)
def test_the_rest_is_pytorchs(program):
    same(program)


CHANGES = {
    "more": (lambda a: a.exp(), lambda a: a.exp().sin().exp(), {"early_stop": False}),
    "fewer": (lambda a: a.exp().sin().exp(), lambda a: a.exp(), {}),
    "another shape": (lambda a: a.exp(), lambda a: a.reshape(1, 2).exp(), {}),
    "another shape, unchecked": (lambda a: a.exp(), lambda a: a.reshape(2, 1).exp()[:, 0].exp(), {}),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_second_run_that_does_something_else(case):
    first, second, settings = CHANGES[case]

    def program(torch, note):
        runs = []

        def part(a):
            runs.append(a)
            return first(a) if len(runs) == 1 else second(a)

        x, _ = leaves(torch)
        y = tools(torch)[0](part, x, use_reentrant=False, **settings)
        try:
            y.sum().backward()
        except RuntimeError as error:  # without PyTorch's tips, which are about torch.compile
            note(type(error).__name__, str(error).partition("\nTip:")[0].strip().removesuffix("."))

    same(program)


def test_activations_are_not_kept():
    x = gradviz.ones(4, requires_grad=True)
    arrays = []

    def part(a):
        b = a.exp()
        arrays.append(weakref.ref(b._array))
        return b.sin()

    y = gradviz.utils.checkpoint.checkpoint(part, x, use_reentrant=False)
    assert arrays[0]() is None
    y.sum().backward()
    gc.collect()
    assert all(each() is None for each in arrays) and len(arrays) == 2


def test_debug_is_refused():
    with pytest.raises(NotImplementedError, match="gradviz has no debug=True in checkpoint"):
        gradviz.utils.checkpoint.checkpoint(lambda a: a, gradviz.ones(1), use_reentrant=False, debug=True)
