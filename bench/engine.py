"""The engine, recorder off and on, beside PyTorch eager: one work, written once, run by all of them."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import gradviz
from bench.timing import Comparison, Contender, interleaved

PYTORCH, GRADVIZ, RECORDED = "PyTorch eager", "gradviz", "gradviz, recorder on"
TOLERANCE = 1e-4  # float32, after up to 1,000 ops


class Work(NamedTuple):
    """A work for an engine. make: takes the engine's module, gives a function that does the work once.

    That function returns plain numbers, so that the engines' results can be compared. ops: forward ops.
    """

    name: str
    ops: int
    make: Callable[[ModuleType], Callable[[], list[float]]]


def chain(torch: ModuleType, shape: tuple[int, ...], ops: int) -> Callable[[], list[float]]:
    """A chain of dependent ops, forward and backward: product, sum, tanh and difference in turn."""
    x = torch.full(shape, 0.5, requires_grad=True)
    factor = torch.full(shape, 1.25)
    offset = torch.full(shape, 0.125)

    def run():
        x.grad = None
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = torch.tanh(y)
            y = y - x
        y.sum().backward()
        return x.grad.reshape(-1).tolist()

    return run


def training_step(torch: ModuleType) -> Callable[[], list[float]]:
    """One step of SGD on a 2-64-64-1 network with a batch of 32; each call goes on from the one before."""
    torch.manual_seed(0)
    points, heights = torch.randn(32, 2), torch.randn(32, 1)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def run():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(points), heights)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return run


WORKS = (
    Work("1,000 ops on single numbers, forward and backward", 1000, lambda torch: chain(torch, (), 1000)),
    Work("1,000 ops on (4, 4), forward and backward", 1000, lambda torch: chain(torch, (4, 4), 1000)),
    Work("1,000 ops on (32, 64), forward and backward", 1000, lambda torch: chain(torch, (32, 64), 1000)),
    Work("a training step of a 2-64-64-1 network, batch 32, SGD", 0, training_step),
)


def pytorch() -> ModuleType | None:
    """PyTorch, with one thread; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    return torch


@contextmanager
def recorder(folder: str, first: Callable[[], object] = lambda: None) -> Iterator[None]:
    """A recorder that writes into a fresh file of the folder, and leaves none behind.

    first: what it records before the context begins: meeting a source file once is no cost of an op.
    """
    from gradviz.record.recorder import Recorder

    path = Path(folder, "bench.gradviz")
    header = {"format": 1, "gradviz": gradviz.__version__, "script": "bench", "argv": [], "mode": "script"}
    with Recorder(path, header):
        first()
        yield
    path.unlink()


def comparisons(rounds: int) -> Iterator[Comparison]:
    """Each work, timed; one whose results differ between the engines is told and not timed."""
    peer = pytorch()
    with tempfile.TemporaryDirectory() as folder:
        for work in WORKS:
            difference = disagreement(work, peer, folder)
            if difference:
                yield Comparison(work.name, work.ops, (), (difference,))
                continue
            plain, watched = work.make(gradviz), work.make(gradviz)
            contenders = [
                Contender(GRADVIZ, plain, against=(PYTORCH,)),
                Contender(RECORDED, watched, partial(recorder, folder, watched), (PYTORCH, GRADVIZ)),
            ]
            if peer is not None:
                contenders.insert(0, Contender(PYTORCH, work.make(peer)))
            yield Comparison(work.name, work.ops, interleaved(contenders, rounds))


def disagreement(work: Work, peer: ModuleType | None, folder: str) -> str:
    """Where the results of three runs differ, with the recorder or from PyTorch's; '' where they agree."""
    expected = _three(work.make(gradviz))
    with recorder(folder):
        found = _three(work.make(gradviz))
    if found != expected:
        return "not timed: the recorder changes the results"
    if peer is not None:
        for ours, theirs in zip(expected, _three(work.make(peer)), strict=True):
            if not math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                return f"not timed: gradviz computes {ours:.6g} where PyTorch computes {theirs:.6g}"
    return ""


def _three(run: Callable[[], list[float]]) -> list[float]:
    return [number for _ in range(3) for number in run()]
