"""What the compiled recorder and the Python one are compared by: traces of the same runs.

    python -m tests.record.writings FOLDER            a trace of each sample script, of all ops, and of random programs
    python -m tests.record.writings FOLDER python     the same by the Python recorder, whatever the engine is
"""

import contextlib
import gc
import io
import sys
import warnings
from pathlib import Path

import numpy as np

if __name__ == "__main__" and sys.argv[2:] == ["python"]:  # as if they were not built
    sys.modules["gradviz.trace._trace"] = sys.modules["gradviz.record._record"] = None

import gradviz as torch
from gradviz.record.recorder import Recorder
from gradviz.record.script import run, script
from gradviz.trace.events import ROW, Kind
from gradviz.trace.journal import CHUNK, HEADER, to_page
from tests.engine.bits import TO_ROUNDING
from tests.engine.samples import SAMPLES

SCRIPTS = sorted((Path(__file__).parents[2] / "samples").glob("*.py"))
SEEDS = range(40)
SHAPES = [(), (), (3,), (2, 3), (3, 1), (1, 1, 3), (9, 8), (70, 3), (60, 40), (2, 1, 2, 3), (0, 3), (1, 2, 1, 2, 1, 2)]


def contents(path, ends_in_order=True):
    """Header, rows and heap of a trace, without the times; or without the order of ends that nothing lies between."""
    data = path.read_bytes()
    at = HEADER.size + HEADER.unpack_from(data)[2]
    found, rows = [data[:at]], [np.zeros(0, ROW)]
    at = to_page(at)
    while at < len(data):
        kind, length = CHUNK.unpack_from(data, at)
        inside = data[at + CHUNK.size : at + CHUNK.size + length]
        if kind == b"R":
            rows.append(np.frombuffer(inside, ROW))
        found.append((kind, at, inside if kind == b"H" else length))
        at = to_page(at + CHUNK.size + length)
    rows = np.concatenate(rows)
    rows["time"] = rows["duration"] = 0
    if not ends_in_order:
        ends = np.isin(rows["kind"], (Kind.FREED, Kind.GONE))
        rows = rows[np.lexsort((rows["buffer"] * ends, rows["node"] * ends, rows["kind"] * ends, np.cumsum(~ends)))]
    return [*found, rows.tobytes()]


class Double(torch.autograd.Function):
    """A Function of the user's: 2x."""

    @staticmethod
    def forward(ctx, x):
        """Saves its input."""
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        """The chain rule."""
        ctx.saved_tensors  # noqa: B018  looked at
        return grad * 2


def step(draws, pool):
    """One random thing that a script may do with the tensors it has."""
    x = pool[draws.integers(len(pool))]
    alike = [each for each in pool if each.shape == x.shape and each.dtype == x.dtype]
    y = alike[draws.integers(len(alike))]
    floating = x.dtype in (torch.float32, torch.float64)
    made = draws.choice(
        ["mul", "add", "number", "whole", "tanh", "exp", "sum", "keepdim", "t", "reshape", "expand", "cat", "where",
         "unbind", "softmax", "function", "detach", "no_grad", "in_place", "cast", "clone", "slice", "mm", "power",
         "compare", "var", "hooks", "module", "backward", "backward", "backward", "grad", "twice", "drop"]
    )  # fmt: skip
    if made == "mul":
        return x * y
    if made == "add":
        return torch.add(x, y, alpha=int(draws.integers(1, 3))) if x.dtype != torch.bool else x
    if made == "number" and floating:
        return x * 0.5 + 1
    if made == "whole" and floating:
        return 2 - x
    if made == "tanh" and floating:
        return torch.tanh(x)
    if made == "exp" and floating:
        return torch.exp(-x * x)
    if made == "sum" and floating:
        return x.sum()
    if made == "keepdim" and floating and x.dim():
        return x.sum(int(draws.integers(x.dim())), keepdim=bool(draws.integers(2)))
    if made == "t" and x.dim() == 2:
        return x.t()
    if made == "reshape":
        return x.reshape(-1)
    if made == "expand" and x.dim() == 1:
        return x.expand(2, -1)
    if made == "cat" and x.dim():
        return torch.cat([x, y, x, y, x])
    if made == "where" and floating:
        return torch.where(x > 0, x, y)
    if made == "unbind" and x.dim() and 0 < x.shape[0] < 9:
        return x.unbind(0)[-1]
    if made == "softmax" and floating and x.dim():
        return torch.softmax(x, -1)
    if made == "function" and floating:
        return Double.apply(x)
    if made == "detach":
        return x.detach()
    if made == "no_grad" and floating:
        with torch.no_grad():
            return x + 1.5
    if made == "in_place" and floating:
        z = x * 1
        z.mul_(2)
        z[...] = z + 1
        return z
    if made == "cast":
        return x.to(draws.choice([torch.float32, torch.float64]))
    if made == "clone":
        return x.clone()
    if made == "slice" and x.dim() and x.shape[0] > 1:
        return x[1:]
    if made == "mm" and floating and x.dim() == 2:
        return x @ x.t()
    if made == "power" and floating:
        return x**2
    if made == "compare":
        return x == y
    if made == "var" and floating and x.numel() > 1:
        return x.var()
    if made == "hooks" and floating:
        with torch.autograd.graph.saved_tensors_hooks(lambda held: held, lambda held: held):
            return x * x
    if made == "module" and x.dtype == torch.float32 and x.dim() == 2 and x.shape[1] == 3:
        return torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh())(x)
    if made in ("backward", "grad", "twice") and floating and x.requires_grad:
        loss = (x * x).mean()
        for each in draws.permutation(len(pool))[:8].tolist():
            if pool[each].dtype in (torch.float32, torch.float64):
                loss = loss + pool[each].sum() / 8
        if made == "backward":
            loss.backward(retain_graph=bool(draws.integers(2)))
        else:
            leaves = [each for each in pool if each.is_leaf and each.requires_grad]
            torch.autograd.grad(loss, leaves, allow_unused=True, create_graph=made == "twice", retain_graph=True)
    if made == "drop" and len(pool) > 5:
        del pool[int(draws.integers(3, len(pool)))]
    return x


def random_program(seed):
    """Some hundred steps; what fails, fails in both."""
    draws = np.random.default_rng(seed)
    torch.manual_seed(seed)
    pool = []
    for shape in SHAPES:
        dtype = draws.choice([torch.float32, torch.float64])
        pool.append(torch.tensor(draws.standard_normal(shape), dtype=dtype, requires_grad=bool(draws.integers(2))))
    pool.append(torch.tensor([1, 2, 3]))
    for _ in range(200):
        try:
            made = step(draws, pool)
        except (RuntimeError, IndexError, ValueError) as error:
            del error
            continue
        if made.numel() < 10_000:
            pool.append(made)
        if len(pool) > 40:
            del pool[int(draws.integers(len(SHAPES), len(pool)))]


def crowd():
    """More shapes, settings, lines and modules than the compiled recorder remembers, each of them twice."""
    x = torch.ones(1, 1, requires_grad=True)
    model = torch.nn.Sequential(*(torch.nn.Linear(1, 1) for _ in range(700)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    lines = compile("x * 2.0\n" * 2500, "<lines>", "exec")
    for _ in range(2):
        model(x).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        exec(lines)
        for size in range(1, 1200):
            torch.ones(size).reshape(size, 1).add_(0.5)


def write_ops(samples):
    """Each sample with its backward."""
    for sample in samples:
        torch.manual_seed(0)
        tensors = [torch.from_numpy(each) for each in sample.arrays()]
        for tensor, floating in zip(tensors, sample.floating(), strict=True):
            tensor.requires_grad_(floating)
        out = sample.run(torch, *tensors)
        if out.requires_grad:
            with contextlib.suppress(RuntimeError):  # where PyTorch has no derivative either
                out.backward(torch.ones_like(out))


def write(folder):
    """All traces."""
    header = {"format": 1, "gradviz": "", "script": "", "argv": [], "mode": "script"}
    gc.disable()  # what only the collector frees, it frees when it comes to that
    for path in SCRIPTS:
        torch.manual_seed(0)
        with Recorder(folder / f"{path.stem}.gradviz", header) as recorder:
            recorder.finish(run(script(str(path))))
    for values in ("preview", "full", "none"):
        for seed in SEEDS if values == "preview" else SEEDS[:5]:
            with Recorder(folder / f"random-{seed}-{values}.gradviz", header, values=values):
                random_program(seed)
    with Recorder(folder / "ops.gradviz", header):
        write_ops(each for each in SAMPLES if each.op not in TO_ROUNDING)
    with Recorder(folder / "ops-to-rounding.gradviz", header, values="none"):
        write_ops(each for each in SAMPLES if each.op in TO_ROUNDING)
    with Recorder(folder / "crowd.gradviz", header):
        crowd()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        write(Path(sys.argv[1]))
