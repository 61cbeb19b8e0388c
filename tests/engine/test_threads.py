"""NumPy's loops over large arrays in several threads: the same values, errors and refusals as in one."""

import os

import numpy as np
import pytest

import gradviz as torch
from gradviz.ops import error_function, twins

MANY = 4 * 32768  # as in compiled/spread.c
SIZES = [MANY - 1, MANY, MANY + 1, 5 * MANY + 7]

ABSENT = "the C twins were not built (no compiler, or GRADVIZ_COMPILED=0)"
spread = pytest.mark.skipif(not twins._spreads, reason=ABSENT)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def _numbers(size, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(size).astype(dtype)


def _overlapping(x):
    x[1:] = x[1:] + x[:-1]
    np.add(x[:-1], x[1:], out=x[1:])
    return x


PROGRAMS = {
    "unary": lambda x, y: np.tanh(np.exp(-np.abs(x))),
    "binary": lambda x, y: (x * y - x) / (y + 3),
    "with a number": lambda x, y: 2.5 * x - 1,
    "with gaps": lambda x, y: x[::-2] + y[::2],
    "backwards": lambda x, y: np.negative(x[::-1], out=y),
    "in place": lambda x, y: np.multiply(x, y, out=x),
    "two views of one": lambda x, y: _overlapping(x),
    "by a mask": lambda x, y: np.add(x, y, out=np.zeros_like(x), where=x > 0),
    "sum": lambda x, y: x.sum(),
    "greatest": lambda x, y: np.maximum.reduce(x),
    "running sum": lambda x, y: np.add.accumulate(x),
    "pieces": lambda x, y: np.add.reduceat(x, [0, 7, 90_000]),
    "rows": lambda x, y: x[: 64 * 1024].reshape(-1, 64) * y[:64],
    "comparison": lambda x, y: (x > y) ^ (x == y),
    "bits": lambda x, y: x.view(f"i{x.itemsize}") & y.view(f"i{x.itemsize}"),
    "error function": lambda x, y: error_function.erf_of(np, x),
}


@spread
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_bits_in_threads(name, dtype, threads):
    for size in SIZES:
        found = []
        for count in (1, 2, 5):
            threads(count)
            found.append(PROGRAMS[name](_numbers(size, dtype), _numbers(size, dtype, 1)).tobytes())
        assert found[0] == found[1] == found[2]


@spread
def test_an_error_in_another_threads_part_is_heard(threads):
    threads(3)
    for place in (0, 3 * MANY, 5 * MANY - 1):
        array = np.ones(5 * MANY, np.float32)
        array[place] = 0
        for _ in range(20):
            with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
                1 / array
    with np.errstate(all="raise"):
        1 / np.ones(5 * MANY, np.float32)


@spread
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_process_starts_threads_of_its_own(threads):
    threads(2)
    array = _numbers(5 * MANY)
    wanted = np.exp(array)
    child = os.fork()
    if not child:
        same = all((np.exp(array) == wanted).all() for _ in range(10))
        os._exit(not same)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@spread
def test_backward_in_threads(threads):
    grads = []
    for count in (1, 4):
        threads(count)
        x = torch.from_numpy(_numbers(3 * MANY)).requires_grad_()
        (torch.tanh(x * 2) / (x * x + 1)).exp().sum().backward()
        grads.append(x.grad.numpy().tobytes())
    assert grads[0] == grads[1]


def test_how_many(threads):
    for wrong in (0, -1):
        with pytest.raises(RuntimeError, match="^set_num_threads expects a positive integer$"):
            torch.set_num_threads(wrong)
    with pytest.raises(RuntimeError, match="^set_num_threads expects an int, but got float$"):
        torch.set_num_threads(1.5)
    threads(3)
    assert torch.get_num_threads() == (3 if twins._spreads else 1)


@pytest.mark.parametrize(("said", "count"), [("3", 3), ("2,4", 2), (" 5 ", 5), ("", None), ("0", None), ("many", None)])
def test_how_many_unless_told(said, count, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert twins._threads_by_default() == count if count else twins._threads_by_default() >= 1


@pytest.mark.skipif(twins.erf is None, reason=ABSENT)
@pytest.mark.parametrize("size", [0, 1, 7, 64, 1001])
def test_the_error_function_of_both_languages(size, monkeypatch):
    array = np.concatenate([np.linspace(-6, 6, size), [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42]])
    array = array.astype(np.float32)
    wide = np.stack([array, array], axis=1)[:, 0]
    compiled = [error_function.erf_of(np, each) for each in (array, wide, array[::-1], array.copy()[:3])]
    own = array.copy()
    twins.erf(own, out=own)
    monkeypatch.setattr(error_function, "erf", None)
    with np.errstate(all="raise", under="ignore"):
        plain = [error_function.erf_of(np, each) for each in (array, wide, array[::-1], array.copy()[:3])]
    for one, other in zip([*compiled, own], [*plain, plain[0]], strict=True):
        assert np.array_equal(one, other, equal_nan=True) and (np.signbit(one) == np.signbit(other)).all()
