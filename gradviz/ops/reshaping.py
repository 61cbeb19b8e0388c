"""Shapes as PyTorch's functions name them: squeeze, movedim, repeat, diag and others, made of the ops beneath."""

from gradviz.engine.coerce import size_at
from gradviz.engine.dtypes import title
from gradviz.engine.layouts import contiguous_format
from gradviz.engine.within import composed
from gradviz.ops import composite, indexing, picking, pointwise, rearranging
from gradviz.ops import shape as shapes
from gradviz.ops.composite import wrapped, wrapped_all

# -- sizes -------------------------------------------------------------------------------------------


def squeeze(self, dim=None):
    """Dimensions of size 1 taken out, a view: all, or `dim` (an int or a tuple) where it has size 1."""
    if dim is None:
        return shapes.squeeze(self)
    ndim = self._array.ndim
    if isinstance(dim, int):
        return shapes.squeeze_one(self, dim=wrapped(dim, ndim))
    return shapes.squeeze_several(self, dim=wrapped_all(dim, ndim))


def swapaxes(self, axis0, axis1):
    """Two dimensions swapped, a view."""
    return composite.transpose(self, axis0, axis1)


def swapdims(self, dim0, dim1):
    """Two dimensions swapped, a view."""
    return composite.transpose(self, dim0, dim1)


def mT(self):
    """The last two dimensions swapped, a view; a 0-d tensor itself."""
    if self._array.ndim == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return composite.transpose(self, -2, -1) if self._array.ndim else self


def movedim(self, source, destination):
    """Dimensions moved to other places, the rest in order; a view."""
    ndim = self._array.ndim
    source = (source,) if isinstance(source, int) else tuple(source)
    destination = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number "
            f"of dims as destination ({list(destination)} dims)"
        )
    froms, tos = (tuple(wrapped(each, ndim) for each in dims) for dims in (source, destination))
    for name, dims, given in (("source", froms, source), ("destination", tos, destination)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not ndim:
        return shapes.alias(self)
    rest = iter([each for each in range(ndim) if each not in froms])
    places = dict(zip(tos, froms, strict=True))
    return shapes.permute(self, dims=tuple(places[d] if d in places else next(rest) for d in range(ndim)))


moveaxis = movedim


def ravel(self):
    """All dimensions made one; a view where the strides allow it."""
    return composite.view(composite.contiguous(self), -1)


def unflatten(self, dim, sizes):
    """One dimension made several; one size may be -1."""
    ndim = self._array.ndim
    dim = wrapped(dim, ndim)
    if not len(sizes):
        raise RuntimeError("unflatten: sizes must be non-empty")
    size = self._array.shape[dim]
    try:
        inner = shapes.inferred_size(size, sizes)
    except RuntimeError as error:
        if "only one dimension" in str(error):
            raise
        shown = list(sizes)
        raise RuntimeError(
            f"unflatten: Provided sizes {shown} don't multiply up to the size of dim {dim} ({size}) in the input tensor"
        ) from None
    return composite.view(self, *self._array.shape[:dim], *inner, *self._array.shape[dim + 1 :])


def view_as(self, other):
    """A view in another tensor's shape."""
    return composite.view(self, other._array.shape)


def reshape_as(self, other):
    """A reshape to another tensor's shape."""
    return composite.reshape(self, other._array.shape)


def expand_as(self, other):
    """Expanded to another tensor's shape, a view."""
    return composite.expand(self, other._array.shape)


def broadcast_to(self, size):
    """Expanded to a size, a view."""
    return composite.expand(self, size)


def narrow(self, dim, start, length):
    """A range of a dimension, `length` long; a view."""
    ndim = self._array.ndim
    if not ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = wrapped(dim, ndim)
    size, start = self._array.shape[dim], int(start)
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return indexing.slice(self, dim=dim, start=start, end=start + length, step=1)


# -- repeating and turning ---------------------------------------------------------------------------


def _ints(given, named=None):
    if named is not None and not given:
        given = (named,)
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else tuple(given)


def repeat(self, *times, repeats=None):
    """The tensor laid side by side, so often in each dimension; more numbers than dimensions add some in front."""
    repeats = _ints(times, repeats)
    if len(repeats) < self._array.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    if any(each < 0 for each in repeats):
        sizes = (1,) * (len(repeats) - self._array.ndim) + self._array.shape
        shown = [n * r for n, r in zip(sizes, repeats, strict=True)]
        wrong = next(each for each in shown if each < 0) if any(each < 0 for each in shown) else 0
        raise RuntimeError(f"Trying to create tensor with negative dimension {wrong}: {shown}")
    return rearranging.repeat(self, repeats=repeats)


def tile(self, *times, dims=None):
    """As repeat, but fewer numbers than dimensions count from the last."""
    dims = _ints(times, dims)
    return repeat(self, *(1,) * (self._array.ndim - len(dims)), *dims)


def repeat_interleave(self, repeats=None, dim=None, *, output_size=None):
    """Each element so often, one after the other: a number for all, or a tensor with one for each.

    Of a tensor of repeats alone, the places that they name. output_size: how many it will be, where that is known.
    """
    if repeats is None:
        _expect_size(output_size, self._array)
        return picking.repeated_places(self)
    if isinstance(repeats, int):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        size = self._array.size if dim is None else size_at(self._array, dim) if self._array.ndim else 1
        if output_size is not None and output_size != size * repeats:
            raise RuntimeError(
                f"repeat_interleave: Invalid output_size, expected {size * repeats} but got {output_size}"
            )
        return _each_repeated(self, repeats, dim)
    counts = repeats._array
    if counts.dtype.kind not in "iu":
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{title(counts.dtype)}'")
    if counts.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if dim is None:
        self, dim = composite.flatten(self), 0
    size, dim = size_at(self._array, dim), dim % self._array.ndim
    if counts.ndim == 0 or (counts.ndim == 1 and counts.shape[0] == 1):
        counts = counts.reshape(1).repeat(size)
    elif counts.shape[0] != size:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.shape[0]} and "
            f"input.size({dim}) = {size}"
        )
    _expect_size(output_size, counts)
    return picking.index_select(self, picking.repeated_places(type(self)(counts)), dim=dim)


def _expect_size(expected, counts):
    if expected is not None and expected != int(counts.sum()):
        raise RuntimeError("allocated size does not match required size")


@composed("repeat_interleave")
def _each_repeated(self, repeats, dim):
    if dim is None:
        self, dim = composite.flatten(self), 0
    dim = wrapped(dim, self._array.ndim)
    sizes = self._array.shape
    spread = composite.expand(composite.unsqueeze(self, dim + 1), *sizes[: dim + 1], repeats, *sizes[dim + 1 :])
    merged = (*sizes[:dim], sizes[dim] * repeats, *sizes[dim + 1 :])
    return shapes.view(pointwise.clone(spread, memory_format=contiguous_format), size=merged)


def roll(self, shifts, dims=()):
    """Elements moved on along dims (one shift for each); without dims as if flattened."""
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    dims = (dims,) if isinstance(dims, int) else tuple(dims if dims is not None else ())
    if not shifts:
        raise RuntimeError("`shifts` required")
    if len(shifts) != len(dims) and not (not dims and len(shifts) == 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    for dim in dims if self._array.size else ():
        size_at(self._array, dim)
    return rearranging.roll(self, shifts=shifts, dims=tuple(dim % max(self._array.ndim, 1) for dim in dims))


def flip(self, *places, dims=None):
    """The order of dims reversed, a copy."""
    dims = wrapped_all(_ints(places, dims), self._array.ndim)
    return rearranging.flip(self, dims=dims if self._array.ndim else ())


def fliplr(self):
    """The second dimension reversed."""
    if self._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return rearranging.flip(self, dims=(1,))


def flipud(self):
    """The first dimension reversed."""
    if self._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return rearranging.flip(self, dims=(0,))


def rot90(self, k=1, dims=(0, 1)):
    """A plane turned by 90 degrees, k times, from dims[0] to dims[1]."""
    ndim, dims = self._array.ndim, tuple(dims)
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    first, second = (wrapped(each, ndim) for each in dims)
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return rearranging.rot90(self, k=k % 4, dims=(first, second))


# -- triangles and diagonals -------------------------------------------------------------------------


def tril(self, diagonal=0):
    """Zeros above a diagonal."""
    _refuse_vectors("tril", self)
    return rearranging.tril(self, diagonal=diagonal)


def triu(self, diagonal=0):
    """Zeros below a diagonal."""
    _refuse_vectors("triu", self)
    return rearranging.triu(self, diagonal=diagonal)


def _refuse_vectors(name, self):
    if self._array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


def diagonal(self, offset=0, dim1=0, dim2=1):
    """A diagonal of two dimensions, as the last dimension; a view."""
    ndim = self._array.ndim
    one, two = wrapped(dim1, ndim), wrapped(dim2, ndim)
    if one == two:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return rearranging.diagonal(self, offset=offset, dim1=one, dim2=two)


def diagonal_of_matrices(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of matrices; a view."""
    return diagonal(A, offset, dim1, dim2)


def diag(self, diagonal=0):
    """A vector as the diagonal of a matrix, or a matrix's diagonal as a vector."""
    if self._array.ndim == 1:
        return diag_embed(self, diagonal)
    if self._array.ndim == 2:
        return rearranging.diagonal_copy(self, offset=diagonal, dim1=0, dim2=1)
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {self._array.ndim}D")


def diag_embed(self, offset=0, dim1=-2, dim2=-1):
    """The last dimension on the diagonal of two new ones."""
    ndim = self._array.ndim + 1
    one, two = wrapped(dim1, ndim), wrapped(dim2, ndim)
    if one == two:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return rearranging.diag_embed(self, offset=offset, dim1=one, dim2=two)


def diagflat(self, offset=0):
    """All elements on the diagonal of a matrix."""
    return diag_embed(ravel(self), offset)


trace = rearranging.trace

__all__ = [
    "broadcast_to", "diag", "diag_embed", "diagflat", "diagonal", "flip", "fliplr", "flipud", "moveaxis", "movedim",
    "narrow", "ravel", "repeat_interleave", "roll", "rot90", "squeeze", "swapaxes", "swapdims", "tile", "trace",
    "tril", "triu", "unflatten",
]  # fmt: skip
METHODS = [*__all__, "expand_as", "repeat", "reshape_as", "view_as"]
