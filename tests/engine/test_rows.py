"""Rows added at places that may repeat: wide ones go row by row, and come to the same."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.ops.picking import WIDE

ROWS, WIDTHS = np.array([2, 0, 2, 2, 3]), (3, WIDE, WIDE + 7)


@pytest.mark.parametrize("width", WIDTHS)
def test_rows_of_every_width(width):
    values = np.random.default_rng(0).standard_normal((5, width))
    wanted = np.zeros((4, width))
    np.add.at(wanted, ROWS, values)
    rows, given = torch.tensor(ROWS), torch.from_numpy(values)
    leaf = torch.zeros((4, width), dtype=torch.float64, requires_grad=True)
    for picked in (leaf[rows], leaf.index_select(0, rows), torch.nn.functional.embedding(rows, leaf), leaf[rows - 4]):
        leaf.grad = None
        picked.backward(given)
        np.testing.assert_allclose(leaf.grad.numpy(), wanted, rtol=1e-15)
    np.testing.assert_allclose(leaf.detach().index_add(0, rows, given).numpy(), wanted, rtol=1e-15)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_row_that_is_not_there(width):
    leaf = torch.zeros((4, width), requires_grad=True)
    with pytest.raises(IndexError, match="out of bounds"):
        torch.index_put(leaf, (torch.tensor([4]),), torch.ones(1, width), accumulate=True)
