"""Hooks on saved tensors: what they see, when, and what a node then keeps; beside PyTorch."""

import gc
import weakref

import numpy as np
import pytest

import gradviz
from tests.autograd.alike import same
from tests.engine.samples import SAMPLES

pytest.importorskip("torch")


class Watch:
    """A pair of hooks that notes what it sees, by the names of tensors that it knows."""

    def __init__(self, torch, note, **known):
        self.known, self.note, self.torch = known, note, torch
        self.hooks = torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)

    def pack(self, tensor):
        self.note("pack", self.name(tensor), self.torch.is_grad_enabled())
        self.packed = tensor
        return tensor

    def unpack(self, tensor):
        self.note("unpack", self.name(tensor), self.torch.is_grad_enabled())
        return tensor

    def name(self, tensor):
        found = [name for name, each in self.known.items() if each is tensor]
        return found[0] if found else (tensor, tensor.grad_fn)


def leaves(torch):
    return torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0])


def chain(torch, note):
    x, c = leaves(torch)
    watch = Watch(torch, note, x=x, c=c)
    with watch.hooks:
        y = watch.known["y"] = x * c
        z = y.exp()
        note("the result itself", watch.packed is z)
        watch.known["z"] = z
        w = (z * z).sum()
        w = w * 2  # a number is no tensor that a hook sees
    w.backward()
    note(x.grad)


def asked_by_hand(torch, note):
    x, c = leaves(torch)
    watch = Watch(torch, note, x=x, c=c)
    with watch.hooks:
        y = x * c
        square = x * x
        e = y.exp()
    note(y.grad_fn._saved_other is c)
    saved = square.grad_fn._saved_self
    note(saved is x, saved, saved.is_leaf, saved.grad_fn)
    saved = e.grad_fn._saved_result
    note(saved is e, saved, saved.grad_fn is e.grad_fn)


def nested(torch, note):
    def named(name):
        hooks = torch.autograd.graph.saved_tensors_hooks
        return hooks(lambda t: note("pack", name) or t, lambda t: note("unpack", name) or t)

    x, c = leaves(torch)
    with named("outer"):
        y = x * c
        with named("inner"):
            y = y * c
        y = y * c
    y.sum().backward()


def create_graph(torch, note):
    x, c = leaves(torch)
    watch = Watch(torch, note, x=x, c=c)
    with watch.hooks:
        y = (x * x * c).sum()
    (grad,) = torch.autograd.grad(y, x, create_graph=True)
    note(grad, torch.autograd.grad(grad.sum(), x))


def in_place(torch, note):
    x, c = leaves(torch)
    b = x * 1
    seen = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: seen.append(t.tolist()) or t, lambda t: t):
        b.mul_(x)
    note(seen)
    b.sum().backward()
    note(x.grad)


def a_function(torch, note):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            result = a * a
            ctx.save_for_backward(a, result, None)
            return result

        @staticmethod
        def backward(ctx, grad):
            a, result, nothing = ctx.saved_tensors
            note(a, a.is_leaf, result, result.grad_fn, nothing)
            return grad * 2 * a

    x, c = leaves(torch)
    watch = Watch(torch, note, x=x)
    with watch.hooks:
        y = Square.apply(x)
        note(watch.packed is y)
        watch.known["y"] = y
    y.sum().backward()
    note(x.grad)


def changed_afterwards(torch, note):
    x, c = leaves(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = x * c
    c.zero_()
    y.sum().backward()  # what the hook kept is what counts
    note(x.grad)


def on_cpu(torch, note):
    x, c = leaves(torch)
    with torch.autograd.graph.save_on_cpu():
        y = (x * c).exp().sum()
    y.backward()
    note(x.grad)


@pytest.mark.parametrize(
    "program",
    [chain, asked_by_hand, nested, create_graph, in_place, a_function, changed_afterwards, on_cpu],
    ids=lambda each: each.__name__,
)
def test_hooks_see_what_pytorchs_see(program):
    same(program)


def raising(value):
    def hook(_):
        if isinstance(value, Exception):
            raise value
        return value

    return hook


@pytest.mark.parametrize(
    ("pack", "unpack"),
    [
        (raising(5), raising(7)),
        (raising(5), raising(None)),
        (raising(ZeroDivisionError("packing")), raising(5)),
        (raising(5), raising(ZeroDivisionError("unpacking"))),
        (lambda t: t.add_(1), lambda t: t),
        (3, lambda t: t),
    ],
)
def test_mistakes_have_pytorchs_texts(pack, unpack):
    def program(torch, note):
        x, c = leaves(torch)
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = x * c
        note("packed")
        y.sum().backward()

    def without_the_place(torch, note):
        try:
            program(torch, note)
        except TypeError as error:
            note(str(error).partition("Invoked with")[0])

    same(without_the_place)


def test_they_can_be_disabled():
    def program(torch, note):
        graph, (x, c) = torch.autograd.graph, leaves(torch)
        with graph.disable_saved_tensors_hooks("outer"):
            with graph.disable_saved_tensors_hooks("inner"):
                pass
            note((x * c).requires_grad)
            with graph.save_on_cpu():
                note("never reached")

    same(program)


def test_they_cannot_be_disabled_where_they_are_active():
    def program(torch, note):
        with torch.autograd.graph.save_on_cpu(), torch.autograd.graph.disable_saved_tensors_hooks("too late"):
            note("never reached")

    same(program)


# -- every op ---------------------------------------------------------------------------------------------

# Where PyTorch takes other steps to the same gradient, so that other tensors are saved on the way; where vectors have
# the other sign (eigh, svd); where it saves memory that nobody wrote (rrelu outside training, ctc_loss behind a
# sequence's end) or before it is written (rrelu in place).
OTHER_STEPS = {
    "argsort_of", "clamp_numbers", "ctc_loss_backward", "distances_backward", "hardsigmoid_backward", "isfinite",
    "known_mean", "known_rstd", "linalg_det", "linalg_eigh_of", "linalg_slogdet", "linalg_svd_of",
    "masked_scatter_backward", "max_pool2d_with_indices", "mm", "native_batch_norm", "near",
    "pack_padded_sequence_backward", "packed_rows", "rrelu_in_place", "rrelu_with_noise", "rrelu_with_noise_backward",
}  # fmt: skip


def packed_and_unpacked(torch, sample):
    """What hooks see of a sample, as arrays: packed in forward, unpacked in backward."""
    arrays = zip(sample.arrays(), sample.floating(), strict=True)
    given = [torch.from_numpy(array.copy()).requires_grad_(wanted) for array, wanted in arrays]
    packed, unpacked = [], []

    def pack(tensor):
        packed.append(np.array(tensor.tolist()))
        return tensor.detach()

    def unpack(tensor):
        unpacked.append(np.array(tensor.tolist()))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        out = sample.run(torch, *given)
    if out.requires_grad:
        out.sum().backward()
    return packed, unpacked


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if each.op not in OTHER_STEPS], ids=lambda each: each.op
)
def test_each_op_packs_and_unpacks_in_pytorchs_order(sample):
    import torch

    for ours, theirs in zip(*(packed_and_unpacked(side, sample) for side in (gradviz, torch)), strict=True):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-11)


# -- lives ------------------------------------------------------------------------------------------------


def test_what_a_hook_lets_go_of_is_gone():
    x = gradviz.ones(3, requires_grad=True)
    with gradviz.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), gradviz.tensor):
        y = x * 2
        z = y.exp()
    array = weakref.ref(z._array)
    z = z.sum()
    gc.collect()
    assert array() is None
    z.backward()
    assert x.grad.tolist() == pytest.approx([2 * np.exp(2)] * 3, rel=1e-6)


def test_what_a_hook_kept_is_freed_by_backward():
    x = gradviz.ones(3, requires_grad=True)
    kept = []

    def pack(tensor):
        copy = tensor.detach().clone()
        kept.append(weakref.ref(copy))
        return copy

    with gradviz.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = x.exp().sum()
    assert kept[0]() is not None
    y.backward()
    assert kept[0]() is None
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_without_hooks_nodes_keep_plain_tuples():
    x = gradviz.ones(3, requires_grad=True)
    with gradviz.autograd.graph.save_on_cpu():
        pass
    assert (x * x).grad_fn._saved.__class__ is tuple
