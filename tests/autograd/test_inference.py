"""inference_mode: what is made in it, what may be done with that outside, and its errors; beside PyTorch."""

import gc

import numpy as np
import pytest

import gradviz
from gradviz.engine.switches import mode
from tests.autograd.alike import same

pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _the_mode_is_left_as_found():
    yield
    assert not gradviz.is_inference_mode_enabled() and gradviz.is_grad_enabled()
    gc.collect()
    assert mode.births == [] and mode.observer is None


def made(torch):
    """A tensor made in inference mode, a leaf that requires grad, and a plain one."""
    with torch.inference_mode():
        inner = torch.ones(2)
    return inner, torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([1.0, 2.0])


def what_is_one(torch, note):
    n = torch.tensor([1.0, 2.0])
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.inference_mode():
        note(torch.is_inference_mode_enabled(), torch.is_grad_enabled())
        for each in (
            torch.ones(2), n * 2, n[0:1], n.reshape(2, 1), n.detach(), torch.ones(2, requires_grad=True), x * 2,
            n.clone(), x[0:1], torch.from_numpy(np.ones(2)), n.contiguous(), n.data, torch.ones(2)[0], n.unbind(0)[1],
            n.max(0)[0],
        ):  # fmt: skip
            note(each.is_inference(), torch.is_inference(each))
        note(torch.ones(2, requires_grad=True).requires_grad, (x * 2).requires_grad)
    note(torch.is_inference_mode_enabled(), n.is_inference(), x.is_inference())


def changes_inside(torch, note):
    inner, x, n = made(torch)
    with torch.inference_mode():
        note(inner.add_(1), n.add_(1), n._version, n.is_inference(), x.add_(1), x._version)
        inner[0] = 5
        note(inner, torch.ones(2).requires_grad_().requires_grad)
    note(x, n)


def nested(torch, note):
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        with torch.inference_mode(False):
            note(torch.is_inference_mode_enabled(), torch.is_grad_enabled(), torch.ones(1).is_inference(), x * 2)
        note(torch.is_inference_mode_enabled(), torch.is_grad_enabled(), torch.ones(1).is_inference())
        with torch.enable_grad():
            note(x * 2)
        with torch.inference_mode():
            note((x * 2).is_inference())
        note((x * 2).is_inference())
    with torch.no_grad():
        with torch.inference_mode():
            pass
        note(torch.is_grad_enabled())


def outside(torch, note):
    inner, x, n = made(torch)
    note(x + inner, (x + inner).is_inference(), (n * inner).is_inference())
    note(inner[0:1].is_inference(), inner.detach().is_inference(), inner.clone().is_inference(), inner)
    (x + inner).sum().backward()
    (x * 2).backward(inner)
    note(x.grad, n.copy_(inner), n.add_(inner), inner.requires_grad_(False))
    note((x * inner.clone()).grad_fn)
    inner.data.add_(1)
    with torch.no_grad():
        note(x * inner)


def decorated(torch, note):
    x = torch.ones(2, requires_grad=True)

    @torch.inference_mode()
    def called(n):
        return (x * 2).is_inference() and (n == 0 or called(n - 1))

    @torch.inference_mode
    def bare():
        return (x * 2).is_inference()

    @torch.inference_mode(False)
    def off():
        return (x * 2).is_inference()

    def steps():
        yield torch.is_inference_mode_enabled()

    note(called(2), called.__name__, bare(), off(), list(torch.inference_mode()(steps)()))
    note(torch.is_inference_mode_enabled())


def a_module(torch, note):
    with torch.inference_mode():
        layer = torch.nn.Linear(2, 2)
        note(layer(torch.ones(2)).is_inference(), layer.weight.is_inference(), layer.weight.requires_grad)
    layer(torch.ones(2, requires_grad=True))


@pytest.mark.parametrize(
    "program", [what_is_one, changes_inside, nested, outside, decorated, a_module], ids=lambda each: each.__name__
)
def test_it_is_pytorchs(program):
    same(program)


MISTAKES = {
    "version": lambda torch, inner, x: inner._version,
    "saved": lambda torch, inner, x: x * inner,
    "saved by a Function": lambda torch, inner, x: keeping(torch).apply(x, inner),
    "changed": lambda torch, inner, x: inner.add_(1),
    "changed without grad": lambda torch, inner, x: torch.no_grad()(inner.zero_)(),
    "changed through a view": lambda torch, inner, x: inner[0:1].mul_(2),
    "assigned into": lambda torch, inner, x: inner.__setitem__(0, 1),
    "requires_grad_": lambda torch, inner, x: inner.requires_grad_(),
    "requires_grad": lambda torch, inner, x: setattr(inner, "requires_grad", True),
    "hooked": lambda torch, inner, x: hooked(torch, lambda: x * inner),
}


def keeping(torch):
    class Keeping(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    return Keeping


def hooked(torch, run):
    with torch.autograd.graph.save_on_cpu():
        return run()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_have_pytorchs_texts(mistake):
    def program(torch, note):
        inner, x, _ = made(torch)
        note(MISTAKES[mistake](torch, inner, x))

    same(program)
    gc.collect()


def test_the_version_of_an_inference_tensor_is_refused_inside_too():
    with gradviz.inference_mode(), pytest.raises(RuntimeError, match="do not track version counter"):
        gradviz.ones(1)._version  # noqa: B018


def test_ops_pay_nothing_once_the_last_inference_tensor_is_gone():
    with gradviz.inference_mode():
        inner = gradviz.ones(2)
    assert mode.births
    del inner
    gc.collect()
    assert not mode.births
