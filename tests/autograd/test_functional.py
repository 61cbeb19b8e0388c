"""autograd.functional: jacobians, hessians and their products, beside PyTorch."""

import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")

PAIR = ([1.0, 2.0], [[0.5, 1.0, 2.0]])
FUNCTIONS = {
    "one to one": ([1.0, 2.0], lambda torch, x: x.exp() * x.sum()),
    "two to two": (PAIR, lambda torch, x, y: (x.sum() * y.exp(), x * x)),
    "a tuple of one": (([1.0, 2.0],), lambda torch, x: (x * x,)),
    "linear": ([1.0, 2.0], lambda torch, x: 3 * x),
    "of one alone": (PAIR, lambda torch, x, y: x * 2),
    "of none": ([1.0, 2.0], lambda torch, x: x.detach()),
    "a constant": ([1.0, 2.0], lambda torch, x: torch.ones(2)),
    "a number": (2.0, lambda torch, x: x**2),
}
SCALAR = {
    "a cube": ([1.0, 2.0], lambda torch, x: (x**3).sum()),
    "of two": (PAIR, lambda torch, x, y: (x.sum() ** 2 * y.sin()).sum()),
    "linear": ([1.0, 2.0], lambda torch, x: (3 * x).sum()),
    "of one alone": (PAIR, lambda torch, x, y: (x**2).sum()),
    "of none": ([1.0, 2.0], lambda torch, x: x.detach().sum()),
    "a number": (2.0, lambda torch, x: x**3),
}
PRODUCTS = ["vjp", "jvp"]
STRICT_AND_GRAPH = [(strict, graph) for strict in (False, True) for graph in (False, True)]


def tensors(torch, values, requires_grad):
    if isinstance(values, tuple):
        return tuple(torch.tensor(each, requires_grad=requires_grad) for each in values)
    return torch.tensor(values, requires_grad=requires_grad)


def twos(torch, like):
    if isinstance(like, tuple):
        return tuple(torch.ones_like(each) * (k + 2) for k, each in enumerate(like))
    return torch.ones_like(like) * 2


def applied(torch, function, inputs):
    return function(*inputs) if isinstance(inputs, tuple) else function(inputs)


@pytest.mark.parametrize(("strict", "create_graph"), STRICT_AND_GRAPH)
@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("case", FUNCTIONS)
@pytest.mark.parametrize("name", ["jacobian", *PRODUCTS])
def test_of_any_function(name, case, requires_grad, strict, create_graph):
    values, function = FUNCTIONS[case]

    def program(torch, note):
        inputs = tensors(torch, values, requires_grad)
        func = lambda *given: function(torch, *given)  # noqa: E731
        weights = {"jacobian": (), "vjp": (twos(torch, applied(torch, func, inputs)),), "jvp": (twos(torch, inputs),)}
        called = getattr(torch.autograd.functional, name)
        note(called(func, inputs, *weights[name], create_graph=create_graph, strict=strict))

    same(program)


@pytest.mark.parametrize(("strict", "create_graph"), STRICT_AND_GRAPH)
@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("case", SCALAR)
@pytest.mark.parametrize("name", ["hessian", "vhp", "hvp", "vjp"])
def test_of_a_scalar_function(name, case, requires_grad, strict, create_graph):
    values, function = SCALAR[case]

    def program(torch, note):
        inputs = tensors(torch, values, requires_grad)
        weights = (twos(torch, inputs),) if name in ("vhp", "hvp") else ()
        called = getattr(torch.autograd.functional, name)
        func = lambda *given: function(torch, *given)  # noqa: E731
        note(called(func, inputs, *weights, create_graph=create_graph, strict=strict))

    same(program)


@pytest.mark.parametrize("name", ["jacobian", "hessian"])
def test_vectorize_gives_the_same_numbers(name):
    for case, (values, function) in (SCALAR if name == "hessian" else FUNCTIONS).items():

        def program(torch, note, values=values, function=function):
            inputs = tensors(torch, values, False)
            called = getattr(torch.autograd.functional, name)
            note(called(lambda *given: function(torch, *given), inputs, vectorize=True))

        same(program), case


def test_a_hessian_can_be_differentiated_again():
    def program(torch, note):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        found = torch.autograd.functional.hessian(lambda x: (x**4).sum(), x, create_graph=True)
        found.sum().backward()
        note(found, x.grad)

    same(program)


def test_inside_no_grad():
    def program(torch, note):
        x, functional = torch.tensor([1.0, 2.0]), torch.autograd.functional
        with torch.no_grad():
            note(functional.jacobian(lambda x: x.exp(), x), functional.jvp(lambda x: x.exp(), x, x))
            note(functional.vjp(lambda x: x.sum(), x), functional.hvp(lambda x: (x**3).sum(), x, x))

    same(program)


def several(x, y):
    return x.sum() * y.exp(), x * x


MISTAKES = {
    "a list": lambda f, x, y: f.jacobian(lambda x: x * x, [x]),
    "a number": lambda f, x, y: f.jacobian(lambda x: x, 3),
    "a number in a tuple": lambda f, x, y: f.jacobian(several, (x, 3)),
    "an output that is a number": lambda f, x, y: f.jacobian(lambda x: 3, x),
    "an output that is a list": lambda f, x, y: f.vjp(lambda x: [x], x),
    "no vector": lambda f, x, y: f.vjp(lambda x: x * x, x),
    "no vector for a jvp": lambda f, x, y: f.jvp(lambda x: x * x, x),
    "no vector for a vhp": lambda f, x, y: f.vhp(lambda x: x.sum(), x),
    "a vector of another size": lambda f, x, y: f.vjp(lambda x: x * x, x, y),
    "one vector for two": lambda f, x, y: f.vjp(several, (x, y), x),
    "two vectors for one": lambda f, x, y: f.jvp(lambda x: x, x, (x, x)),
    "vectors in another order": lambda f, x, y: f.vjp(several, (x, y), (x, y)),
    "a vector that is a number": lambda f, x, y: f.vjp(lambda x: x, x, 3),
    "the hessian of a vector": lambda f, x, y: f.hessian(lambda x: x * x, x),
    "the hessian of two": lambda f, x, y: f.hessian(several, (x, y)),
    "the hvp of a vector": lambda f, x, y: f.hvp(lambda x: x * x, x, x),
    "the vhp of two": lambda f, x, y: f.vhp(several, (x, y), (x, y)),
    "a strategy": lambda f, x, y: f.jacobian(lambda x: x, x, strategy="sideways"),
    "strict and vectorize": lambda f, x, y: f.jacobian(lambda x: x, x, strict=True, vectorize=True),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_have_pytorchs_texts(mistake):
    def program(torch, note):
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([[0.5, 1.0, 2.0]])
        try:
            note(MISTAKES[mistake](torch.autograd.functional, x, y))
        except Exception as error:
            note(type(error).__name__, str(error).replace(str(torch.Tensor), "Tensor"))

    same(program)


def test_forward_mode_is_refused():
    for name in ("jacobian", "hessian"):
        setting = {"jacobian": "strategy", "hessian": "outer_jacobian_strategy"}[name]
        with pytest.raises(NotImplementedError, match="gradviz has no forward mode AD"):
            called = getattr(gradviz.autograd.functional, name)
            called(lambda x: x.sum(), gradviz.ones(2), vectorize=True, **{setting: "forward-mode"})
