"""One process a side: an engine that does a work when it is asked, alone with its thread pools.

PyTorch's OpenMP threads and NumPy's OpenBLAS threads would spin against each other in one process, and so they do for
a while after each run: hence a process each, and a pause before each sample.
"""

import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection
from textwrap import shorten
from time import perf_counter, sleep

from bench import engines
from bench.catalogue import WORKS

PAUSE = 0.04  # seconds: the other side's idle threads spin up to 26 ms (OpenBLAS)
LIMIT = 120.0  # seconds for the first answer; what takes longer is told and not timed
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Silent(Exception):
    """A side that can't go on, and why."""


class Side:
    """The driver's end of a side."""

    def __init__(self, engine: str, work: str, threads: int, limit: float = LIMIT):
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, engine, work, threads), daemon=True)
        # read when NumPy and PyTorch load their libraries, hence before the process begins
        before = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(dict.fromkeys(THREADS, str(threads)))
        try:
            self._process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        self._limit = limit

    def results(self) -> list[float]:
        """The results of three runs; Silent where there are none."""
        return self._answer()

    def sample(self, repeats: int) -> float:
        """Seconds of one run, the mean of so many."""
        sleep(PAUSE)
        self._pipe.send(repeats)
        return self._answer()

    def close(self) -> None:
        """Ends the process."""
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self):
        if not self._pipe.poll(self._limit):
            raise Silent(f"gave up after {self._limit:g} s")
        try:
            kind, answer = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(2)
            raise Silent(f"its process died, exit code {self._process.exitcode}") from None
        if kind == "unable":
            raise Silent(answer)
        return answer


def serve(pipe: Connection, engine: str, work: str, threads: int) -> None:
    """The side's own end: three runs, whose results it sends; then as many as it is asked for, timed."""
    warnings.simplefilter("ignore")  # of peers written for an older NumPy
    current_process().name = "MainProcess"  # tinygrad opens its device in no other
    with engines.scratch() as folder, suppress(OSError, EOFError):  # the driver hung up
        try:
            run = engines.made(engine, next(each for each in WORKS if each.name == work))
            engines.threads_of(engine, threads)
            with engines.surroundings(engine, folder)():
                results = [float(number) for _ in range(3) for number in run()]
        except engines.Unable as why:
            return pipe.send(("unable", str(why)))
        except Exception as error:  # a peer's own: told, in its words
            return pipe.send(("unable", shorten(f"{type(error).__name__}: {error}", 90)))
        pipe.send(("results", results))
        around = engines.surroundings(engine, folder, run)
        while True:
            repeats = pipe.recv()
            with around():
                pipe.send(("seconds", seconds(run, repeats)))


def seconds(run: Callable[[], object], repeats: int) -> float:
    """Seconds of one run, the mean of so many."""
    began = perf_counter()
    for _ in range(repeats):
        run()
    return (perf_counter() - began) / repeats
