"""From every sample its variations: other dtypes, sizes, values and layouts, each derived, none written by hand.

A variation is (kind, what, arrays, which may require grad). The kinds:

    dtype       all real inputs in another dtype
    mixed       one input in another dtype than the rest
    index       class numbers out of range, or in another dtype
    size        every dimension of one size made 0, 1 or 5: still a valid call, often an empty one
    misfit      one dimension, or the number of dimensions, of one input changed: often an invalid call
    special     zeros of both signs, NaN, infinities, the smallest and very large numbers
    ties        all values equal
    layout      rows or elements apart in memory, Fortran order, or the same memory for all rows
"""

import numpy as np

from tests.engine.sampling import spec_of, values

KINDS = ("dtype", "mixed", "index", "size", "misfit", "special", "ties", "layout")
SPECIAL = (0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1e300)
FLOATS = ("float16", "float32", "float64")

# ops whose sizes are not varied: PyTorch doesn't check them all, and reads or writes past its memory (which ends the
# process, or not), or returns memory that nothing was written to
UNCHECKED = {
    "ctc_loss_backward",
    "ctc_loss_of",
    "flash_attention_backward",
    "max_unpool2d",  # which of several wrong places it names depends on its threads
    "max_unpool3d",
    "multi_margin_loss",
    "multi_margin_loss_backward",
    "multilabel_margin_loss",
    "multilabel_margin_loss_backward",
    "scaled_dot_product_flash_attention_for_cpu",
    "unsafe_split",  # of gru_cell and lstm_cell
    "weight_norm_interface",
}


# PyTorch ends the process for a NaN here
UNSAFE = {"grid_sampler_2d"}


def variations(sample, kind):
    """What `kind` makes of a sample: (what, arrays, wanted), each valid or not."""
    if kind in ("size", "misfit") and sample.op in UNCHECKED or kind == "special" and sample.op in UNSAFE:
        return ()
    specs = [spec_of(each) for each in sample.inputs]
    return _MAKERS[kind](specs, sample.floating())


def arrays_of(specs, dtypes=None):
    """The values of (shape, domain) pairs; real ones in these dtypes, None meaning float64."""
    dtypes = dtypes or [None] * len(specs)
    return [_array(*spec, dtype, seed) for seed, (spec, dtype) in enumerate(zip(specs, dtypes, strict=True), start=1)]


def _array(shape, domain, dtype, seed):
    whole = domain in ("class", "bool")
    drawn = values(shape, domain, np.float64, seed)
    if dtype is None or dtype in FLOATS:
        return drawn if dtype is None else drawn.astype(dtype)
    drawn = drawn if whole else np.trunc(drawn * 3)
    return np.asarray(np.abs(drawn) if dtype == "uint8" else drawn).astype(dtype)


def _real(spec):
    return spec[1] in ("real", "positive", "constant")


def _able(able, arrays):
    return [each and array.dtype.kind == "f" for each, array in zip(able, arrays, strict=True)]


def _dtypes(specs, able):
    for dtype in ("float16", "int64", "int32", "uint8", "bool"):
        arrays = arrays_of(specs, [dtype if _real(spec) else None for spec in specs])
        yield dtype, arrays, _able(able, arrays)


def _mixed(specs, able):
    for k in range(len(specs)) if len(specs) > 1 else ():
        for dtype in ("float32", "int64", "bool"):
            arrays = arrays_of(specs, [dtype if j == k else None for j in range(len(specs))])
            yield f"input {k} {dtype}", arrays, _able(able, arrays)


def _indices(specs, able):
    for k, spec in enumerate(specs):
        if _real(spec):
            continue
        for dtype in ("int32", "float32", "bool", "uint8", "int8"):
            yield f"input {k} {dtype}", arrays_of(specs, [dtype if j == k else None for j in range(len(specs))]), able
        for wrong in (-1, 99) if spec[1] == "class" else ():
            arrays = arrays_of(specs)
            arrays[k][(0,) * arrays[k].ndim] = wrong
            yield f"input {k} holds {wrong}", arrays, able


def _sizes(specs, able):
    for n in sorted({n for shape, _ in specs for n in shape}):
        for size in {0, 1, 5} - {n}:
            changed = [(tuple(size if each == n else each for each in shape), domain) for shape, domain in specs]
            yield f"{n} to {size}", arrays_of(changed), able
    for lead in (2, 0):
        yield f"{lead} in front", arrays_of([((lead, *shape), domain) for shape, domain in specs]), able


def _misfits(specs, able):
    for k, (shape, domain) in enumerate(specs):
        shapes = [(*shape[:i], m, *shape[i + 1 :]) for i, n in enumerate(shape) for m in {0, 1, n + 1} - {n}]
        shapes += [each for each in ((), (1, *shape), (2, *shape), shape[1:], shape[:-1]) if each != shape]
        for other in dict.fromkeys(shapes):
            yield f"input {k} {other}", arrays_of([(other, domain) if j == k else each for j, each in enumerate(specs)]), able  # noqa: E501


def _specials(specs, able):
    for k, spec in enumerate(specs):
        for value in SPECIAL if _real(spec) else ():
            arrays = arrays_of(specs)
            if arrays[k].size:
                arrays[k][(0,) * arrays[k].ndim] = value
                yield f"input {k} holds {value}", arrays, able


def _ties(specs, able):
    arrays = arrays_of(specs)
    yield "ones", [np.ones_like(a) if _real(spec) else a for a, spec in zip(arrays, specs, strict=True)], able


def _layouts(specs, able):
    for name, lay in {"Fortran": np.asfortranarray, "elements apart": _apart, "rows apart": _rows_apart}.items():
        yield name, [lay(each) if each.ndim else each for each in arrays_of(specs)], able
    for k, array in enumerate(arrays_of(specs)):
        if array.ndim and array.shape[0]:
            arrays = arrays_of(specs)
            row = array[:1].copy()
            arrays[k] = np.lib.stride_tricks.as_strided(row, array.shape, (0, *row.strides[1:]))
            yield f"input {k} of one row", arrays, able


def _apart(array):
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 1] = array
    return wide[..., 1]


def _rows_apart(array):
    wide = np.zeros((2 * len(array) + 1, *array.shape[1:]), array.dtype)
    wide[1::2] = array
    return wide[1::2]


_MAKERS = dict(zip(KINDS, (_dtypes, _mixed, _indices, _sizes, _misfits, _specials, _ties, _layouts), strict=True))
