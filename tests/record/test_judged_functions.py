"""trace --verify of a script's own Functions: whatever they were called with, and however often they run."""

import gc
import weakref

import numpy as np
import pytest

import gradviz as torch
from gradviz.record import kept as keeping
from gradviz.record.kept import Gone, Room, Weakly, afresh
from gradviz.record.shelf import Shelf
from tests.record.test_judged import leaf
from tests.record.test_verify import checked


class Scaled(torch.autograd.Function):
    """x by a factor that something has; backward gives `wrong` times as much, and works in place."""

    wrong = 1.0

    @staticmethod
    def forward(ctx, x, of, factor):
        """x by of(factor)."""
        ctx.factor = of(factor)
        return x * ctx.factor

    @staticmethod
    def backward(ctx, grad):
        """In place, which PyTorch asks people not to do."""
        return grad.mul_(ctx.factor).mul_(Scaled.wrong), None, None


class Slots:
    """An attribute in a slot, another in a dict, and a way back to itself."""

    __slots__ = ("__dict__", "__factor")

    def __init__(self, factor):
        self.__factor, self.me, self.parts = factor, self, [factor, {"more": (1, {2, 3})}]

    def get(self):
        """The factor, which it then forgets."""
        factor, self.__factor = self.__factor, None
        return factor


def kept(value):
    return keeping.kept(value, Room(1 << 28))


def closure_over(tensor):
    return lambda _: tensor.sum()


OBJECTS = [
    (Slots.get, lambda: Slots(2.5)),
    (closure_over(torch.ones(3)), lambda: None),
    (lambda model: model(torch.ones(1, 2, dtype=model.weight.dtype)).sum(), lambda: torch.nn.Linear(2, 1)),
    (lambda given: torch.rand(1, generator=given["draws"][0]), lambda: {"draws": [torch.Generator().manual_seed(1)]}),
    (lambda given: given.pop(), lambda: [1.0, 2.0]),
]


@pytest.mark.parametrize(("of", "make"), OBJECTS, ids=["slots", "closure", "module", "generator", "list"])
def test_objects_are_given_again_as_they_were(of, make, tmp_path, monkeypatch):
    def program():
        (Scaled.apply(leaf(), of, make()) * 2).sum().backward()

    (found,) = checked(tmp_path / "t.gradviz", program, ops=False)
    assert found.verdict == "agrees"
    monkeypatch.setattr(Scaled, "wrong", 1.5)
    (found,) = checked(tmp_path / "t.gradviz", program, ops=False)
    assert (found.verdict, found.function, found.input) == ("differs", "Scaled", "x")


def test_several_inputs_and_outputs(tmp_path):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b, a + b

        @staticmethod
        def backward(ctx, product, total):
            a, b = ctx.saved_tensors
            return product * b + total, product * a

    def program():
        a, b = torch.tensor([2.0], requires_grad=True), torch.tensor([5.0], requires_grad=True)
        product, total = Both.apply(a, b)
        (product + 3 * total).backward()

    first, second = checked(tmp_path / "t.gradviz", program, ops=False)
    assert (first.input, first.verdict) == ("a", "agrees")
    assert (second.input, second.verdict, second.place) == ("b", "differs", (0,))
    assert (second.given, pytest.approx(second.numeric)) == (2.0, 5.0)


def test_setup_context_and_dirty_inputs(tmp_path):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = 2

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor

    class Tripled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(3)

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    def program():
        x = torch.ones(2, requires_grad=True)
        Tripled.apply(Double.apply(x)).sum().backward()

    tripled, double = checked(tmp_path / "t.gradviz", program, ops=False)
    assert (double.verdict, double.input) == ("agrees", "x")
    assert (tripled.verdict, tripled.given) == ("differs", 2.0)
    assert tripled.numeric == pytest.approx(3.0) and tripled.ratio == pytest.approx(1.5)


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_a_forward_that_takes_float32_alone(factor, tmp_path):
    class Turned(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.tensor([[0.6, -0.8], [0.8, 0.6]]) @ x

        @staticmethod
        def backward(ctx, grad):
            return factor * torch.tensor([[0.6, 0.8], [-0.8, 0.6]]) @ grad

    def program():
        (Turned.apply(leaf([[1.0, 2.0], [3.0, -1.0]])) ** 2).sum().backward()

    (found,) = checked(tmp_path / "t.gradviz", program, ops=False)
    assert found.verdict == ("agrees" if factor == 1 else "differs")


def test_a_backward_that_differs_the_second_time(tmp_path, monkeypatch):
    def program():
        y = (Scaled.apply(leaf(), float, 2) * 2).sum()
        y.backward(retain_graph=True)
        monkeypatch.setattr(Scaled, "wrong", 1.5)
        y.backward()

    first, second = checked(tmp_path / "t.gradviz", program, ops=False)
    assert (first.backward, first.verdict, second.backward, second.verdict) == (1, "agrees", 2, "differs")


def test_no_code_of_an_object_runs_and_no_life_is_longer(tmp_path):
    class Loud:
        def _told(self, *given):
            raise AssertionError("was called")

        __deepcopy__ = __copy__ = __reduce_ex__ = __getattribute__ = __setattr__ = __eq__ = __hash__ = _told

    loud = object.__new__(Loud)
    assert type(kept(loud)) is Loud

    holder = type("Holder", (), {})()
    holder.tensor = torch.ones(2)
    copy, tensor, gone = kept(holder), weakref.ref(holder.tensor), weakref.ref(holder)
    del holder
    gc.collect()
    assert tensor() is None and gone() is None
    assert afresh(copy).tensor.tolist() == [1.0, 1.0] and afresh(copy).tensor.dtype == torch.float64


def test_what_can_not_be_copied_is_referred_to_weakly():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    large = type("Large", (), {})()
    large.parts = list(map(str, range(10)))
    large.array = np.zeros((1 << 23) + 1)
    found = kept(large)
    assert isinstance(found, Weakly) and afresh(found) is large
    del large
    with pytest.raises(Gone, match="forward was called with a Large, which can't be copied"):
        afresh(found)
    for each in (deep, open(__file__), (each for each in "ab"), leaf().exp().grad_fn):
        assert isinstance(kept(each), Weakly)


def test_there_is_room_for_so_many_copies_together():
    room, parts = Room(3000), [np.zeros(100)]
    assert [isinstance(keeping.kept(parts, room), Weakly) for _ in range(5)] == [False, False, False, True, True]
    assert isinstance(keeping.kept([1.0] * 10, Room(3000)), list)


def test_a_shelf_gives_back_what_it_was_given():
    shelf = Shelf(room=100)
    given = [[np.arange(5.0), None], [np.zeros((0, 3)), np.float32(2) * np.ones(())], [np.arange(12).reshape(3, 4).T]]
    kept_there = [shelf.put(each) for each in given]
    for before, after in zip(given, map(shelf.back, kept_there), strict=True):
        for one, two in zip(before, after, strict=True):
            assert one is two is None or one.dtype == two.dtype and one.shape == two.shape and np.array_equal(one, two)
    assert kept_there[0] is given[0] and kept_there[2] is not given[2]
