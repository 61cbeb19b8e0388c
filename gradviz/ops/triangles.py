"""Equations of triangles, and of what Cholesky's triangle stands for."""

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops.elimination import solved_by_triangle
from gradviz.ops.linear_algebra import _square, refuse_misfit
from gradviz.ops.matrices import by_columns, turned
from gradviz.ops.refusals import refuse_half, refuse_kinds


def _refuse_kinds(kernel, array):
    refuse_half(kernel, array)
    refuse_kinds(kernel, array, "biu")


def _triangle(ops, array, upper, unitriangular):
    return ops.triu(array, diagonal=int(unitriangular)) if upper else ops.tril(array, diagonal=-int(unitriangular))


def _given_back(ops, grad, self, upper, left, unitriangular):
    return ops.solved_triangular(turned(ops, self), grad, upper=not upper, left=left, unitriangular=unitriangular)


def _triangle_gradient(ops, grad, self, result, upper, left, unitriangular):
    back = _given_back(ops, grad, self, upper, left, unitriangular)
    found = -(back @ turned(ops, result)) if left else -(turned(ops, result) @ back)
    return _triangle(ops, found, upper, unitriangular)


@op(
    title="linalg.solve_triangular",
    grad_fn="LinalgSolveTriangularBackward0",
    self=vjp("-triangle of inv(self).T @ grad @ result.T", _triangle_gradient),
    B=vjp("inv(self).T (@ grad)", lambda ops, grad, self, upper, left, unitriangular: _given_back(ops, grad, self, upper, left, unitriangular)),  # noqa: E501
)
def solved_triangular(xp, self, B, *, upper, left, unitriangular):
    """X with `self @ X = B`, or `X @ self = B` from the right; one triangle of self is read."""
    B = B.astype(self.dtype, copy=False)
    if left:
        found = solved_by_triangle(xp, self, B, not upper, unitriangular)
    else:
        across = (xp.swapaxes(each, -1, -2) for each in (self, B))
        found = xp.swapaxes(solved_by_triangle(xp, *across, upper, unitriangular), -1, -2)
    return by_columns(xp, found)


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with `A @ X = B`, or `X @ A = B` with left=False, for a triangle A."""
    one, two = A._array, B._array
    if one.ndim < 2 or one.shape[-1] != one.shape[-2]:
        _square("linalg.solve_triangular", one)
    refuse_misfit("linalg.solve_triangular", one, two, left)
    _refuse_kinds("triangular_solve_cpu", one)
    return solved_triangular(A, B, upper=upper, left=left, unitriangular=unitriangular)


def _factor_gradient(ops, grad, self, input2, result, upper):
    back = ops.solved_cholesky(grad, input2, upper=upper)
    mixed = back @ turned(ops, result)
    mixed = mixed + turned(ops, mixed)
    return -(input2 @ mixed) if upper else -(mixed @ input2)


@op(
    title="cholesky_solve",
    grad_fn="CholeskySolveBackward0",
    self=vjp(
        "inv(L @ L.T) (@ grad)",
        lambda ops, grad, self, input2, upper: ops.solved_cholesky(grad, input2, upper=upper),
    ),
    input2=vjp("-sym(inv(L @ L.T) @ grad @ result.T) @ L", _factor_gradient),
)
def solved_cholesky(xp, self, input2, *, upper):
    """X with `L @ L.T @ X = self` for a triangle L, or `L.T @ L @ X = self`."""
    across = xp.swapaxes(input2, -1, -2)
    first, second = (across, input2) if upper else (input2, across)
    return by_columns(xp, solved_by_triangle(xp, second, solved_by_triangle(xp, first, self, True), False))


def cholesky_solve(input, input2, upper=False):
    """X with `L @ L.T @ X = input`, for the triangle L that cholesky gives."""
    one, two = input._array, input2._array
    for name, each in (("b", one), ("u", two)):
        if each.ndim < 2:
            raise RuntimeError(f"{name} should have at least 2 dimensions, but has {each.ndim} dimensions instead")
    if two.shape[-1] != one.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {two.shape[-2]} by {two.shape[-1]} but "
            f"each b matrix is {one.shape[-2]} by {one.shape[-1]}"
        )
    if one.dtype != two.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {title(one.dtype)} and A of type "
            f"{title(two.dtype)} instead."
        )
    _refuse_kinds("cholesky_solve_cpu", one)
    return solved_cholesky(input, input2, upper=upper)


__all__ = ["cholesky_solve"]
METHODS = __all__
