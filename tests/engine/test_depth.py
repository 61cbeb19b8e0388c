"""A chain of 100,000 ops runs forward, backward and to its destruction, in a small stack without recursion."""

import subprocess
import sys

import pytest

PROLOGUE = """
import sys, threading, weakref
import gradviz as torch
sys.setrecursionlimit(200)
LENGTH = 100_000
def chain(x, step):
    for _ in range(LENGTH):
        x = step(x)
    return x
"""

EPILOGUE = """
# CPython 3.13 nests the destruction of any chain of objects deeper in C: up to 1 MiB, however long the chain
threading.stack_size((2048 if sys.version_info[:2] == (3, 13) else 256) * 1024)
failed = []
threading.excepthook = lambda args: failed.append(args.exc_value)
thread = threading.Thread(target=work)
thread.start()
thread.join()
assert not failed, failed
print("deep")
"""

WORKS = {
    "backward, then gone": """
    w = torch.ones(2, requires_grad=True)
    y = chain(w, lambda y: y * 1.0)
    middle = weakref.ref(y.grad_fn.next_functions[0][0])
    y.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0] and middle() is not None
    del y
    assert middle() is None
""",
    "gone without a backward": """
    w = torch.ones(2, requires_grad=True)
    y = chain(w, lambda y: y.tanh())
    first = weakref.ref(y.grad_fn)
    del y
    assert first() is None
""",
    "grad, retained": """
    w = torch.ones(2, requires_grad=True)
    y = chain(w, lambda y: y + w).sum()
    for _ in range(2):
        (got,) = torch.autograd.grad(y, w, retain_graph=True)
        assert got.tolist() == [LENGTH + 1.0] * 2
""",
    "create_graph": """
    w = torch.ones(2, requires_grad=True)
    y = chain(w, lambda y: y * 1.0).sum()
    (got,) = torch.autograd.grad(y, w, create_graph=True)
    assert got.tolist() == [1.0, 1.0]
    del y, got
""",
    "a Function": """
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1.0
        @staticmethod
        def backward(ctx, grad):
            return grad
    w = torch.ones(2, requires_grad=True)
    y = chain(w, Same.apply)
    y.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]
    del y
""",
}


@pytest.mark.parametrize("work", WORKS)
def test_no_recursion(work):
    script = f"{PROLOGUE}def work():{WORKS[work]}{EPILOGUE}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "deep\n"), done.stderr
