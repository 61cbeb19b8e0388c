"""What normalization does with arrays: rows that each have a mean, and channels of arrays (N, C, ...)."""

from math import prod

from gradviz.engine.rows import row_dot, rows

# -- rows that each have a mean ----------------------------------------------------------------------


# A product with ones is a row's sum at a third of the time of NumPy's own, and as exact: BLAS keeps many partial sums.


def _standard(xp, row, ones, count, eps):
    mean = row_dot(xp, row, ones) / count
    centered = row - mean
    rstd = 1 / xp.sqrt(row_dot(xp, centered, centered) / count + eps)
    centered *= rstd
    return mean, rstd, centered


_standard_rows = rows("rcnn")(_standard)


@rows("rcccnn")
def _scaled_rows(xp, row, ones, weight, bias, count, eps):
    mean, rstd, standard = _standard(xp, row, ones, count, eps)
    standard *= weight
    standard += bias
    return mean, rstd, standard


@rows("rrc11n")
def _row_gradient(xp, grad, row, ones, mean, rstd, count):
    out = row - mean
    out *= rstd
    out *= row_dot(xp, grad, out) / count
    out += row_dot(xp, grad, ones) / count
    out = grad - out
    out *= rstd
    return out


@rows("rrcc11n")
def _scaled_row_gradient(xp, grad, row, ones, weight, mean, rstd, count):
    return _row_gradient.formula(xp, grad * weight, row, ones, mean, rstd, count)


def row_gradient(xp, grad, table, mean, rstd, weight=None):
    """The gradient of standardized rows, (N, D), that were then scaled, for the rows."""
    count = table.shape[1]
    ones = xp.ones(count, table.dtype)
    if weight is None:
        return _row_gradient(xp, grad, table, ones, mean, rstd, count)
    return _scaled_row_gradient(xp, grad, table, ones, weight, mean, rstd, count)


def standardized(xp, table, eps, weight=None, bias=None):
    """(mean, 1 / sqrt(variance + eps), standardized array) of the rows of a matrix, scaled and shifted."""
    count = table.shape[1]
    ones = xp.ones(count, table.dtype)
    if weight is not None and bias is not None:
        return _scaled_rows(xp, table, ones, weight, bias, count, eps)
    mean, rstd, out = _standard_rows(xp, table, ones, count, eps)
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return mean, rstd, out


@rows("rr11")
def slopes_of_scale(xp, grad, row, mean, rstd):
    """What the gradient of the weight sums up."""
    out = row - mean
    out *= rstd
    out *= grad
    return out


@rows("rcnn")
def _row_statistics(xp, row, ones, count, eps):
    return _standard(xp, row, ones, count, eps)[:2]


def row_statistics(xp, table, eps):
    """(mean, 1 / sqrt(variance + eps)) of the rows of a matrix."""
    return _row_statistics(xp, table, xp.ones(table.shape[1], table.dtype), table.shape[1], eps)


def in_rows(array, rows, count):
    """An array as a matrix, float16 in float32."""
    array = array.astype("float32") if array.dtype.itemsize == 2 else array
    return array.reshape(rows, count)


def column_sums(xp, table):
    """The sums of a matrix's columns; BLAS takes half of NumPy's time."""
    return xp.ones(len(table), table.dtype) @ table


# -- channels ----------------------------------------------------------------------------------------


def _affine(xp, row, mean, scale, shift):
    out = row - mean
    out *= scale
    out += shift
    return out


def _channel_gradient(xp, grad, row, mean, average, slope, scale):
    out = row - mean
    out *= slope
    out += average
    out = grad - out
    out *= scale
    return out


# of (N * C, ...) with a number for each row, and of (N, C) with one for each column
AFFINE, CHANNEL_GRADIENT, TIMES = (
    (rows(kinds)(formula), rows(kinds.replace("1", "c"))(formula))
    for kinds, formula in (
        ("r111", _affine), ("rr1111", _channel_gradient), ("r1", lambda xp, row, factor: row * factor)
    )
)  # fmt: skip


@rows("rr1")
def centered_dot(xp, grad, row, mean):
    """`sum(grad * (row - mean))`."""
    return row_dot(xp, grad, row - mean)


@rows("r1")
def _squares(xp, row, mean):
    centered = row - mean
    return row_dot(xp, centered, centered)


def by_channels(xp, formulas, arrays, channels):
    """A formula of arrays (N, C, ...) and vectors (C,)."""
    shape = arrays[0].shape
    if len(shape) == 2:
        return formulas[1](xp, *arrays, *channels)
    return formulas[0](xp, *channel_rows(arrays), *_row_numbers(xp, shape, channels)).reshape(shape)


def channel_rows(arrays):
    """(N, C, ...) as (N * C, ...)."""
    return (each.reshape(each.shape[0] * each.shape[1], prod(each.shape[2:])) for each in arrays)


def _row_numbers(xp, shape, channels):
    return (xp.tile(each, shape[0]).reshape(-1, 1) for each in channels)


def channel_sums(xp, array):
    """The sums of the channels of an array (N, C, ...)."""
    return column_sums(xp, array) if array.ndim == 2 else xp.add.reduce(array, axis=(0, *range(2, array.ndim)))


def dot_of_channels(xp, grad, input, mean):
    """`sum(grad * (input - mean))` of each channel."""
    if input.ndim == 2:
        centered = input - mean
        centered *= grad
        return column_sums(xp, centered)
    found = centered_dot(xp, *channel_rows((grad, input)), *_row_numbers(xp, input.shape, (mean,)))
    return xp.add.reduce(found.reshape(input.shape[:2]), axis=0)


def squares_of_channels(xp, input, mean):
    """`sum((input - mean)**2)` of each channel."""
    if input.ndim == 2:
        centered = input - mean
        centered *= centered
        return column_sums(xp, centered)
    found = _squares(xp, *channel_rows((input,)), *_row_numbers(xp, input.shape, (mean,)))
    return xp.add.reduce(found.reshape(input.shape[:2]), axis=0)
