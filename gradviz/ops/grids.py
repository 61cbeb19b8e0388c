"""Sampling at the points of a grid, and grids of affine maps. Source: Jaderberg et al. (2015), ATen's GridSampler.h.

Places and weights are worked out by the catalogue's ops, so that one code gives the values, both gradients, and,
differentiated again, every order.
"""

from itertools import product
from math import prod

import numpy as np

from gradviz.engine.catalogue import raw
from gradviz.engine.op import op, vjp
from gradviz.ops.refusals import refuse_half, refuse_kinds, refuse_missing_dims, refuse_mixed

BILINEAR, NEAREST, BICUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2


def _positions(ops, grid, sizes, padding, align):
    """Where each point lies in each dimension of the input, the first dimension first: (N, points) each."""
    dims = len(sizes)
    for k, size in enumerate(sizes):
        x = ops.select(grid, dim=len(grid.shape) - 1, index=dims - 1 - k)
        x = ops.reshape_raw(x, size=(grid.shape[0], prod(grid.shape[1:-1])))
        x = (x + 1) * ((size - 1) / 2) if align else ((x + 1) * size - 1) * 0.5
        yield _held(ops, x, size, padding, align)


def _held(ops, x, size, padding, align):
    """Places that a border holds, or throws back."""
    if padding == REFLECTION:
        x = _reflected(ops, x, size, align)
    return x if padding == ZEROS else ops.clamp_numbers(x, min=0, max=size - 1)


def _free(mode, padding):
    """The padding of the points: a cubic pads the places around them, one by one."""
    return ZEROS if mode == BICUBIC else padding


def _reflected(ops, x, size, align):
    """Thrown back at the borders, or at the middles of the elements there (align), as often as it takes."""
    start, span = (0.0, size - 1.0) if align else (-0.5, float(size))
    if not span:
        return x * 0.0
    return span - ops.abs(ops.remainder_by(x - start, other=2 * span) - span) + start


def _corners(ops, positions, sizes, mode, padding, align):
    """((flat places (N, points), which are inside), [share of each dimension], [its slope], [its bend]), one by one."""
    if mode == NEAREST:
        yield _corner(ops, [ops.round_whole(x) for x in positions], sizes), [], [], []
        return
    lows = [ops.floor(x) for x in positions]
    rests = [x - low for x, low in zip(positions, lows, strict=True)]
    if mode == BICUBIC:
        yield from _cubic_corners(ops, lows, rests, sizes, padding, align)
        return
    for upper in product((0, 1), repeat=len(sizes)):
        found = _corner(ops, [low + up for low, up in zip(lows, upper, strict=True)], sizes)
        shares = [rest if up else 1 - rest for rest, up in zip(rests, upper, strict=True)]
        yield found, shares, [1 if up else -1 for up in upper], None


def _cubic_corners(ops, lows, rests, sizes, padding, align):
    """The same for the four places around a point in each dimension: Keys (1981)."""
    weights = [_cubic(rest) for rest in rests]
    for offsets in product(range(4), repeat=len(sizes)):
        places = [
            _held(ops, low + (offset - 1), size, padding, align)
            for low, offset, size in zip(lows, offsets, sizes, strict=True)
        ]
        chosen = [each[offset] for each, offset in zip(weights, offsets, strict=True)]
        yield _corner(ops, places, sizes), *([each[k] for each in chosen] for k in range(3))


_A = -0.75  # how steep the cubic is, one place away


def _cubic(t):
    """[(share, its slope, its bend)] of the places 1 below, 0, 1 and 2 above a point that lies t above place 0."""
    after = [(share, -slope, bend) for share, slope, bend in (_near(1 - t), _far(2 - t))]
    return [_far(t + 1), _near(t), *after]


def _near(x):
    share = ((_A + 2) * x - (_A + 3)) * x * x + 1
    return share, (3 * (_A + 2) * x - 2 * (_A + 3)) * x, 6 * (_A + 2) * x - 2 * (_A + 3)


def _far(x):
    share = ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A
    return share, (3 * _A * x - 10 * _A) * x + 8 * _A, 6 * _A * x - 10 * _A


def _corner(ops, places, sizes):
    flat, inside = 0, None
    for place, size in zip(places, sizes, strict=True):
        here = (place >= 0) & (place <= size - 1)
        inside = here if inside is None else inside & here
        flat = flat * size + ops.to_copy(ops.where(here, place, 0.0), dtype=np.dtype(np.int64))
    return flat, inside


def _spread(ops, places, channels):
    """(N, points) for every channel: (N, C, points)."""
    count, points = places.shape
    return ops.expand(ops.unsqueeze(places, dim=1), size=(count, channels, points))


def _weight(ops, inside, shares):
    """The product of the shares, 0 outside."""
    weight = ops.where(inside, 1.0, 0.0) if not shares else ops.where(inside, prod(shares[1:], start=shares[0]), 0.0)
    return ops.unsqueeze(weight, dim=1)


def _flat(ops, array):
    return ops.reshape_raw(array, size=(*array.shape[:2], prod(array.shape[2:])))


def _kind(array):
    return getattr(array, "_array", array).dtype


def _input_gradient(ops, grad, input, grid, interpolation_mode, padding_mode, align_corners, moved=None):
    """The gradient for input; `moved`: of the slope of the values as the positions move so, in place of the values."""
    sizes = tuple(input.shape[2:])
    positions = [*_positions(ops, grid, sizes, _free(interpolation_mode, padding_mode), align_corners)]
    given, total = _flat(ops, grad), ops.new_zeros(grad, size=(*input.shape[:2], prod(sizes)))
    for (places, inside), shares, slopes, _ in _corners(
        ops, positions, sizes, interpolation_mode, padding_mode, align_corners
    ):
        weight = _weight(ops, inside, shares if moved is None else [_change(shares, slopes, moved)])
        part = given * ops.to_copy(weight, dtype=_kind(given))
        total = ops.scatter_add(total, _spread(ops, places, input.shape[1]), part, dim=2)
    return ops.reshape_raw(total, size=tuple(input.shape))


def _product(factors):
    return prod(factors[1:], start=factors[0])


def _change(shares, slopes, moved, fixed=None):
    """How the product of the shares changes as the positions move, but for the share of a dimension that is fixed."""
    dims = [k for k in range(len(shares)) if k != fixed]
    return sum(_product([moved[k] * slopes[k], *(shares[j] for j in dims if j != k)]) for k in dims)


def _grid_gradient(ops, grad, input, grid, interpolation_mode, padding_mode, align_corners, moved=None):
    """The gradient for grid; `moved` as above."""
    sizes, dims = tuple(input.shape[2:]), len(input.shape) - 2
    free = _free(interpolation_mode, padding_mode)
    leaves = [*_positions(ops, grid, sizes, free, align_corners)]
    given, values = _flat(ops, grad), _flat(ops, input)
    totals = [x * 0.0 for x in leaves]
    corners = _corners(ops, leaves, sizes, interpolation_mode, padding_mode, align_corners)
    for (places, inside), shares, slopes, bends in corners:
        if not shares:
            break  # the nearest place doesn't move with the grid
        taken = ops.gather(values, _spread(ops, places, input.shape[1]), dim=2)
        along = ops.where(inside, ops.sum_dim(taken * given, dim=(1,)), 0.0)
        for k, slope in enumerate(slopes):
            others = _product([share for j, share in enumerate(shares) if j != k])
            change = others if moved is None else _change(shares, slopes, moved, fixed=k)
            totals[k] = totals[k] + change * along * slope
            if moved is not None and bends is not None:
                totals[k] = totals[k] + others * moved[k] * along * bends[k]
    turns = _slopes(ops, grid, sizes, free, align_corners)
    passed = [total * slope for total, slope in zip(totals, turns, strict=True)]
    found = ops.stack(*reversed(passed), dim=2)
    return ops.reshape_raw(found, size=(*grid.shape[:-1], dims))


def _slopes(ops, grid, sizes, padding, align):
    """How far each position moves with its coordinate: 0 where the border holds it, back where it is thrown back."""
    free = _positions(ops, grid, sizes, ZEROS, align)
    for size, x in zip(sizes, free, strict=True):
        slope = x * 0.0 + ((size - 1) / 2 if align else size / 2)
        if padding == REFLECTION:
            start, span = (0.0, size - 1.0) if align else (-0.5, float(size))
            turned = ops.remainder_by(x - start, other=2 * span) > span if span else x == x
            slope = ops.where(turned, -slope, slope) if span else slope * 0.0
            x = _reflected(ops, x, size, align)
        if padding != ZEROS:
            slope = ops.where((x <= 0) | (x >= size - 1), 0.0, slope)
        yield slope


def _sampled(input, grid, mode, padding, align):
    ops, sizes = raw(input), input.shape[2:]
    positions = [*_positions(ops, grid, sizes, _free(mode, padding), align)]
    values, total = _flat(ops, input), 0
    for (places, inside), shares, _, _ in _corners(ops, positions, sizes, mode, padding, align):
        taken = ops.gather(values, _spread(ops, places, input.shape[1]), dim=2)
        total = total + taken * _weight(ops, inside, shares).astype(input.dtype)
    return total.reshape(*input.shape[:2], *grid.shape[1:-1])


def _gradients(ops, needed, grad, input, grid, interpolation_mode, padding_mode, align_corners):
    backward = ops.grid_sampler_2d_backward if len(input.shape) == 4 else ops.grid_sampler_3d_backward
    return backward(
        grad, input, grid, interpolation_mode=interpolation_mode, padding_mode=padding_mode,
        align_corners=align_corners, output_mask=needed,
    )  # fmt: skip


_GRADIENTS = {
    "input": vjp(
        "share of each place around the point, added up",
        lambda ops, grad, input, grid, interpolation_mode, padding_mode, align_corners: _input_gradient(
            ops, grad, input, grid, interpolation_mode, padding_mode, align_corners
        ),
    ),
    "grid": vjp(
        "slope of the values around the point",
        lambda ops, grad, input, grid, interpolation_mode, padding_mode, align_corners: _grid_gradient(
            ops, grad, input, grid, interpolation_mode, padding_mode, align_corners
        ),
    ),
}


@op(grad_fn="GridSampler2DBackward0", title="grid_sampler_2d", as_op=_gradients, **_GRADIENTS)
def grid_sampler_2d(xp, input, grid, *, interpolation_mode, padding_mode, align_corners):
    """Values at the points of a grid: (N, C, H, W) and (N, h, w, 2) to (N, C, h, w)."""
    refuse_kinds("grid_sampler_2d_cpu_kernel_impl", input, "biu")
    refuse_mixed(input, grid)
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners)


@op(grad_fn="GridSampler3DBackward0", title="grid_sampler_3d", as_op=_gradients, **_GRADIENTS)
def grid_sampler_3d(xp, input, grid, *, interpolation_mode, padding_mode, align_corners):
    """Values at the points of a grid: (N, C, D, H, W) and (N, d, h, w, 3) to (N, C, d, h, w)."""
    refuse_kinds("grid_sampler3d_cpu", input, "biu")
    refuse_mixed(input, grid)
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners)


# -- the gradients' own gradients --------------------------------------------------------------------


def _moved(ops, of_grid, input, grid, mode, padding, align):
    """How far the positions move with the grid, (N, points) each; None where nothing moves."""
    if of_grid is None or mode == NEAREST:
        return None
    sizes, last = tuple(input.shape[2:]), len(grid.shape) - 1
    size = (grid.shape[0], prod(grid.shape[1:-1]))
    return [
        ops.reshape_raw(ops.select(of_grid, dim=last, index=len(sizes) - 1 - k), size=size) * slope
        for k, slope in enumerate(_slopes(ops, grid, sizes, _free(mode, padding), align))
    ]


def _again(ops, grads, grad_output, input, grid, interpolation_mode, padding_mode, align_corners):
    of_input, of_grid = grads
    how = interpolation_mode, padding_mode, align_corners
    total, moved = None, _moved(ops, of_grid, input, grid, *how)
    if of_input is not None:
        sampler = ops.grid_sampler_2d if len(input.shape) == 4 else ops.grid_sampler_3d
        total = sampler(
            of_input, grid, interpolation_mode=interpolation_mode, padding_mode=padding_mode,
            align_corners=align_corners,
        )  # fmt: skip
    if moved is None:
        return total
    changed = ops.reshape_raw(_changed(ops, input, grid, moved, *how), size=tuple(grad_output.shape))
    return changed if total is None else total + changed


def _changed(ops, input, grid, moved, mode, padding, align):
    """How the values change as the positions move, (N, C, points)."""
    sizes, values = tuple(input.shape[2:]), _flat(ops, input)
    positions, total = [*_positions(ops, grid, sizes, _free(mode, padding), align)], 0
    for (places, inside), shares, slopes, _ in _corners(ops, positions, sizes, mode, padding, align):
        taken = ops.gather(values, _spread(ops, places, input.shape[1]), dim=2)
        weight = _weight(ops, inside, [_change(shares, slopes, moved)])
        total = total + taken * ops.to_copy(weight, dtype=_kind(taken))
    return total


def _through_grid(ops, grads, grad_output, input, grid, interpolation_mode, padding_mode, align_corners):
    how = interpolation_mode, padding_mode, align_corners
    moved = _moved(ops, grads[1], input, grid, *how)
    return None if moved is None else _input_gradient(ops, grad_output, input, grid, *how, moved)


def _bend(ops, grads, grad_output, input, grid, interpolation_mode, padding_mode, align_corners):
    how = interpolation_mode, padding_mode, align_corners
    moved = _moved(ops, grads[1], input, grid, *how)
    bent = None if moved is None else _grid_gradient(ops, grad_output, input, grid, *how, moved)
    if grads[0] is None:
        return bent
    first = _gradients(ops, (False, True), grad_output, grads[0], grid, *how)[1]
    return first if bent is None else first + bent


_SECOND = {
    "grad_output": vjp("share and slope of the values around the point", _again),
    "input": vjp("slope of the share of each place around the point, added up", _through_grid),
    "grid": vjp("slope and curvature of the values around the point", _bend),
}


def _both(xp, grad_output, input, grid, interpolation_mode, padding_mode, align_corners, output_mask):
    ops, known = raw(input), (grad_output, input, grid, interpolation_mode, padding_mode, align_corners)
    rules = (_input_gradient, input), (_grid_gradient, grid)
    return [
        rule(ops, *known).astype(like.dtype, copy=False) if asked else xp.zeros(0, like.dtype)
        for (rule, like), asked in zip(rules, output_mask, strict=True)
    ]


@op(grad_fn="GridSampler2DBackwardBackward0", several=True, **_SECOND)
def grid_sampler_2d_backward(
    xp, grad_output, input, grid, *, interpolation_mode, padding_mode, align_corners, output_mask
):
    """The gradients of grid_sampler_2d for input and grid; nothing for those that output_mask leaves out."""
    return _both(xp, grad_output, input, grid, interpolation_mode, padding_mode, align_corners, output_mask)


@op(grad_fn="GridSampler3DBackwardBackward0", several=True, **_SECOND)
def grid_sampler_3d_backward(
    xp, grad_output, input, grid, *, interpolation_mode, padding_mode, align_corners, output_mask
):
    """The gradients of grid_sampler_3d for input and grid; nothing for those that output_mask leaves out."""
    return _both(xp, grad_output, input, grid, interpolation_mode, padding_mode, align_corners, output_mask)


def check_grid(input, grid):
    """RuntimeError unless the grid goes with the input."""
    for each in (input, grid):
        refuse_missing_dims(each, 0)
    shown = f"grid with sizes {list(grid.shape)}"
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(input.shape)} and {shown}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, but got {shown}")  # noqa: E501
    for d in range(2, input.ndim):
        if not input.shape[d]:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{list(input.shape)} with dimension {d} being empty"
            )
    dims = 4 if input.ndim == 4 else 5
    if not input.ndim == grid.ndim == dims:
        raise RuntimeError(
            f"grid_sampler(): expected {dims}D input and grid with same number of dimensions, but got input with sizes "
            f"{list(input.shape)} and {shown}"
        )


# -- grids of affine maps ----------------------------------------------------------------------------


def _points(xp, size, align, kind):
    """(points, dims + 1): the places of an output in [-1, 1], the last dimension first, and a one."""
    lines = []
    for n in size[2:]:
        line = xp.linspace(-1, 1, n) if n > 1 else xp.zeros(1)
        lines.append(line if align or n < 2 else line * ((n - 1) / n))
    places = xp.meshgrid(*lines, indexing="ij")
    ones = xp.ones(size[2:])
    return xp.stack([*reversed(places), ones], axis=-1).reshape(prod(size[2:]), len(size) - 1).astype(kind)


def _theta_gradient(ops, grad, size, align_corners):
    count, places = grad.shape[0], prod(size[2:])
    points = ops.affine_points(grad, size=size, align_corners=align_corners)
    points = ops.expand(points, size=(count, places, len(size) - 1))
    rows = ops.reshape_raw(grad, size=(count, places, len(size) - 2))
    return ops.transpose(ops.bmm(ops.transpose(points, dim0=1, dim1=2), rows), dim0=1, dim1=2)


@op(
    title="affine_grid",
    theta=vjp("the place in the output, and 1 (matrix product places.T @ grad)", _theta_gradient),
)
def affine_grid_generator(xp, theta, *, size, align_corners):
    """Where affine maps (N, 2, 3) or (N, 3, 4) take the places of an output (N, C, H, W) or (N, C, D, H, W)."""
    if min(size[2:]) < 2:
        refuse_half("tensor_cpu", theta)
    points = _points(xp, size, align_corners, theta.dtype)
    return (points @ theta.swapaxes(1, 2)).reshape(theta.shape[0], *size[2:], len(size) - 2)


@op()
def affine_points(xp, self, *, size, align_corners):
    """The places of an output, as affine_grid takes them; self says only the dtype."""
    return _points(xp, size, align_corners, self.dtype)
