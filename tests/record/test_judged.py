"""trace --verify finds a wrong gradient whatever runs it: in place, through a view, twice, behind a hook, drawn, ...

Each program runs once as it is, and nothing is marked; then with a vjp that gives one and a half times as much.
"""

import gc
import warnings
import weakref

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.op import catalogue
from gradviz.record import kept as keeping
from gradviz.record.kept import Gone, Room, Weakly, afresh
from gradviz.record.shelf import Shelf
from gradviz.record.verify import Verifier
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from tests.record.test_verify import HEADER, checked

F = torch.nn.functional
X = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]


def leaf(values=X):
    return torch.tensor(values, requires_grad=True)


def spoil(op, monkeypatch):
    """Makes all vjps of an op that ran already wrong."""
    for run in filter(None, catalogue[op].runs):
        for name, vjp in list(run.__globals__.items()):
            if name.startswith("vjp"):
                monkeypatch.setitem(run.__globals__, name, _times(1.5, vjp))


def _times(factor, vjp):
    def wrong(*given):
        found = vjp(*given)
        return [each * factor for each in found] if isinstance(found, list) else found * factor

    return wrong


def in_place():
    y = leaf() * 1
    y.exp_().sum().backward()


def of_two_in_place():
    y = leaf() * 1
    y.mul_(leaf()).sum().backward()


def through_a_view():
    y = leaf() * 1
    y[0].exp_()
    (y * y).sum().backward()


def through_a_view_of_a_view():
    y = leaf() * 1
    y.t()[1:].exp_()
    (y * y).sum().backward()


def into_what_had_no_gradient():
    y = torch.zeros(2, 3)
    y[1].add_(leaf()[0].exp())
    (y * y).sum().backward()


def twice():
    y = leaf().exp().sum()
    y.backward(retain_graph=True)
    y.backward()


def behind_a_hook():
    y = leaf().exp()
    y.grad_fn.register_hook(lambda given, _: (given[0] * 3,))
    y.sum().backward()


def behind_a_hook_that_changes_in_place():
    y = leaf().exp()
    y.grad_fn.register_hook(lambda given, _: given[0].mul_(3) is None or None)
    y.sum().backward()


def of_a_module_with_hooks():
    layer = torch.nn.Linear(3, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 2,))
    layer(leaf().exp()).sum().backward()


def cholesky():
    a = torch.tensor([[4.0, 9.0, 9.0], [1.0, 3.0, 9.0], [0.5, -1.0, 2.0]], requires_grad=True)  # the upper half is free
    (torch.linalg.cholesky(a) * torch.arange(9.0).reshape(3, 3)).sum().backward()


def eigh():
    a = torch.tensor([[4.0, 1.0], [1.0, 3.0]], requires_grad=True)
    (torch.linalg.eigh(a)[0] * torch.tensor([1.0, 3.0])).sum().backward()


def cholesky_solve():
    triangle = torch.tensor([[2.0, 0.0], [0.5, 1.0]], requires_grad=True)
    (torch.cholesky_solve(leaf([[1.0], [2.0]]), triangle) * 2).sum().backward()


def hermitian_pinv():
    a = torch.tensor([[4.0, 1.0], [1.0, 3.0]], requires_grad=True)
    (torch.linalg.pinv(a, hermitian=True) * torch.tensor([[1.0, 2.0], [2.0, 5.0]])).sum().backward()


def normalized_twice(word):
    def program():
        x = leaf()
        y = F.layer_norm(x, (3,), *[torch.ones(3)] * (word == "scaled"))
        (first,) = torch.autograd.grad((y * y * y).sum(), x, create_graph=True)
        (first * first).sum().backward()

    return program


def log_sigmoid_twice():
    x = leaf()
    (first,) = torch.autograd.grad(F.logsigmoid(x).sum(), x, create_graph=True)
    (first * first).sum().backward()


def clamped_on_one_side():
    torch.clamp(leaf(), max=torch.full((3,), 1.0)).mul(2).sum().backward()


def dropped():
    torch.manual_seed(0)
    F.dropout(leaf(), 0.5).mul(2).sum().backward()


def drawn_over():
    y = leaf() * 1
    y.normal_().add(leaf()).sum().backward()


def masked():
    scores = torch.where(torch.tensor([True, False, True]), leaf(), torch.tensor(float("-inf")))
    torch.softmax(scores, 1).pow(2).sum().backward()


def strided():
    torch.as_strided(leaf() * 1, (2, 2), (1, 2), 1).exp().sum().backward()


PROGRAMS = [
    (in_place, "exp", {"ExpBackward0"}),
    (of_two_in_place, "mul", {"MulBackward0"}),
    (through_a_view, "exp", {"CopySlices"}),
    (through_a_view_of_a_view, "exp", {"CopySlices"}),
    (into_what_had_no_gradient, "add", {"CopySlices"}),
    (twice, "exp", {"ExpBackward0"}),
    (behind_a_hook, "exp", {"ExpBackward0"}),
    (behind_a_hook_that_changes_in_place, "exp", {"ExpBackward0"}),
    (of_a_module_with_hooks, "exp", {"ExpBackward0"}),
    (cholesky, "linalg_cholesky_ex", {"LinalgCholeskyExBackward0"}),
    (eigh, "linalg_eigh_of", {"LinalgEighBackward0"}),
    (cholesky_solve, "solved_cholesky", {"CholeskySolveBackward0"}),
    (hermitian_pinv, "pseudoinverse", {"LinalgPinvBackward0"}),
    (normalized_twice("plain"), "known_mean", {"KnownMeanBackward0"}),
    (normalized_twice("plain"), "known_rstd", {"KnownRstdBackward0"}),
    (normalized_twice("scaled"), "native_layer_norm", {"NativeLayerNormBackward0"}),
    (log_sigmoid_twice, "log_sigmoid_backward", {"LogSigmoidBackwardBackward0"}),
    (clamped_on_one_side, "clamp_tensors", {"ClampBackward0"}),
    (dropped, "mul", {"MulBackward0"}),
    (masked, "where", {"WhereBackward0"}),
    (strided, "strided_view", {"AsStridedBackward0"}),
]


@pytest.mark.parametrize(("program", "op", "marked"), PROGRAMS, ids=lambda each: getattr(each, "__name__", None))
def test_a_wrong_vjp_is_found_there(program, op, marked, tmp_path, monkeypatch):
    path = tmp_path / "t.gradviz"
    assert {each.verdict for each in checked(path, program)} == {"agrees"}
    spoil(op, monkeypatch)
    wrong = [each for each in checked(path, program) if each.verdict == "differs"]
    trace = load(path)
    names = {int(trace.rows["node"][step]): trace.call(int(trace.rows["ref"][step])).grad_fn
             for step in trace.of(Kind.FORWARD).tolist()}  # fmt: skip
    assert {names[each.node] for each in wrong} == marked


# -- Functions -----------------------------------------------------------------------------------------


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


# -- the run is left alone, also where ops are judged in the middle of it ----------------------------------


def noisy():
    torch.manual_seed(5)
    x = leaf()
    for _ in range(3):
        y = F.dropout(x * 1, 0.5)
        y[0].exponential_()
        (y + torch.rand(3)).log().sum().backward()
    return x.grad.tolist(), torch.rand(2).tolist(), torch.is_grad_enabled()


def test_random_numbers_and_warnings_are_the_scripts_own(tmp_path, monkeypatch):
    monkeypatch.setattr("gradviz.record.verify.MANY", 1)
    with warnings.catch_warnings(record=True) as alone:
        expected = noisy()
    got = []
    with warnings.catch_warnings(record=True) as beside:
        checked(tmp_path / "t.gradviz", lambda: got.append(noisy()))
    assert str(got) == str([expected])
    assert [str(each.message) for each in beside] == [str(each.message) for each in alone]


def test_copies_go_when_no_backward_can_come_any_more(tmp_path):
    with Verifier(tmp_path / "t.gradviz", HEADER) as recorder:
        y = (leaf() * 2).exp()
        loss = y.sum()
        loss.backward(retain_graph=True)
        assert {each.name() for each in recorder._made} == {"MulBackward0", "ExpBackward0", "SumBackward0"}
        loss.backward()
        assert {each.name() for each in recorder._made} == {"SumBackward0"}  # which saved nothing: it may run again
        del y, loss
        assert not recorder._made


def test_a_run_that_fails_in_backward_keeps_no_node(tmp_path):
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("no")

    with Verifier(tmp_path / "t.gradviz", HEADER) as recorder:
        y = Fails.apply(leaf())
        node = weakref.ref(y.grad_fn)
        with pytest.raises(ValueError, match="no"):
            y.sum().backward()
        del y
        gc.collect()
        assert node() is None and not recorder._handed
