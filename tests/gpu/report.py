"""The report of a run on a GPU: what ran, on what, and what differed. Written by `sh run.sh gpu-test`."""

import datetime
import importlib.metadata
import platform
from collections import Counter
from pathlib import Path

from gradviz.cuda import get_device_name

DOCS = Path(__file__).parents[2] / "docs"
AGREES = "the same"


def write(machine, results, folder=DOCS, today=None):
    """Writes gpu-report-YYYY-MM-DD.md; machine: {what: which}; results: (against, op, AGREES or what differs)."""
    today = today or datetime.date.today()
    path = folder / f"gpu-report-{today.isoformat()}.md"
    path.write_text("\n".join(_lines(machine, results, today)) + "\n")
    return path


def machine_of(cupy):
    """What the report says of the machine."""
    runtime, current = cupy.cuda.runtime, cupy.cuda.Device()
    return {
        "GPU": get_device_name(),
        "compute capability": current.compute_capability,
        "CUDA driver": runtime.driverGetVersion(),
        "CUDA runtime": runtime.runtimeGetVersion(),
        "Python": platform.python_version(),
        **{name: _version(name) for name in ("gradviz", "numpy", "torch")},
        "CuPy": cupy.__version__,
    }


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _lines(machine, results, today):
    yield f"# The catalogue on a GPU, {today.isoformat()}"
    yield ""
    yield "Written by `sh run.sh gpu-test`: every sample of every op, its gradients and second gradients on CuPy."
    yield ""
    yield from ("| | |", "|---|---|", *(f"| {what} | {which} |" for what, which in machine.items()))
    for against in dict.fromkeys(each[0] for each in results):
        mine = [each for each in results if each[0] == against]
        counts = Counter(said == AGREES for _, _, said in mine)
        yield from ("", f"## {against}", "", f"{counts[True]} samples of {len({op for _, op, _ in mine})} ops agree.")
        if counts[False]:
            yield from ("", f"{counts[False]} don't:", "")
            yield from (f"- `{op}`: {_one_line(said)}" for _, op, said in mine if said != AGREES)


def _one_line(text):
    return " ".join(text.split())[:300]
