"""Who does the works: gradviz, its recorder on or off, and the peers, each optional."""

import importlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from bench.catalogue import GRADVIZ, NUMPY, PYTORCH, RECORDED, STATIC, Work


class Engine(NamedTuple):
    """An engine: the package that it comes in, and the module of bench/works that speaks to it."""

    package: str
    module: str


ENGINES = {
    GRADVIZ: Engine("gradviz", "torch_like"),
    RECORDED: Engine("gradviz", "torch_like"),
    STATIC: Engine("gradviz", "static_graph"),
    PYTORCH: Engine("torch", "torch_like"),
    NUMPY: Engine("numpy", "by_hand"),
    "HIPS autograd": Engine("autograd", "hips"),
    "MyGrad": Engine("mygrad", "with_mygrad"),
    "tinygrad": Engine("tinygrad", "with_tinygrad"),
    "micrograd": Engine("micrograd", "with_micrograd"),
    "DeZero": Engine("dezero", "with_dezero"),
}


class Unable(Exception):
    """A peer can't do a work, and why: "is not installed", "has no convolution"."""


def version(name: str) -> str:
    """The version of an engine's package; '' where it is not installed."""
    package = ENGINES[name].package
    if not find_spec(package):
        return ""
    return importlib.import_module(package).__version__ if package == "gradviz" else metadata.version(package)


def made(name: str, work: Work) -> Callable[[], list[float]]:
    """The function that does a work once on an engine; Unable where it can't."""
    package, module = ENGINES[name]
    if not find_spec(package):
        raise Unable("it is not installed")
    speaker = importlib.import_module(f"bench.works.{module}")
    if work.function in getattr(speaker, "LACKS", ()):
        raise Unable(speaker.LACKS[work.function])
    function = getattr(speaker, work.function)
    if module == "torch_like":
        function = partial(function, importlib.import_module(package))
    try:
        return function(**work.numbers())
    except NotImplementedError as error:
        raise Unable(str(error)) from error


def surroundings(
    name: str, folder: str, first: Callable[[], object] = lambda: None
) -> Callable[[], AbstractContextManager]:
    """What makes the context that an engine's samples run in; entering and leaving it is not timed."""
    return partial(recorder, folder, first) if name == RECORDED else nullcontext


@contextmanager
def recorder(folder: str, first: Callable[[], object]) -> Iterator[None]:
    """A recorder with previews that writes into a fresh file of the folder, and leaves none behind.

    first: what it records before the context begins: meeting a source file once is no cost of an op.
    """
    import gradviz
    from gradviz.record.recorder import Recorder

    path = Path(folder, "bench.gradviz")
    header = {"format": 1, "gradviz": gradviz.__version__, "script": "bench", "argv": [], "mode": "script"}
    with Recorder(path, header):
        first()
        yield
    path.unlink()


def threads_of(name: str, count: int) -> None:
    """Tells a loaded engine how many threads it may use, where its environment doesn't."""
    if name == PYTORCH and find_spec("torch"):
        importlib.import_module("torch").set_num_threads(count)


def scratch() -> tempfile.TemporaryDirectory:
    """A folder for what a recorder writes."""
    return tempfile.TemporaryDirectory(prefix="gradviz-bench-")
