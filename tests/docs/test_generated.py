"""The generated pages and stubs say what the code says, and editors and type checkers can use them."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gradviz as torch
from docs.generate.__main__ import generated
from docs.generate.differences import DIFFERENCES
from docs.generate.ops_page import declaration, wrapped
from docs.generate.public import functions, names_of_ops, parameters
from docs.generate.refusals import refusals
from docs.generate.stubs import RETURNS, TUPLE
from gradviz.engine import tensor as tensor_module
from gradviz.engine.op import catalogue

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ops.md").read_text()
STUB = (ROOT / "gradviz/engine/tensor.pyi").read_text()


@pytest.mark.parametrize("name", generated())
def test_the_committed_file_is_what_the_script_writes(name):
    assert (ROOT / name).read_text() == generated()[name], "run python -m docs.generate"


# -- the page of ops ---------------------------------------------------------------------------------


def test_every_op_has_a_section_and_every_room_a_link():
    assert sorted(re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)) == sorted(catalogue)
    assert set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)) == set(re.findall(r"\(#(\w+)\)", PAGE))


def test_lines_of_the_page_are_short():
    assert [line for line in PAGE.split("\n") if len(line) > 120 and not line.startswith("|")] == []
    assert wrapped("- " + "word " * 40).count("\n") == 1


def test_a_section_says_what_an_op_is():
    section = PAGE.partition("### mul\n")[2].partition("###")[0]
    for said in (
        "`mul(self, other)`",
        "called `torch.mul`, `torch.multiply`, `*`",
        "grad_fn `MulBackward0`; dtypes `promote`",
        "gradient of `self`: `other`",
        "saves `other` if `self` requires grad, `self` if `other` requires grad",
    ):
        assert said in section
    assert declaration(catalogue["convolution"]).startswith("convolution(input, weight, bias, *, stride, padding")


def test_names_lead_to_ops_and_through_private_helpers():
    names = names_of_ops()
    assert "torch.matmul" in names["mv"][1] and "torch.mv" in names["mv"][0]
    assert "linalg.det" in names["linalg_det"][0]
    assert {"Tensor.add", "+", "Tensor.add_"} <= set(names["add"][0])


def test_the_tables_by_hand_speak_of_what_is_there():
    assert set(DIFFERENCES) <= set(catalogue)
    known = {name for place in ("torch", "Tensor", "nn.functional", "linalg") for name in functions(place)}
    assert set(RETURNS) <= known | set(vars(torch.Tensor)) | {"to_dlpack"}


def test_refusals_are_found_in_calls_and_constants():
    texts = [text for _, text in refusals(ROOT)]
    assert any(text.startswith("cannot pickle a Tensor") for text in texts)
    assert any("{device}" in text for text in texts)


# -- stubs -------------------------------------------------------------------------------------------


def test_the_stub_of_the_tensor_module_leaves_no_name_out():
    imported = {"Tensor", "Size", "Device", "Rare", "Number", "rare_of", "edge_of"}
    assert imported <= set(vars(tensor_module))
    assert all(re.search(rf"^(class|def) {name}\b", STUB, re.MULTILINE) for name in imported)


def test_functions_return_what_their_stubs_say():
    checked, wrong = 0, []
    for place in ("torch", "Tensor", "nn.functional", "linalg"):
        for name, function in functions(place).items():
            required = [each.name for each in parameters(function) if each.default is inspect.Parameter.empty]
            if required not in (["self"], ["input"]) or name == "backward":
                continue
            try:
                result = function(torch.tensor([[0.5, 0.25], [0.25, 0.5]]))
            except (RuntimeError, ValueError, NotImplementedError, TypeError):
                continue  # it takes another kind of tensor
            checked += 1
            op = getattr(function, "op", None)
            said = TUPLE if op is not None and (op.several or op.returned) else RETURNS.get(name, "Tensor")
            if not _fits(result, said):
                wrong.append(f"{place}.{name}: {said}, but it returns {type(result).__name__}")
    assert wrong == [] and checked > 200


def _fits(result, said):
    if said == "Tensor":
        return isinstance(result, torch.Tensor)
    if said == TUPLE:
        return isinstance(result, (tuple, list)) and all(isinstance(each, torch.Tensor) for each in result)
    return not said.startswith("builtins.") or type(result).__name__ == said.removeprefix("builtins.")


GOOD = """
import gradviz as torch
import gradviz.nn.functional as F

x = torch.tensor([1.0, 2.0], requires_grad=True)
F.relu(x * 2 + 1).sum().backward()
count: int = x.numel()
shape: torch.Size = x.shape
assert x.grad is not None
print((2 - x.grad).exp().tolist(), 1 / x, x == 1, len(x), [each.relu() for each in x], x[0].item())
with torch.no_grad():
    values, places = torch.topk(x, 1)
    torch.zeros(2, dtype=torch.float).to(torch.float64).add_(1)
torch.save(torch.nn.Linear(2, 1).state_dict(), "x.npz")
print(torch.linalg.inv(torch.eye(2)).relu(), torch.stack([x, x]).mean(0).sqrt())
"""
BAD = """
import gradviz as torch

torch.tensor([1.0]).relul()
torch.zeroes(2)
(torch.ones(2) * 2).sum().bakward()
"""


def test_mypy_accepts_a_script_and_finds_misspelt_names(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed (extra: test)")
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", "--no-error-summary", "--cache-dir=cache"]
    done = subprocess.run(
        [*command, "good.py", "bad.py"],
        cwd=tmp_path, capture_output=True, text=True, env={"MYPYPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert [line.partition(";")[0] for line in done.stdout.splitlines()] == [
        'bad.py:4: error: "Tensor" has no attribute "relul"',
        'bad.py:5: error: Module has no attribute "zeroes"',
        'bad.py:6: error: "Tensor" has no attribute "bakward"',
    ], done.stdout + done.stderr


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("torch.tensor([1.]).rel", "relu"),
        ("(torch.ones(2) * 2).sum().backw", "backward"),
        ("torch.nn.functional.cross_e", "cross_entropy"),
        ("torch.linalg.slog", "slogdet"),
        ("torch.optim.AdamW", "AdamW"),
    ],
)
def test_an_editor_completes_names(typed, completed):
    jedi = pytest.importorskip("jedi", reason="jedi is not installed (extra: test)")
    script = jedi.Script(f"import gradviz as torch\n{typed}", project=jedi.Project(ROOT))
    assert completed in [each.name for each in script.complete()]
