"""Formulas in numbers: what is read, what it comes to, and what stays a text."""

import numpy as np
import pytest

from gradviz.trace.local import split, worked

X = np.array([-1.0, 0.5, 2.0])
M = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1", 1),
        ("other", X + 1),
        ("-alpha", -3),
        ("1 - result**2", 1 - X**2),
        ("exponent * self**(exponent - 1)", 2 * X),
        ("1 / (2 * result)", 1 / (2 * X)),
        ("sigmoid(self) * (1 - sigmoid(self))", np.exp(-X) / (1 + np.exp(-X)) ** 2),
        ("-sin(self)", -np.sin(X)),
        ("pi / 180", np.pi / 180),
        ("1 where self > 0, else 0", [0, 1, 1]),
        ("1 where self > 1, else 0 where self < 0, else self / 2", [0, 0.25, 1]),
        ("1 where -1 < self < 1, else 0", [0, 1, 0]),
        ("1 / (elements of the dims)", 0.25),
        ("2 * self / numel where the mean is taken, else without numel", 2 * X / 3),
        ("grad @ mat2.T", M @ M.T),
    ],
)
def test_a_formula_is_worked_out(formula, expected):
    settings = {"alpha": 3, "exponent": 2, "elements_of_the_dims": 4, "averaged_over": 3}
    values = {"self": X, "result": X, "other": X + 1, "mat2": M, "grad": M, **settings}
    assert np.allclose(worked(formula, {name: np.asarray(value, float) for name, value in values.items()}), expected)


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "1 (transposed)",
        "gelu'(self)",
        "unknown * self",
        "self.__class__",
        "self.real",
        "__import__('os')",
        "exp",
        "exp(self, self)",
        "log(self)[0]",
        "[self for self in self]",
        "lambda: 1",
        "self := 2",
        "'a' * 9",
        "self @ other",
        "1 @ 2",
        "1.T",
        "(" * 150 + "1" + ")" * 150,
        "-" * 290 + "1",
        "+".join(["1"] * 400),
        "self\0",
        "1 where the mean is taken, else 2",
    ],
)
def test_anything_else_is_no_number(formula):
    found = worked(formula, {"self": X, "other": np.ones((2, 2))})
    assert found is None or formula.startswith("-") and found == 1


def test_large_powers_are_floats():
    assert worked("9**9**9**9", {}) == np.inf


@pytest.mark.parametrize(
    ("formula", "parts"),
    [
        ("other", ("other", "")),
        ("mat2.T (grad @ mat2.T)", ("mat2.T", "grad @ mat2.T")),
        ("1 (transposed)", ("1 (transposed)", "")),
        ("exp(self)", ("exp(self)", "")),
        ("vec (outer product grad, vec)", ("vec", "outer product grad, vec")),
    ],
)
def test_the_product_is_what_stands_in_brackets(formula, parts):
    assert split(formula) == parts
