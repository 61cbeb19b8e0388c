"""Hooks of modules: their order, what they are given, what they may return; beside PyTorch."""

import pytest

from tests.autograd.alike import same

pytest.importorskip("torch")


def scaled(torch):
    """A module of one parameter; with a second argument it returns a tuple."""

    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.tensor([2.0, 3.0]))

        def forward(self, x, y=None, k=1):
            z = x * self.w * k
            return z if y is None else (z, 3, y * 2)

    return Scaled()


def returning(value):
    """A hook that notes its arguments, but the module, and returns value, or value(module, ...)."""
    return lambda note: lambda *given: note(given[1:]) or (value(*given) if callable(value) else value)


SEEN = returning(None)
CASES = {
    "backward": [("full_backward_hook", SEEN, {})],
    "before and after backward": [("full_backward_hook", SEEN, {}), ("full_backward_pre_hook", SEEN, {})],
    "other grad_input": [
        ("full_backward_hook", returning(lambda m, grads, _: (grads[0] * 10,)), {}),
        ("full_backward_hook", SEEN, {}),
    ],
    "a tensor for grad_input": [("full_backward_hook", returning(lambda m, grads, _: grads[0]), {})],
    "too much for grad_input": [("full_backward_hook", returning((1, 2)), {})],
    "other grad_output": [
        ("full_backward_pre_hook", returning(lambda m, grads: (grads[0] * 10,)), {}),
        ("full_backward_pre_hook", SEEN, {}),
        ("full_backward_hook", SEEN, {}),
    ],
    "a tensor for grad_output": [("full_backward_pre_hook", returning(lambda m, grads: grads[0]), {})],
    "too much for grad_output": [("full_backward_pre_hook", returning((1, 2, 3)), {})],
    "prepended": [
        ("full_backward_hook", lambda note: lambda *_: note(1), {}),
        ("full_backward_hook", lambda note: lambda *_: note(2), {}),
        ("full_backward_hook", lambda note: lambda *_: note(0), {"prepend": True}),
        ("full_backward_pre_hook", lambda note: lambda *_: note(-1), {}),
        ("full_backward_pre_hook", lambda note: lambda *_: note(-2), {"prepend": True}),
        ("forward_hook", lambda note: lambda *_: note("b"), {}),
        ("forward_hook", lambda note: lambda *_: note("a"), {"prepend": True}),
        ("forward_pre_hook", lambda note: lambda *_: note("B"), {}),
        ("forward_pre_hook", lambda note: lambda *_: note("A"), {"prepend": True}),
    ],
    "forward": [
        ("forward_pre_hook", returning(lambda m, args: args[0] * 2), {}),
        ("forward_hook", returning(lambda m, args, out: out * 3), {}),
        ("forward_hook", SEEN, {}),
    ],
    "with kwargs": [
        ("forward_pre_hook", returning(lambda m, args, kwargs: (args, {"k": 5})), {"with_kwargs": True}),
        ("forward_hook", SEEN, {"with_kwargs": True}),
        ("forward_hook", SEEN, {}),
    ],
    "no pair of arguments": [("forward_pre_hook", returning(3), {"with_kwargs": True})],
}


def names_upwards(tensor):
    found, node = [], tensor.grad_fn
    while node is not None and node.next_functions:
        found.append(node.name())
        node = node.next_functions[0][0]
    return found


@pytest.mark.parametrize("case", CASES)
def test_of_one_module(case):
    def program(torch, note):
        module, x = scaled(torch), torch.tensor([1.0, 2.0], requires_grad=True)
        for kind, hook, settings in CASES[case]:
            getattr(module, f"register_{kind}")(hook(note), **settings)
        out = module(x)
        note(names_upwards(out))
        out.sum().backward()
        note(x.grad, module.w.grad)

    same(program)


def hooked(torch, note):
    module = scaled(torch)
    module.register_full_backward_hook(SEEN(note))
    module.register_full_backward_pre_hook(SEEN(note))
    return module, torch.tensor([1.0, 2.0], requires_grad=True)


def several_inputs_and_outputs(torch, note):
    module, x = hooked(torch, note)
    for given in ((x, torch.ones(2)), (x, x * 2, 2), (torch.ones(2), x)):
        first, number, second = module(*given)
        note(number, first.grad_fn, second.grad_fn)
        (first + second).sum().backward()
        note(x.grad)


def inputs_without_gradients(torch, note):
    module, _ = hooked(torch, note)
    module(torch.ones(2)).sum().backward()
    note(module.w.grad)


def returning_gradients_where_there_are_none(torch, note):
    module = scaled(torch)
    module.register_full_backward_hook(lambda *_: (1,))
    module(torch.ones(2)).sum().backward()


def arguments_by_name(torch, note):
    module, x = hooked(torch, note)
    module(x, k=2).sum().backward()
    note(x.grad)


def no_graph(torch, note):
    module, x = hooked(torch, note)
    with torch.no_grad():
        note(module(x).grad_fn)


def removed(torch, note):
    module, x = scaled(torch), torch.ones(2, requires_grad=True)
    handle = module.register_full_backward_hook(SEEN(note))
    handle.remove()
    handle.remove()
    note(module(x).grad_fn)
    with module.register_forward_hook(SEEN(note)):
        module(x)
    module(x)
    note(len(module._forward_hooks), len(module._backward_hooks))


def inside_each_other(torch, note):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
    for each in model.parameters():
        nn.init.ones_(each)
    for name, each in [*model.named_children(), ("all", model)]:
        each.register_full_backward_hook(lambda *given, name=name: note(name, given[1:]))
        each.register_full_backward_pre_hook(lambda *given, name=name: note(name, "pre", given[1:]))
        each.register_forward_hook(lambda *given, name=name: note(name, given[1:]))
    model(torch.tensor([[1.0, 2.0]], requires_grad=True)).sum().backward()


def a_dict_as_output(torch, note):
    class Named(torch.nn.Module):
        def forward(self, x):
            return {"a": x * 2}

    module = Named()
    module.register_full_backward_hook(SEEN(note))
    note(module(torch.ones(2, requires_grad=True))["a"].grad_fn)


def a_second_derivative(torch, note):
    module, x = hooked(torch, note)
    (grad,) = torch.autograd.grad((module(x) ** 2).sum(), x, create_graph=True)
    (grad**2).sum().backward()
    note(x.grad)


def failing(torch, note):
    module = scaled(torch)
    module.register_forward_hook(lambda *given: note("always", given[2]), always_call=True)
    module.register_forward_hook(lambda *given: note("not"))
    module.register_forward_hook(lambda *given: 1 / 0, always_call=True)
    try:
        module(torch.ones(2), 1, 2, 3, 4)
    except TypeError:
        note("failed")


@pytest.mark.parametrize(
    "program",
    [
        several_inputs_and_outputs, inputs_without_gradients, returning_gradients_where_there_are_none,
        arguments_by_name, no_graph, removed, inside_each_other, a_dict_as_output, a_second_derivative, failing,
    ],
    ids=lambda each: each.__name__,
)  # fmt: skip
def test_they_are_pytorchs(program):
    same(program)
