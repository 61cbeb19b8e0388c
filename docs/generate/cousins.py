"""The page of retain_graph and its cousins: samples, what gradviz prints of each, and its picture.

Samples are run for it, so it is not written with the other pages each time: `cousins()` runs them once.
"""

import ast
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCREEN = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
HEAD = """\
<!-- made by python -m docs.generate -->
# retain_graph and its cousins

What keeps a graph's memory, what cuts it off, and what never builds it: one sample each, what gradviz prints of it, and
its picture. Every state in the tables and pictures comes from an event: a node ran, its saved tensors were released, a
weak reference told its end. `untouched` is a node that is alive though backward ran elsewhere in its graph.
"""
COUSINS = {
    "retain_graph": ["05_retain_graph", "27_retain_graph_costs"],
    "A partial backward through a shared subgraph": ["28_partial_backward"],
    "create_graph": ["29_create_graph"],
    "retain_grad": ["30_retain_grad"],
    "detach": ["31_detach"],
    "no_grad": ["04_no_grad", "32_no_grad_saves"],
    "autograd.grad to one variable": ["09_autograd_grad", "33_grad_to_one"],
}
COMPARED = ("32_no_grad_saves",)  # traced with --compare-no-grad


@cache
def cousins():
    """{path below the repository: text} of the page and its pictures."""
    page, files = [HEAD], {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "samples").symlink_to(ROOT / "samples")
        for title, samples in COUSINS.items():
            page.append(f"## {title}\n")
            for sample in samples:
                command, printed = _traced(sample, folder)
                picture = f"pictures/{sample}.svg"
                files[f"docs/{picture}"] = Path(folder, f"{sample}.svg").read_text()
                told = ast.get_docstring(ast.parse((ROOT / f"samples/{sample}.py").read_text()))
                page += [
                    f"### [samples/{sample}.py](../samples/{sample}.py)\n\n{told}\n",
                    f"```console\n$ {command}\n{printed}```\n",
                    f"![{sample}: after forward, during backward and after it]({picture})\n",
                ]
    return {"docs/cousins.md": "\n".join(page), **files}


def _traced(sample, folder):
    """The command for a sample, and what it prints up to the files that it wrote."""
    options = ["--compare-no-grad"] if sample in COMPARED else []
    line = ["trace", *options, f"samples/{sample}.py"]
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", *line],
        cwd=folder, env=os.environ | SCREEN, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return " ".join(["gradviz", *line]), done.stdout.partition("wrote ")[0]
