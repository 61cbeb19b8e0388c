"""The chain rule of a hand-made trace: arrivals, local gradients, what is un-broadcast, added and returned."""

import numpy as np
import pytest

from gradviz.errors import BadTrace
from gradviz.trace.chain import ELEMENTWISE, PRODUCT, WORDS, Chain
from gradviz.trace.graph import graphs, last_backward
from gradviz.trace.paths import multiplied, paths
from tests.trace.build import Builder

X = np.array([1.0, 2.0, 3.0])


def chain_of(build):
    """The Chain of the graph that ran backward."""
    trace = build.load()
    return Chain(trace, last_backward(graphs(trace)))


@pytest.fixture
def build(tmp_path):
    return Builder(tmp_path / "t.gradviz")


@pytest.fixture
def broadcast(build):
    """y = w * x with a scalar w, then loss = y.sum(): results w 1, x 2, y 3, loss 4."""
    w = build.leaf("w", 2.0, dtype=np.float64)
    x = build.constant("x", X, dtype=np.float64)
    y = build.op("mul", [w, x], 2 * X, name="y", formulas={"self": "other", "other": "self"})
    loss = build.op("sum", [y], 12.0, name="loss", formulas={"self": "1"})
    build.backward(loss, grads={loss: 1.0, y: np.ones(3), w: X})
    return chain_of(build)


def test_the_sub_steps_of_a_product(broadcast):
    work = broadcast.work(3)
    assert (work.order, work.backward) == (2, 1)
    assert [(each.source, each.name) for each in work.arrivals] == [(4, "self")]
    (passed,) = work.passed
    assert (passed.name, passed.formula, passed.target, passed.shape) == ("self", "other", 1, ())
    local = broadcast.local(work, passed)
    assert (local.how, local.text, local.value.tolist()) == (ELEMENTWISE, "other", [1, 2, 3])
    assert broadcast.unbroadcast(passed, 1).values == 6


def test_an_input_keeps_its_place_where_another_has_no_edge(broadcast):
    assert [each.name for each in broadcast.operands(broadcast.entries[3])] == ["self", "other"]


def test_a_formula_that_leads_elsewhere_is_only_words(build):
    x = build.leaf("x", X)
    y = build.op("exp", [x], np.exp(X), formulas={"self": "result + 1"})
    build.backward(y, grads={y: np.ones(3), x: np.exp(X)})
    chain = chain_of(build)
    work = chain.work(2)
    assert chain.local(work, work.passed[0]).how == WORDS


def test_a_matrix_product_is_its_vector_jacobian_product(build):
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    left, right = build.leaf("a", a, dtype=np.float64), build.leaf("b", b, dtype=np.float64)
    formulas = {"self": "mat2.T (grad @ mat2.T)", "mat2": "self.T (self.T @ grad)"}
    y = build.op("mm", [left, right], a @ b, formulas=formulas)
    ones = np.ones((2, 4))
    build.backward(y, grads={y: ones, left: ones @ b.T, right: a.T @ ones})
    chain = chain_of(build)
    work = chain.work(3)
    locals = [chain.local(work, passed) for passed in work.passed]
    assert [(each.how, each.text) for each in locals] == [(PRODUCT, "grad @ mat2.T"), (PRODUCT, "self.T @ grad")]
    assert np.array_equal(locals[0].value, ones @ b.T)


def test_a_sum_over_a_dim_is_laid_out_again(build):
    x = build.leaf("x", np.ones((2, 3)), dtype=np.float64)
    y = build.op("sum", [x], np.full(2, 3.0), formulas={"self": "1"})
    down = np.array([1.0, 5.0])
    build.backward(y, grads={y: down, x: np.repeat(down, 3).reshape(2, 3)})
    chain = chain_of(build)
    work = chain.work(2)
    local = chain.local(work, work.passed[0])
    assert (local.how, local.laid) == (ELEMENTWISE, (2, 1))


def test_an_older_trace_has_no_formulas_but_all_the_gradients(build):
    x = build.leaf("x", X)
    y = build.op("exp", [x], np.exp(X))
    build.backward(y)
    chain = chain_of(build)
    work = chain.work(2)
    assert (work.passed[0].name, work.passed[0].formula, work.passed[0].target) == ("", "", 1)
    assert chain.local(work, work.passed[0]).how == WORDS


def test_what_backward_never_came_to_has_no_work(broadcast):
    assert broadcast.work(2) is None


def test_the_first_element_of_what_was_not_kept_whole(build):
    large = np.linspace(1, 2, 1000)
    x = build.leaf("x", large, dtype=np.float64)
    y = build.op("square", [x], large**2, formulas={"self": "2 * self"})
    build.backward(y, grads={y: np.full(1000, 3.0), x: 6 * large})
    chain = chain_of(build)
    work = chain.work(2)
    assert chain.local(work, work.passed[0]).value is None
    assert chain.first_element(work, work.passed[0]) == (2, 3, 6)


@pytest.mark.parametrize("formulas", [{"self": 3}, {"self": ["1"]}])
def test_formulas_that_cannot_be_are_damage(build, formulas):
    x = build.leaf("x", X)
    y = build.op("exp", [x], np.exp(X), formulas=formulas)
    build.backward(y)
    trace = build.load()
    with pytest.raises(BadTrace, match="formulas that can't be"):
        Chain(trace, graphs(trace)[0]).ran()


# -- paths -------------------------------------------------------------------------------------------


def diamond(build, levels):
    """x = x * x, so often: two edges to the same input at each level."""
    x = made = build.leaf("x", 1.0, dtype=np.float64)
    grads, way = {}, []
    for _ in range(levels):
        made = build.op("mul", [made, made], 1.0, formulas={"self": "other", "other": "self"})
        way.append(made)
    for level, each in enumerate(reversed(way)):
        grads[each] = float(2**level)
    grads[x] = float(2**levels)
    return x, made, grads


def test_paths_are_counted_and_cut(build):
    _, end, grads = diamond(build, 3)
    # the builder hands on one value an input: each edge carries the whole, so that only the paths are looked at here
    build.backward(end, grads=grads)
    found = paths(chain_of(build), 4, 1, 5)
    assert (found.count, len(found.found)) == (8, 5)
    assert all([each.target for _, each in path] == [3, 2, 1] for path in found.found)


def test_a_path_multiplies_to_the_stored_gradient(broadcast):
    (path,) = paths(broadcast, 4, 1, 5).found
    steps = multiplied(broadcast, path)
    assert [step.computed.tolist() for step in steps] == [[1, 1, 1], [1, 2, 3]]
    assert steps[-1].product == 6


def test_no_path_leads_upwards(broadcast):
    assert paths(broadcast, 1, 4, 5) == ((), 0)
