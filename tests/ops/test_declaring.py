"""Declaring an op: what a vjp may ask for, and what is said of one that asks for anything else."""

import pytest

import gradviz as torch
from gradviz.engine.op import by_grad_fn, catalogue, op, vjp


@pytest.fixture
def scratch(monkeypatch):
    """Ops declared in a test leave with it."""
    monkeypatch.setattr("gradviz.engine.op.catalogue", dict(catalogue))
    monkeypatch.setattr("gradviz.engine.op._by_grad_fn", {})


def test_an_op_is_declared_once_and_runs(scratch):
    @op(self=vjp("3 * self**2", lambda grad, self: grad * (3 * self * self)))
    def cube(xp, self):
        """The third power."""
        return self * self * self

    x = torch.tensor([2.0], requires_grad=True)
    y = cube(x)
    y.backward()
    assert (y.tolist(), x.grad.tolist(), y.grad_fn.name()) == ([8.0], [12.0], "CubeBackward0")
    assert (cube.__name__, cube.__doc__) == ("cube", "The third power.")


def test_an_intermediate_is_saved_and_not_returned(scratch):
    @op(self=vjp("factor", lambda grad, factor: grad * factor), intermediates=("factor",))
    def drop(xp, self):
        """Twice, by way of a factor made inside."""
        factor = xp.full_like(self, 2)
        return self * factor, factor

    x = torch.ones(2, requires_grad=True)
    y = drop(x)
    assert y.tolist() == y.grad_fn._saved_factor.tolist() == [2, 2]
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("vjps", "said"),
    [
        ({"self": vjp("1", lambda grad, slef: grad)}, "the vjp for 'self' asks for 'slef'; known: "),
        ({"other": vjp("1", lambda grad: grad)}, "a vjp for 'other', which is not among the inputs"),
    ],
)
def test_a_misspelt_name_fails_at_import(scratch, vjps, said):
    def twist(xp, self):
        """Never runs."""

    with pytest.raises(TypeError, match=f"op twist: {said}"):
        op(**vjps)(twist)


def test_a_name_is_taken_once(scratch):
    def exp(xp, self):
        """Another exp."""

    with pytest.raises(TypeError, match="op exp is declared twice"):
        op()(exp)


def test_an_op_is_found_by_its_nodes_name():
    assert by_grad_fn("MulBackward0").name == "mul" and by_grad_fn("NoSuchBackward0") is None
    ops = [each for each in catalogue.values() if each.vjps and each.node_class.__name__ != "NotImplemented"]
    found = [(each.name, by_grad_fn(each.node_class.__name__).name) for each in ops]
    assert [pair for pair in found if len(set(pair)) == 2] == []


def test_every_op_says_what_it_does():
    assert [name for name, each in catalogue.items() if not each.call.__doc__] == []
