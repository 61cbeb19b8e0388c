"""The whole graph of a gradient beside PyTorch's, where formulas branch: zeros, one element, both outputs."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch")

DRAWN = np.random.RandomState(0)
SQUARE, WIDE, TALL, BATCH = (DRAWN.randn(*size).round(3) for size in ((3, 3), (2, 3), (3, 2), (2, 3, 3)))
DEFINITE = SQUARE @ SQUARE.T + np.eye(3)
SINGULAR = np.arange(1.0, 10).reshape(3, 3)
ROW, POSITIVE = WIDE[0], np.abs(WIDE)
ZEROS = np.array([[1.0, 0, 2, 0], [1, 2, 3, 4]])


def _both_of_svd(torch, x):
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return (u**2 * s) @ vh**2


def _both_of_eigh(torch, x):
    values, vectors = torch.linalg.eigh(x)
    return vectors**2 * values


def _changed(name, *given, view):
    def run(torch, x, *others):
        y = x * 1
        getattr(y[0] if view else y, name)(*others, *given)
        return y

    return run


ORDERS = (0, 1, 1.5, 2, 3, -1, float("inf"))
CHANGES = {
    "mul_": [WIDE, ROW], "div_": [WIDE, ROW], "add_": [WIDE, ROW], "exp_": [WIDE], "pow_ 2": [WIDE], "sigmoid_": [WIDE],
    "tanh_": [WIDE], "sqrt_": [POSITIVE], "log_": [POSITIVE], "cumsum_ 0": [WIDE], "cumprod_ 0": [WIDE],
    "mul_ 2": [WIDE], "div_ 2": [WIDE], "reciprocal_": [POSITIVE], "sin_": [WIDE],
}  # fmt: skip
CASES = {
    "cumsum of one": (lambda torch, x: x.cumsum(1), TALL[:, :1]),
    "cumprod at zeros": (lambda torch, x: x.cumprod(1), ZEROS),
    "prod at zeros": (lambda torch, x: x.prod(), ZEROS),
    "prod along a dimension at zeros": (lambda torch, x: x.prod(0), ZEROS),
    "prod of one at zero": (lambda torch, x: x.prod(0), ZEROS[:1]),
    "var of dims": (lambda torch, x: x.var((0, 1)), WIDE),
    "var of a vector": (lambda torch, x: x.var(0), ROW),
    "mean of a std_mean": (lambda torch, x: torch.std_mean(x, 0)[1], WIDE),
    "logsumexp of dims": (lambda torch, x: x.logsumexp((0, 1)), WIDE),
    "logcumsumexp": (lambda torch, x: x.logcumsumexp(0), ROW),
    "sum of no dims": (lambda torch, x: x.sum(()), WIDE),
    "the max of NaN": (lambda torch, x: x.max(), np.array([1.0, np.nan])),
    "cummax of one": (lambda torch, x: x.cummax(0)[0], np.array(2.0)),
    "a repeat in all ways": (lambda torch, x: x.repeat(2, 1, 3), WIDE),
    "blocks of all kinds": (lambda torch, x, y, z: torch.block_diag(x, y, z), WIDE, ROW, np.array(2.0)),
    **{
        f"norm {order} {dim} {keep}": (lambda torch, x, at=(order, dim, keep): torch.linalg.vector_norm(x, *at), WIDE)
        for order in (*ORDERS, 0.5)
        for dim in (None, 0, (0, 1))
        for keep in (False, True)
    },
    "det of one": (lambda torch, x: torch.linalg.det(x), SQUARE[:1, :1]),
    "det of a singular matrix": (lambda torch, x: torch.linalg.det(x), SINGULAR),
    "solve for a vector": (lambda torch, x, y: torch.linalg.solve(x, y), SQUARE, ROW),
    "solve for vectors": (lambda torch, x, y: torch.linalg.solve(x, y), BATCH, WIDE),
    "solve from the right": (lambda torch, x, y: torch.linalg.solve(x, y, left=False), SQUARE, WIDE),
    "Q of a wide matrix": (lambda torch, x: torch.linalg.qr(x)[0], WIDE),
    "R of a wide matrix": (lambda torch, x: torch.linalg.qr(x)[1], WIDE),
    "R of a tall matrix": (lambda torch, x: torch.linalg.qr(x)[1], TALL),
    "eigenvectors and values": (_both_of_eigh, DEFINITE),
    "singular vectors and values of a tall matrix": (_both_of_svd, TALL),
    "singular vectors and values of a wide matrix": (_both_of_svd, WIDE),
    "singular vectors and values of a square matrix": (_both_of_svd, SQUARE),
    "as_strided of what was spread": (lambda torch, x: (x * 1).expand(2, 3).as_strided((2, 3), (0, 1)), ROW),
    "as_strided with overlaps": (lambda torch, x: (x * 1).as_strided((2, 2), (1, 1)), ROW),
    "as_strided before its tensor": (lambda torch, x: (x * 1)[1:].as_strided((2,), (1,), 0), ROW),
    **{
        f"{name} of {'a view' if view else 'all'}": (_changed(word, *map(int, given), view=view), *arrays)
        for name, arrays in CHANGES.items()
        for word, *given in [name.split()]
        for view in (False, True)
    },
}


def _shown(node, seen):
    """A graph as text; a node that was met before by its name alone."""
    if node is None:
        return "None"
    name = node.name()
    if node in seen:
        return f"*{name}"
    seen.add(node)
    return f"{name}({', '.join(_shown(each, seen) for each, _ in node.next_functions)})"


def _graphs(side, run, arrays):
    leaves = [side.tensor(array, dtype=side.float64, requires_grad=True) for array in arrays]
    out = run(side, *leaves)
    incoming = side.ones_like(out).requires_grad_()
    found = side.autograd.grad(out, leaves, incoming, create_graph=True, allow_unused=True)
    return ["None" if each is None or each.grad_fn is None else _shown(each.grad_fn, set()) for each in found]


@pytest.mark.parametrize("name", CASES)
def test_whole_graphs(name):
    run, *arrays = CASES[name]
    assert _graphs(gradviz, run, arrays) == _graphs(torch, run, arrays)
