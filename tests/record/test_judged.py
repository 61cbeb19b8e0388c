"""trace --verify finds a wrong gradient whatever runs it: in place, through a view, twice, behind a hook, drawn, ...

Each program runs once as it is, and nothing is marked; then with a backward that gives one and a half times as much.
"""

import gc
import warnings
import weakref

import pytest

import gradviz as torch
from gradviz.engine.op import catalogue
from gradviz.record.verify import Verifier
from gradviz.trace.events import Kind
from gradviz.trace.store import load
from tests.record.test_verify import HEADER, checked

F = torch.nn.functional
X = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]


def leaf(values=X):
    return torch.tensor(values, requires_grad=True)


class Wrong:
    """A run of a node's backward that gives one and a half times as much."""

    def __init__(self, run):
        self._run = run
        self.mask, self.fits = run.mask, run.fits

    @property
    def unfitted(self):
        """The same without bringing gradients to their inputs' shapes."""
        return Wrong(self._run.unfitted)

    def __call__(self, *given):
        return tuple(None if each is None else each * 1.5 for each in self._run(*given))


def spoil(op, monkeypatch):
    """Makes the backward of all nodes of an op wrong from here on."""
    keep = Verifier._keep

    def spoiled(recorder, node, seen, outputs):
        keep(recorder, node, seen, outputs)
        if node.op is catalogue[op]:
            node._run = Wrong(node._run)

    monkeypatch.setattr(Verifier, "_keep", spoiled)


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


def normalized(word, order):
    def program():
        x = leaf()
        y = F.layer_norm(x, (3,), *[torch.ones(3)] * (word == "scaled"))
        for _ in range(order - 1):
            (y,) = torch.autograd.grad((y * y * y).sum(), x, create_graph=True)
        (y * y).sum().backward()

    return program


def log_sigmoid_twice():
    x = leaf()
    (first,) = torch.autograd.grad(F.logsigmoid(x).sum(), x, create_graph=True)
    (first * first).sum().backward()


def aligned():
    log_probs = F.log_softmax(leaf().reshape(3, 1, 2), 2)
    F.ctc_loss(log_probs, torch.tensor([[1]]), (3,), (1,)).backward()


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
    (normalized("plain", 3), "known_mean", {"KnownMeanBackward0"}),
    (normalized("plain", 3), "known_rstd", {"KnownRstdBackward0"}),
    (normalized("plain", 2), "native_layer_norm_backward", {"NativeLayerNormBackwardBackward0"}),
    (normalized("scaled", 2), "native_layer_norm", {"NativeLayerNormBackward0"}),
    (log_sigmoid_twice, "log_sigmoid_backward", {"LogSigmoidBackwardBackward0"}),
    (aligned, "ctc_loss_of", {"CtcLossBackward0"}),
    (clamped_on_one_side, "clamp_tensors", {"ClampBackward0"}),
    (dropped, "mul", {"MulBackward0"}),
    (masked, "where", {"WhereBackward0"}),
    (strided, "strided_view", {"AsStridedBackward0"}),
]


@pytest.mark.parametrize(("program", "op", "marked"), PROGRAMS, ids=lambda each: getattr(each, "__name__", None))
def test_a_wrong_backward_is_found_there(program, op, marked, tmp_path, monkeypatch):
    path = tmp_path / "t.gradviz"
    assert {each.verdict for each in checked(path, program)} == {"agrees"}
    spoil(op, monkeypatch)
    wrong = [each for each in checked(path, program) if each.verdict == "differs"]
    trace = load(path)
    names = {int(trace.rows["node"][step]): trace.call(int(trace.rows["ref"][step])).grad_fn
             for step in trace.of(Kind.FORWARD).tolist()}  # fmt: skip
    assert {names[each.node] for each in wrong} == marked


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
