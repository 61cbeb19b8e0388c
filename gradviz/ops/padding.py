"""Padding: constant, reflect, replicate and circular. `pad` counts from the last dimension: (left, right, top, ...)."""

from math import prod

from gradviz.engine.op import op, vjp
from gradviz.engine.within import composed
from gradviz.ops import indexing, joining, subscripts
from gradviz.ops.backward_kernels import NO_SLOPE
from gradviz.ops.picking import added_at
from gradviz.ops.refusals import refuse_kinds


@op(
    self=vjp(
        "1 (cut back to the tensor)",
        lambda ops, grad, pad: ops.constant_pad_nd(grad, pad=tuple(-each for each in pad), value=0),
    )
)
def constant_pad_nd(xp, self, *, pad, value=0):
    """A number around the tensor; a negative width cuts off."""
    widths = [(0, 0)] * (self.ndim - len(pad) // 2)
    widths += [(pad[k], pad[k + 1]) for k in range(len(pad) - 2, -2, -2)]
    cut = self[tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, self.shape, strict=True))]
    around = [(max(a, 0), max(b, 0)) for a, b in widths]
    if not any(map(any, around)):
        return cut.copy()
    return xp.pad(xp.asarray(cut, order="C"), around, constant_values=value)


def _sources(xp, size, before, after, mode):
    """For each place along a padded dimension, the place that its element comes from."""
    places = xp.arange(-before, size + after)
    if mode == "replication":
        return xp.clip(places, 0, size - 1)
    return size - 1 - xp.abs(size - 1 - xp.abs(places))


def _flat_sources(xp, shape, padding, mode):
    flat = xp.zeros((), xp.int64)
    step = 1
    for d in range(len(shape) - 1, -1, -1):
        k = 2 * (len(shape) - 1 - d)
        before, after = padding[k : k + 2] if k < len(padding) else (0, 0)
        flat = flat + (_sources(xp, shape[d], before, after, mode) * step).reshape((-1,) + (1,) * (len(shape) - 1 - d))
        step *= shape[d]
    return flat


def _padding(mode, dims):
    """The op that pads so many dimensions by what the tensor holds, and the op that its backward runs."""
    name = f"{mode}_pad{dims}d"

    def gradient(ops, grad, self, padding):
        return getattr(ops, f"{name}_backward")(grad, self, padding=padding)

    def forward(xp, self, *, padding):
        refuse_kinds(name, self, "b")
        return self.reshape(-1)[_flat_sources(xp, self.shape, padding, mode)]

    def backward(xp, grad_output, self, *, padding):
        out = xp.zeros(self.shape, grad_output.dtype)
        return added_at(xp, out, _flat_sources(xp, self.shape, padding, mode), grad_output)

    forward.__name__, backward.__name__ = name, f"{name}_backward"
    forward.__doc__ = f"Padding of {dims} dimensions: {MODES[mode]}."
    backward.__doc__ = f"The gradient of {name}: each element's copies added up."
    again = vjp("1 (each of its copies)", lambda ops, grad, padding: getattr(ops, name)(grad, padding=padding))
    op(grad_output=again, self=NO_SLOPE, hidden=("self_sym_sizes",))(backward)
    return op(title="pad", self=vjp("1 (added up over its copies)", gradient))(forward)


MODES = {"reflection": "the tensor mirrored at its edge", "replication": "the element at the edge again"}
PADDINGS = {(mode, dims): _padding(mode, dims) for mode in MODES for dims in (1, 2, 3)}
NAMES = {"reflect": "reflection", "replicate": "replication"}


def pad(input, pad, mode="constant", value=None):
    """`pad` elements before and after, from the last dimension on: (left, right, top, bottom, ...)."""
    widths, ndim = tuple(int(each) for each in pad), input._array.ndim
    if len(widths) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(widths) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {ndim}"
        )
    if mode == "constant":
        _refuse_too_narrow(input, widths)
        return constant_pad_nd(input, pad=widths, value=0 if value is None else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    dims = len(widths) // 2
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if dims not in (1, 2, 3) or ndim not in (dims + 1, dims + 2):
        raise NotImplementedError(
            f"Padding size {len(widths)} is not supported for {ndim}D input tensor.\nSupported combinations for "
            "non-constant padding:\n  - 2D or 3D input: padding size = 2 (pads last dimension)\n  - 3D or 4D input: "
            "padding size = 4 (pads last 2 dimensions)\n  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if mode == "circular":
        return _circular(input, widths)
    if not prod(input._array.shape[-dims - 1 :]):
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input._array.shape)}"
        )
    if mode == "reflect":
        _refuse_too_wide(input, widths)
    _refuse_too_small(input, widths)
    return PADDINGS[NAMES[mode], dims](input, padding=widths)


def _refuse_too_narrow(input, widths):
    for k, size in zip(range(0, len(widths), 2), reversed(input._array.shape), strict=False):
        if size + min(widths[k], 0) + min(widths[k + 1], 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")


def _refuse_too_wide(input, widths):
    sizes = input._array.shape
    for k in range(0, len(widths), 2):
        size, dim = sizes[len(sizes) - 1 - k // 2], len(sizes) - 1 - k // 2
        if max(widths[k], widths[k + 1]) >= size:
            raise RuntimeError(
                f"Argument #{4 + k}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({widths[k]}, {widths[k + 1]}) at dimension {dim} of input {list(sizes)}"
            )


def _refuse_too_small(input, widths):
    dims, shape = len(widths) // 2, input._array.shape
    sizes = shape[-dims:]
    left = tuple(n + widths[-2 * d - 2] + widths[-2 * d - 1] for d, n in enumerate(sizes))
    if max(left) < 1:
        given, found = ([f"{axis}: {n}" for axis, n in zip("DHW"[-dims:], each, strict=True)] for each in (sizes, left))
        given = ", ".join(part for part in (" ".join(given[:-1]), given[-1]) if part)
        raise RuntimeError(f"input ({given}) is too small. Calculated output {' '.join(found)}")
    if min(left) < 0:
        wanted = [*shape[:-dims], *left]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(left)}: {wanted}")


@composed("pad")
def _circular(self, widths):
    """The tensor written into the middle, then its other end into the edges, dimension by dimension, as PyTorch."""
    sizes, dims = self._array.shape, len(widths) // 2
    around = {len(sizes) - 1 - k: (widths[2 * k], widths[2 * k + 1]) for k in range(dims)}
    for d, (before, after) in around.items():
        if max(before, after) > sizes[d]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
    out = joining.new_zeros(self, size=tuple(n + sum(around.get(d, (0, 0))) for d, n in enumerate(sizes)))
    taken, middle = self, [slice(None)] * len(sizes)
    for d, (before, after) in around.items():
        taken = _cut(taken, d, max(-before, 0), sizes[d] - max(-after, 0))
        middle[d] = slice(max(before, 0), out._array.shape[d] - max(after, 0))
    subscripts.setitem(out, tuple(middle), taken)
    for d, (before, after) in around.items():
        size, first, last = out._array.shape[d], max(before, 0), max(after, 0)
        whole = (slice(None),) * d
        if before > 0:
            subscripts.setitem(out, (*whole, slice(0, before)), _cut(out, d, size - last - before, size - last))
        if after > 0:
            subscripts.setitem(out, (*whole, slice(size - after, size)), _cut(out, d, first, first + after))
    return out


def _cut(tensor, dim, start, end):
    return indexing.slice(tensor, dim=dim, start=start, end=end, step=1)


__all__ = []
METHODS = []
