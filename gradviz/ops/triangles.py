"""Equations of triangles, and of what Cholesky's triangle stands for."""

from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.ops.elimination import solved_by_triangle
from gradviz.ops.linear_algebra import _mt, _square
from gradviz.ops.refusals import refuse_half, refuse_kinds


def _refuse_kinds(kernel, array):
    refuse_half(kernel, array)
    refuse_kinds(kernel, array, "biu")


def _triangle(ops, array, upper, unitriangular):
    return ops.triu(array, diagonal=int(unitriangular)) if upper else ops.tril(array, diagonal=-int(unitriangular))


def _given_back(ops, grad, self, upper, left, unitriangular):
    return ops.solved_triangular(_mt(ops, self), grad, upper=not upper, left=left, unitriangular=unitriangular)


def _triangle_gradient(ops, grad, self, result, upper, left, unitriangular):
    back = _given_back(ops, grad, self, upper, left, unitriangular)
    found = -(back @ _mt(ops, result)) if left else -(_mt(ops, result) @ back)
    return _triangle(ops, found, upper, unitriangular)


@op(
    title="linalg.solve_triangular",
    grad_fn="LinalgSolveTriangularBackward0",
    self=vjp("-triangle of inv(self).T @ grad @ result.T", _triangle_gradient),
    B=vjp("inv(self).T (@ grad)", lambda ops, grad, self, upper, left, unitriangular: _given_back(ops, grad, self, upper, left, unitriangular)),  # noqa: E501
)
def solved_triangular(xp, self, B, *, upper, left, unitriangular):
    """X with `self @ X = B`, or `X @ self = B` from the right; one triangle of self is read."""
    if left:
        return solved_by_triangle(xp, self, B, not upper, unitriangular)
    turned = (xp.swapaxes(each, -1, -2) for each in (self, B))
    return xp.swapaxes(solved_by_triangle(xp, *turned, upper, unitriangular), -1, -2)


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with `A @ X = B`, or `X @ A = B` with left=False, for a triangle A."""
    one, two = A._array, B._array
    for name, each in (("A", one), ("B", two)):
        if each.ndim < 2:
            raise RuntimeError(f"linalg.solve_triangular: The input tensor {name} must have at least 2 dimensions.")
    if one.shape[-1] != one.shape[-2]:
        _square("linalg.solve_triangular", one)
    if one.shape[-1] != two.shape[-2 if left else -1]:
        raise RuntimeError(
            "linalg.solve_triangular: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({one.shape[-2]}x{one.shape[-1]} and {two.shape[-2]}x{two.shape[-1]})"
        )
    _refuse_kinds("triangular_solve_cpu", one)
    return solved_triangular(A, B, upper=upper, left=left, unitriangular=unitriangular)


def _factor_gradient(ops, grad, self, input2, result, upper):
    back = ops.solved_cholesky(grad, input2, upper=upper)
    mixed = back @ _mt(ops, result)
    mixed = mixed + _mt(ops, mixed)
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
    turned = xp.swapaxes(input2, -1, -2)
    first, second = (turned, input2) if upper else (input2, turned)
    return solved_by_triangle(xp, second, solved_by_triangle(xp, first, self, True), False)


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
