"""Plans over large arrays in several threads: the same values as in one."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import threads as engine_threads
from gradviz.engine import twins as engine_twins
from gradviz.ops import error_function, twins

MANY = 4 * 32768  # as in compiled/threads.c
SIZES = [MANY - 1, MANY, MANY + 1, 5 * MANY + 7]

ABSENT = "the C twins were not built (no compiler, or GRADVIZ_COMPILED=0)"
shared = pytest.mark.skipif(engine_twins._engine is None, reason=ABSENT)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def _numbers(size, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(size).astype(dtype)


PROGRAMS = {
    "unary": lambda x, y: torch.tanh(torch.exp(-torch.abs(x))),
    "binary": lambda x, y: (x * y - x) / (y + 3),
    "with a number": lambda x, y: 2.5 * x - 1,
    "of several steps": lambda x, y: torch.nn.functional.gelu(x, approximate="tanh"),
    "by a mask": lambda x, y: torch.where(x > 0, x, y),
    "comparison": lambda x, y: x > y,
    "with gaps": lambda x, y: x[::2] + y[::2],
    "rows": lambda x, y: x[: 64 * 1024].reshape(-1, 64) * y[:64],
}


@shared
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_bits_in_threads(name, dtype, threads):
    for size in SIZES:
        found = []
        for count in (1, 2, 5):
            threads(count)
            x, y = (torch.from_numpy(_numbers(size, dtype, seed)) for seed in (0, 1))
            found.append(PROGRAMS[name](x, y).numpy().tobytes())
        assert found[0] == found[1] == found[2]


@shared
def test_python_threads_that_meet_at_the_pool(threads):
    threads(3)
    x = torch.from_numpy(_numbers(5 * MANY))
    wanted = torch.exp(x).numpy().tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert {each.numpy().tobytes() for each in pool.map(lambda _: torch.exp(x), range(40))} == {wanted}


@shared
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_process_starts_threads_of_its_own(threads):
    threads(2)
    array = torch.from_numpy(_numbers(5 * MANY))
    wanted = torch.exp(array)
    child = os.fork()
    if not child:
        same = all(torch.equal(torch.exp(array), wanted) for _ in range(10))
        os._exit(not same)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@shared
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
    assert torch.get_num_threads() == (1 if engine_twins._engine is None else 3)


@pytest.mark.parametrize(("said", "count"), [("3", 3), ("2,4", 2), (" 5 ", 5), ("", None), ("0", None), ("many", None)])
def test_how_many_unless_told(said, count, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert engine_threads.by_default() == count if count else engine_threads.by_default() >= 1


@pytest.mark.skipif(twins.erf is None, reason=ABSENT)
@pytest.mark.parametrize("size", [0, 1, 7, 64, 1001])
def test_the_error_function_of_both_languages(size, monkeypatch):
    array = np.concatenate([np.linspace(-6, 6, size), [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42]])
    array = array.astype(np.float32)
    wide = np.stack([array, array], axis=1)[:, 0]
    compiled = [error_function.erf_of(np, each) for each in (array, wide, array[::-1], array.copy()[:3])]
    own = array.copy()
    twins.erf(own, out=own)
    monkeypatch.setattr(twins, "erf", None)
    with np.errstate(all="raise", under="ignore"):
        plain = [error_function.erf_of(np, each) for each in (array, wide, array[::-1], array.copy()[:3])]
    for one, other in zip([*compiled, own], [*plain, plain[0]], strict=True):
        assert np.array_equal(one, other, equal_nan=True) and (np.signbit(one) == np.signbit(other)).all()
