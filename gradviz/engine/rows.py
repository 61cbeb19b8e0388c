"""Formulas of rows, such as softmax along the last dimension, done row by row by the C twins: each row is then fetched
from memory once, and threads share them.

As with plans the formula stays the only one there is: it is called once with sketches, and NumPy's own inner loops do
what was written down, to NumPy's bits. Beside elementwise steps it may take a row's sum, greatest element, and product
with another row; what comes of those is one number for each row.
"""

import numpy as np

from gradviz.engine.plans import FLOAT, Drawing, Functions, Sketch, Unplanned, _drawn, _written
from gradviz.engine.twins import _engine

SUM, FOLD, DOT = 3, 4, 5  # what the machine does, as in compiled/machine.h
NUMBER = "1"


class RowDrawing(Drawing):
    """What a formula does with rows; a number for each row is a kind of value of its own."""

    def __init__(self, dtype, kinds):
        super().__init__(dtype, len(kinds))
        self.kinds = [FLOAT if kind in "rc" else NUMBER for kind in kinds]

    def constant(self, number):
        """As of any drawing; it stands still as a row's number does."""
        value = super().constant(number)
        self.kinds[value] = NUMBER
        return value

    def apply(self, ufunc, *operands):
        """The sketch of a ufunc's result: a row where an operand is one."""
        values = tuple(each.value if each.__class__ is Sketch else self.constant(each) for each in operands)
        if f"{FLOAT * len(values)}->{FLOAT}".replace(FLOAT, self.dtype.char) not in ufunc.types:
            raise Unplanned
        is_row = any(self.kinds[each] == FLOAT for each in values)
        return Sketch(self, self._add((0, ufunc, values), FLOAT if is_row else NUMBER))

    def where(self, condition, chosen, other):
        """None: there are no bools."""
        raise Unplanned

    def folded(self, ufunc, row, axis, keepdims):
        """The sketch of a row's sum or extreme."""
        if self.kinds[row.value] != FLOAT or axis != -1 or not keepdims:
            raise Unplanned
        return Sketch(self, self._add((SUM if ufunc is np.add else FOLD, ufunc, (row.value, row.value)), NUMBER))

    def dot(self, one, other):
        """The sketch of the product of two rows."""
        if not self.kinds[one.value] == self.kinds[other.value] == FLOAT:
            raise Unplanned
        return Sketch(self, self._add((DOT, np.vecdot, (one.value, other.value)), NUMBER))


def row_dot(xp, one, other):
    """`(one * other).sum(axis=-1, keepdims=True)`; through BLAS on the CPU."""
    if one.__class__ is Sketch:
        return one.drawing.dot(one, other)
    return np.vecdot(one, other)[..., None] if xp is np else (one * other).sum(axis=-1, keepdims=True)


def _is_strided(each):
    return each.__class__ is np.ndarray and not each.flags.c_contiguous


class Rows:
    """A formula `(xp, *arrays)` of what its kinds say: r rows, as the first of them are; 1 a number for each row;
    c a vector that all rows share; n a number.
    """

    def __init__(self, kinds, formula):
        self.formula = formula
        self._kinds = kinds
        self._compiled = None if _engine is None else _engine.Rows(self._plan, kinds)

    def __call__(self, xp, *arrays):
        """What the formula gives: an array, or a tuple of them."""
        if xp is not np or self._compiled is None:
            return self.formula(xp, *arrays)
        found = self._compiled(*arrays)
        if found is None and any(_is_strided(each) for each in arrays):  # such as the spread gradient of a sum
            arrays = [np.ascontiguousarray(each) if _is_strided(each) else each for each in arrays]
            found = self._compiled(*arrays)
        return self.formula(np, *arrays) if found is None else found

    def along(self, dim, xp, *arrays):
        """The same of rows along any dimension, which the formula takes as its last argument."""
        return self(xp, *arrays) if dim == arrays[0].ndim - 1 else self.formula(xp, *arrays, dim)

    def _plan(self, dtype):
        drawing = RowDrawing(dtype, self._kinds)

        def formula(sketches):
            found = self.formula(Functions(drawing), *sketches)
            return found if found.__class__ is tuple else (found,)

        return _written(_drawn(drawing, formula, ()))


def rows(kinds):
    """Decorates a formula of rows: see Rows."""
    return lambda formula: Rows(kinds, formula)
