"""Explanations as people see them: snapshots of samples, what holds at every width, Markdown and LaTeX."""

import os
import re
from pathlib import Path

import pytest

import gradviz as torch
from gradviz.trace.graph import graphs, last_backward
from gradviz.trace.store import load
from gradviz.views.explain import explained
from tests.views.conftest import SAMPLES

SNAPSHOTS = Path(__file__).parent / "explanations"
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"  # set it to 1 to write the snapshots anew, then read what changed
SHOWN = {
    "01_one_multiplication.txt": ((), "text"),
    "01_one_multiplication.md": ((), "md"),
    "01_one_multiplication.tex": ((), "latex"),
    "02_linear_regression_by_hand.txt": ((), "text"),
    "02_linear_regression_by_hand_path.txt": (("loss", "w"), "text"),
    "08_custom_function_path.txt": (("loss", "x"), "text"),
}
BY_NAME = {path.stem: path for path in SAMPLES}


def told(trace, *asked, form="text", width=80, most=200):
    """What `gradviz explain` prints of the last graph that ran backward."""
    found = graphs(trace)
    return explained(trace, last_backward(found), found, asked, form, width, most)


@pytest.mark.parametrize("name", SHOWN)
def test_a_sample_is_explained_as_its_snapshot_says(name, sample_trace):
    asked, form = SHOWN[name]
    stem = name.split(".")[0].removesuffix("_path")
    text = told(load(sample_trace(BY_NAME[stem])), *asked, form=form) + "\n"
    snapshot = SNAPSHOTS / name
    if os.environ.get(UPDATE) == "1":
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8"), f"{UPDATE}=1 writes it anew"


def test_there_is_no_other_snapshot():
    assert {path.name for path in SNAPSHOTS.iterdir()} == set(SHOWN)


def test_every_sample_fits_its_width(sample, sample_trace):
    trace = load(sample_trace(sample))
    if last_backward(graphs(trace)) is None:
        return
    for width in (60, 80, 120):
        lines = told(trace, width=width, most=40).split("\n")
        assert [line for line in lines if len(line) > width and not line.startswith(("…:", "norm:"))] == []


def test_a_value_that_is_cut_says_so(record):
    def script():
        x = torch.ones(40, requires_grad=True)
        x.exp().sum().backward()
        return {"x": x}

    text = told(record(script), "ExpBackward0")
    assert "…: cut to fit 80 columns" in text
    assert "…" not in told(record(script), "ExpBackward0", form="md")


def test_a_large_value_is_told_by_its_norm_and_its_first_element(record):
    def script():
        x = torch.full((100, 100), 2.0, requires_grad=True)
        (x * x).sum().backward()
        return {"x": x}

    text = told(record(script), "MulBackward0")
    assert re.search(r"applied +norm 200\. +\(100, 100\)", text)
    assert re.search(r"first element +2\. × 1\. +2\.", text)
    assert "norm: of a value too large for its column, or not kept whole" in text


def test_matrix_products_are_vector_jacobian_products(record):
    def script():
        x = torch.ones(2, 3)
        w = torch.ones(3, 2, requires_grad=True)
        (x @ w).sum().backward()
        return {"x": x, "w": w}

    assert re.search(r"product +self\.T @ grad +\[\[2\., 2\.\], ", told(record(script), "MmBackward0", width=100))


def test_names_steer_neither_terminal_nor_markup(record):
    def script():
        evil = {"\x1b[31m|&_": torch.ones(2, requires_grad=True)}
        evil["\x1b[31m|&_"].exp().sum().backward()
        return {"evil": evil}

    trace = record(script)
    for form in ("text", "md", "latex"):
        assert "\x1b" not in told(trace, form=form)
    assert "\\|" in told(trace, form="md")
    assert "\\&" in told(trace, form="latex")


def test_latex_knows_greek_letters_and_powers_of_ten(record):
    def script():
        names = {"θ": torch.tensor([2e-9, 3.0], requires_grad=True)}
        names["Γ"] = names["θ"] * 2e7
        names["é<中"] = names["Γ"].sum()
        names["é<中"].backward()
        return names

    text = told(record(script), form="latex")
    assert r"$\theta$" in text and r"$\Gamma$" in text and r"é$<$\texttt{U+4E2D}" in text
    assert r"2 \cdot 10^{-9} & 3." in text
