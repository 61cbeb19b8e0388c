"""The C twins: they do what the Python beside them does, bit for bit, hold on to nothing, and can be left out."""

import gc
import os
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import twins
from tests.engine.bits import TO_ROUNDING

ROOT = Path(__file__).parents[2]
HELD = ("tests/engine/test_backward.py", "tests/engine/test_ownership.py", "tests/engine/test_hooks.py",
        "tests/engine/test_lives.py", "tests/engine/test_in_place.py", "tests/engine/test_views.py",
        "tests/engine/test_grad_modes.py", "tests/engine/test_depth.py", "tests/engine/test_function.py",
        "tests/autograd/test_graph.py")  # fmt: skip
built = pytest.mark.skipif(
    twins._engine is None, reason="the C twins were not built (no compiler, or GRADVIZ_COMPILED=0)"
)


def python(*command, compiled):
    """What a Python prints that uses the twins, or doesn't."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=1200,
        env=os.environ | {"GRADVIZ_COMPILED": "1" if compiled else "0"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def _told(line):
    """A line of bits.py: without the bits where they may differ."""
    number, op, dtype, digest, *graph = line.split(" ")
    return " ".join([number, op, dtype, *([] if op in TO_ROUNDING else [digest]), *graph])


@built
def test_every_op_comes_to_the_same_bits_and_the_same_graph():
    ours, pythons = (
        [_told(line) for line in python("-m", "tests.engine.bits", compiled=compiled).splitlines()]
        for compiled in (True, False)
    )
    assert [pair for pair in zip(ours, pythons, strict=True) if pair[0] != pair[1]] == []


@built
def test_without_the_twins_the_engines_tests_pass_too():
    python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *HELD, compiled=False)


@built
def test_it_is_the_twins_that_are_tested():
    assert torch.mul.op.quick is not None and twins.follow is not None
    asked = "from gradviz.engine import twins; import gradviz; print(twins.follow, gradviz.mul.op.quick)"
    assert python("-c", asked, compiled=False) == "None None\n"


# -- what can go wrong in C --------------------------------------------------------------------------


def _train():
    x, weight, bias = torch.ones(3, 4, requires_grad=True), torch.ones(2, 4, requires_grad=True), torch.ones(2)
    bias.requires_grad_()
    loss = (torch.nn.functional.linear(x, weight, bias).tanh() * 2.0 - 1.0).exp().mean()
    loss.backward(retain_graph=True)
    loss.backward()
    (x.t().sum(0) / 3.0).sum().backward()
    with torch.no_grad():
        (x * 2).view(-1)
        x += x.grad


def _fail():
    x = torch.ones(3, requires_grad=True)
    for bad in (lambda: x + torch.ones(4), lambda: x * "a", lambda: torch.mm(x, x), lambda: x.view(7)):
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            bad()
    y = x.exp()
    loss = (y * y).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()
    y = x.exp()
    z = y * y
    with torch.no_grad():
        y.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


class _Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        raise ZeroDivisionError("on the way")


def _break_off():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ZeroDivisionError):
        (_Broken.apply(x * 2.0) + x.exp()).sum().backward()


def _hook():
    x = torch.ones(3, requires_grad=True)
    y = x * 2.0
    y.register_hook(lambda grad: grad * 3.0)
    x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad.mul_(1.0))
    a, b = y.split([1, 2])
    (a.sum() + b.sum()).backward()


@built
@pytest.mark.parametrize("work", [_train, _fail, _break_off, _hook])
def test_nothing_is_left_behind(work):
    for _ in range(30):
        work()
    gc.collect()
    counted = [sys.getrefcount(each) for each in (None, True, np.ndarray, torch.Tensor)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            work()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000, f"{grown} bytes in 200 rounds"
    after = [sys.getrefcount(each) for each in (None, True, np.ndarray, torch.Tensor)]
    assert all(abs(new - old) < 150 for new, old in zip(after, counted, strict=True)), (counted, after)


def test_a_warning_made_an_error_is_no_error_of_ours():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = torch.zeros(3, requires_grad=True)
        (1.0 / x).sum().backward()
        assert np.isinf(x.grad.numpy()).all()


def test_a_subclass_a_parameter_and_a_number_are_inputs_like_others():
    class Mine(torch.Tensor):
        pass

    mine = Mine(np.ones(2, np.float32), True)
    parameter = torch.nn.Parameter(torch.ones(2))
    out = mine * parameter + 3
    assert type(out) is torch.Tensor and out.grad_fn.name() == "AddBackward0"
    assert out.grad_fn._saved_alpha == 1
    out.sum().backward()
    assert mine.grad.tolist() == parameter.grad.tolist() == [1.0, 1.0]
