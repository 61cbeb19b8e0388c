"""What is reused in place is what nobody sees: no array that is held changes, and what nobody holds isn't copied."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import ownership
from gradviz.engine.ownership import LARGE, added, is_alone, taken

SIZE = LARGE // 4 + 12  # of float32: large enough to be reused


def fresh(value=1.0, shape=(SIZE,)):
    return np.full(shape, value, np.float32)


def leaf(value=0.5):
    return torch.full((SIZE,), value, requires_grad=True)


def test_an_array_that_only_the_list_holds_is_alone():
    assert is_alone([fresh()], 0)
    assert is_alone([fresh(shape=(4, 30)).reshape(30, 4)], 0)
    assert is_alone([fresh(shape=(4, 30)).T], 0)


@pytest.mark.parametrize(
    "look",
    [
        lambda array: array,
        lambda array: array[:3],
        lambda array: array[..., None],
        lambda array: memoryview(array),
        lambda array: torch.Tensor(array),
        lambda array: torch.from_numpy(array),
        lambda array: np.broadcast_to(array, (2, *array.shape)),
        lambda array: (array,),
    ],
    ids=["itself", "slice", "one more dimension", "memoryview", "Tensor", "from_numpy", "broadcast", "tuple"],
)
@pytest.mark.parametrize("turned", [False, True], ids=["whole", "view"])
def test_whoever_looks_at_it_is_noticed(look, turned):
    holder = [fresh(shape=(SIZE, 2)).T if turned else fresh(shape=(2, SIZE))]
    before = holder[0].copy()
    looking = look(holder[0])
    assert not is_alone(holder, 0)
    added(holder, 0, fresh(shape=(2, SIZE)))
    assert (np.asarray(looking[0] if isinstance(looking, tuple) else looking).ravel()[:3] == before.ravel()[:3]).all()
    assert (holder[0] == 2).all()


def test_a_view_of_what_somebody_holds_is_not_alone():
    base = fresh(shape=(6, SIZE))
    for view in (base[1:3], base.T, base.reshape(-1), np.broadcast_to(base[0], (3, SIZE))):
        holder = [view]
        del view
        assert not is_alone(holder, 0)
        assert taken(holder, 0) is not holder[0]


def test_part_of_an_array_is_not_alone():
    assert not is_alone([fresh(shape=(6, SIZE))[1:]], 0)
    assert not is_alone([np.broadcast_to(fresh(shape=(1, 1)), (3, SIZE))], 0)
    assert not is_alone([np.broadcast_to(fresh(shape=(3, 1))[:, :1], (3, 3))], 0)
    assert not is_alone([np.frombuffer(bytes(SIZE * 4), np.float32)], 0)


def test_adding_in_place_and_not():
    holder = [fresh()]
    address = holder[0].ctypes.data
    added(holder, 0, fresh(2.0))
    assert (holder[0] == 3).all() and holder[0].ctypes.data == address
    added(holder, 0, np.full(SIZE, 0.5))  # float64: the sum is too
    assert holder[0].dtype == np.float64 and (holder[0] == 3.5).all()
    holder = [np.float32(1)]
    added(holder, 0, np.float32(2))
    assert holder[0] == 3


def test_taking_without_a_copy_and_with():
    holder = [fresh()]
    assert taken(holder, 0) is holder[0]
    turned = [fresh(shape=(4, SIZE)).T]
    assert taken(turned, 0).flags.c_contiguous and taken(turned, 0).base is None
    small = [np.ones(3)]
    assert taken(small, 0) is not small[0]
    assert taken([np.float32(3)], 0).shape == ()


# -- in a backward -----------------------------------------------------------------------------------


def test_gradients_of_two_leaves_are_two_arrays():
    a, b = leaf(), leaf()
    (a + b).sum().backward()
    a.grad.mul_(0)
    assert (b.grad == 1).numpy().all()


def test_a_gradient_that_nobody_holds_becomes_the_grad(monkeypatch):
    copies = []
    monkeypatch.setattr(
        "gradviz.engine.ownership.copied", lambda array: copies.append(array.shape) or array.copy()
    )
    a, linear = leaf(), torch.nn.Linear(64, 128)
    (a * 2.0).sum().backward()
    linear(torch.ones(32, 64)).tanh().sum().backward()
    assert a.grad is not None and linear.weight.grad is not None
    assert set(copies) <= {(128,)}  # the bias: small; the C twin copies it itself


def test_a_gradient_that_the_script_gave_stays_as_it_was():
    a, given = leaf(), torch.full((SIZE,), 3.0)
    out = a + 0.0
    out.backward(given, retain_graph=True)
    out.backward(given)
    (a + a + a).backward(given)
    assert (given == 3).numpy().all() and (a.grad == 15).numpy().all()
    a.grad.mul_(0)
    assert (given == 3).numpy().all()


def test_outputs_and_saved_tensors_that_are_held_stay_as_they_were():
    a, weight = leaf(), torch.full((SIZE,), 1.25)
    held, copies = [], []
    y = a
    for _ in range(4):
        for step in (lambda y: y * weight, lambda y: y + a, torch.tanh, lambda y: y - weight, torch.exp):
            y = step(y)
            held.append(y)
            copies.append(y.detach().numpy().copy())
    y.sum().backward(retain_graph=True)
    first = a.grad.numpy().copy()
    y.sum().backward()
    assert np.array_equal(a.grad.numpy(), 2 * first)
    for each, copy in zip([*held, weight], [*copies, np.full(SIZE, 1.25, np.float32)], strict=True):
        assert np.array_equal(each.detach().numpy(), copy)


def test_what_hooks_and_retain_grad_keep_stays_as_it_was():
    a = leaf()
    kept, copies = [], []

    def keep(grad):
        kept.append(grad)
        copies.append(grad.numpy().copy())

    y = a * 2.0
    y.register_hook(keep)
    a.register_hook(keep)
    y.retain_grad()
    z = y + a
    z.register_hook(keep)
    node = (w := z * y + z + a).grad_fn
    node.register_hook(lambda grads, outs: [keep(each) for each in (*grads, *outs)] and None)
    w.sum().backward()
    copies.append(y.grad.numpy().copy())
    kept.append(y.grad)
    a.grad.mul_(0)
    for each, copy in zip(kept, copies, strict=True):
        assert np.array_equal(each.numpy(), copy)


def test_what_a_function_keeps_stays_as_it_was():
    class Kept(torch.autograd.Function):
        seen = []

        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, grad):
            Kept.seen.append(grad)
            return grad

    a = leaf()
    y = Kept.apply(a)
    (y + y + a + Kept.apply(y)).sum().backward()
    assert (a.grad == 4).numpy().all()
    a.grad.mul_(0)
    assert [float(each[0]) for each in Kept.seen] == [1.0, 3.0]


def test_grads_that_autograd_grad_gives_stay_as_they_were():
    a, b = leaf(), leaf()
    y = a + b
    of_y, of_a = torch.autograd.grad((y * 2.0 + a).sum(), (y, a), retain_graph=True)
    (y * 2.0 + a).sum().backward()
    assert (of_y == 2).numpy().all() and (of_a == 3).numpy().all()


def test_the_count_is_taken_at_import():
    assert ownership._references([np.zeros(1)], 0) == ownership._ALONE
    assert ownership._base_references([np.zeros(2).reshape(2, 1)], 0) == ownership._BASE_ALONE
