"""Matrix products."""

import numpy as np

from gradviz.engine.coerce import check_same, size_at
from gradviz.engine.dtypes import joined
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.refusals import refuse_factor, refuse_kinds
from gradviz.ops.shape import expand_complaint


def _cannot_multiply(a, b, first="mat1", second="mat2"):
    return RuntimeError(
        f"{first} and {second} shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
    )


def _matrices(a, b, names):
    if a.ndim == b.ndim == 2:
        return
    for name, array in zip(names, (a, b), strict=True):
        if array.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix" + ("" if "self" in names else f", got {array.ndim}-D tensor"))


# A gradient is laid out in memory as what it belongs to: a Linear's weight.T lies column by column, and so its gradient
# reaches the weight row by row, with nothing to copy. As PyTorch's mm_mat1_backward and mm_mat2_backward.


def _lies_by_columns(sizes, strides):
    return strides[0] == 1 and strides[1] == sizes[0]


def _left_gradient(ops, grad, right, sizes, strides):
    """grad @ right.T"""
    return ops.t(right @ ops.t(grad)) if _lies_by_columns(sizes, strides) else grad @ ops.t(right)


def _right_gradient(ops, grad, left, sizes, strides):
    """left.T @ grad"""
    return ops.t(ops.t(grad) @ left) if _lies_by_columns(sizes, strides) else ops.t(left) @ grad


@op(
    self=vjp(
        "mat2.T (grad @ mat2.T)",
        lambda ops, grad, mat2, self_sym_sizes, self_sym_strides: _left_gradient(
            ops, grad, mat2, self_sym_sizes, self_sym_strides
        ),
    ),
    mat2=vjp(
        "self.T (self.T @ grad)",
        lambda ops, grad, self, mat2_sym_sizes, mat2_sym_strides: _right_gradient(
            ops, grad, self, mat2_sym_sizes, mat2_sym_strides
        ),
    ),
    dtype="same",
)
def mm(xp, self, mat2):
    """Matrix product, (N, K) and (K, M) to (N, M)."""
    _matrices(self, mat2, ("self", "mat2"))
    if self.shape[1] != mat2.shape[0]:
        raise _cannot_multiply(self, mat2)
    refuse_kinds("addmm_impl_cpu_", self, "b")
    return self @ mat2


def _outer(ops, one, other):
    return ops.reshape_raw(one, size=(one.shape[0], 1)) * other


@op(
    self=vjp("vec (outer product grad, vec)", lambda ops, grad, vec: _outer(ops, grad, vec)),
    vec=vjp("self.T (self.T @ grad)", lambda ops, grad, self: ops.t(self) @ grad),
    dtype="same",
)
def mv(xp, self, vec):
    """Matrix times vector, (N, M) and (M,) to (N,)."""
    if self.ndim != 2 or vec.ndim != 1:
        size_at(self, 0)
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {self.ndim}, {vec.ndim}")
    if self.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({self.shape[0]}), mat ({self.shape[0]}x{self.shape[1]}), vec ({vec.shape[0]})"
        )
    refuse_kinds("addmv_impl_cpu", self, "b")
    return self @ vec


@op(
    self=vjp("tensor", lambda grad, tensor: grad * tensor),
    tensor=vjp("self", lambda grad, self: grad * self),
    dtype="same",
)
def dot(xp, self, tensor):
    """Inner product of two vectors, (N,) and (N,) to ()."""
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {tensor.ndim}D tensors")
    if self.shape != tensor.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{self.shape[0]}] and src [{tensor.shape[0]}] to have the "
            f"same number of elements, but got {self.shape[0]} and {tensor.shape[0]} elements respectively"
        )
    refuse_kinds("dot", self, "b")
    return xp.dot(self, tensor)


@op(
    self=vjp("mat2.T (grad @ mat2.T)", lambda ops, grad, mat2: ops.bmm(grad, ops.transpose(mat2, dim0=1, dim1=2))),
    mat2=vjp("self.T (self.T @ grad)", lambda ops, grad, self: ops.bmm(ops.transpose(self, dim0=1, dim1=2), grad)),
    dtype="same",
)
def bmm(xp, self, mat2):
    """A batch of matrix products, (B, N, K) and (B, K, M) to (B, N, M)."""
    _of_batches(self, mat2)
    refuse_kinds("bmm", self, "b")
    return self @ mat2


def _scaled(value, factor):
    return value if factor == 1 else value * factor


def _times(array, factor):
    """An array times a number, in the array's dtype as PyTorch has it: 0.5 is 0 for integers."""
    return array if factor == 1 else array * np.asarray(factor).astype(array.dtype)[()]


@op(
    self=vjp("beta", lambda grad, beta: _scaled(grad, beta)),
    mat1=vjp(
        "alpha * mat2.T (alpha * grad @ mat2.T)",
        lambda ops, grad, mat2, alpha, mat1_sym_sizes, mat1_sym_strides: _scaled(
            _left_gradient(ops, grad, mat2, mat1_sym_sizes, mat1_sym_strides), alpha
        ),
    ),
    mat2=vjp(
        "alpha * mat1.T (alpha * mat1.T @ grad)",
        lambda ops, grad, mat1, alpha, mat2_sym_sizes, mat2_sym_strides: _scaled(
            _right_gradient(ops, grad, mat1, mat2_sym_sizes, mat2_sym_strides), alpha
        ),
    ),
    dtype="same",
)
def addmm(xp, self, mat1, mat2, *, beta=1, alpha=1):
    """`beta * self + alpha * mat1 @ mat2`; self broadcasts to (N, M)."""
    _matrices(mat1, mat2, ("mat1", "mat2"))
    if mat1.shape[1] != mat2.shape[0]:
        raise _cannot_multiply(mat1, mat2)
    refuse_kinds("addmm_impl_cpu_", mat1, "b")
    product = _times(mat1 @ mat2, alpha)
    _spreads(self, product.shape)
    product += _times(self, beta)
    return product


def _spreads(self, shape):
    """RuntimeError unless `self` broadcasts to the shape of a product."""
    if self.shape == shape[1:]:  # a bias
        return
    spread = zip(reversed(self.shape), reversed(shape), strict=False)
    if self.ndim > len(shape) or any(size not in (1, wanted) for size, wanted in spread):
        raise RuntimeError(expand_complaint(self, shape))


@op(
    self=vjp("beta", lambda grad, beta: _scaled(grad, beta)),
    mat=vjp(
        "alpha * vec (outer product grad, vec)",
        lambda ops, grad, vec, alpha: _scaled(_outer(ops, grad, vec), alpha),
    ),
    vec=vjp("alpha * mat.T (alpha * mat.T @ grad)", lambda ops, grad, mat, alpha: _scaled(ops.t(mat) @ grad, alpha)),
    dtype="same",
)
def addmv(xp, self, mat, vec, *, beta=1, alpha=1):
    """`beta * self + alpha * mat @ vec`; self broadcasts to (N,)."""
    if mat.ndim != 2 or vec.ndim != 1 or self.ndim > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {self.ndim}, {mat.ndim}, {vec.ndim}")
    if mat.shape[1] != vec.shape[0] or self.size not in (1, mat.shape[0]):
        raise RuntimeError(
            f"size mismatch, got input ({self.size}), mat ({mat.shape[0]}x{mat.shape[1]}), vec ({vec.shape[0]})"
        )
    refuse_kinds("addmv_impl_cpu", mat, "b")
    return _times(mat @ vec, alpha) + _times(self, beta)


def _by_vector(matrix, vector):
    """matrix @ vector, of one dtype in a plain backward too."""
    if not isinstance(matrix, Tensor):
        check_same(mv.op, (matrix, vector))
    return matrix @ vector


@op(
    self=vjp("beta", lambda grad, beta: _scaled(grad, beta)),
    vec1=vjp("alpha * vec2 (alpha * grad @ vec2)", lambda grad, vec2, alpha: _scaled(_by_vector(grad, vec2), alpha)),
    vec2=vjp(
        "alpha * vec1 (alpha * vec1 @ grad)",
        lambda ops, grad, vec1, alpha: _scaled(_by_vector(ops.t(grad), vec1), alpha),
    ),
)
def addr(xp, self, vec1, vec2, *, beta=1, alpha=1):
    """`beta * self + alpha * outer(vec1, vec2)`; self broadcasts to (N, M)."""
    for name, array in (("1", vec1), ("2", vec2)):
        if array.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument vec{name}, but got {array.ndim}-D")
    wanted = joined([self.dtype, vec1.dtype, vec2.dtype])
    self, vec1, vec2 = (each.astype(wanted, copy=False) for each in (self, vec1, vec2))
    for name, factor in (("beta", beta), ("alpha", alpha)):
        refuse_factor(name, factor, self)
    product = _times(vec1[:, None] * vec2, alpha)
    _spreads(self, product.shape)
    return product + _times(self, beta)


def _are_batches(batch1, batch2):
    for name, array in (("batch1", batch1), ("batch2", batch2)):
        if array.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")


def _of_batches(batch1, batch2):
    _are_batches(batch1, batch2)
    if batch1.shape[0] != batch2.shape[0] or batch1.shape[2] != batch2.shape[1]:
        expected = [batch1.shape[0], batch1.shape[2]]
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: {expected} but got: "
            f"{list(batch2.shape[:2])}."
        )


def _turned(ops, batch):
    return ops.transpose(batch, dim0=1, dim1=2)


@op(
    self=vjp("beta", lambda grad, beta: _scaled(grad, beta)),
    batch1=vjp(
        "alpha * batch2.T (alpha * grad @ batch2.T)",
        lambda ops, grad, batch2, alpha: _scaled(ops.bmm(grad, _turned(ops, batch2)), alpha),
    ),
    batch2=vjp(
        "alpha * batch1.T (alpha * batch1.T @ grad)",
        lambda ops, grad, batch1, alpha: _scaled(ops.bmm(_turned(ops, batch1), grad), alpha),
    ),
    dtype="same",
)
def baddbmm(xp, self, batch1, batch2, *, beta=1, alpha=1):
    """`beta * self + alpha * bmm(batch1, batch2)`; self broadcasts to (B, N, M)."""
    _spreads(self, (size_at(batch1, 0), size_at(batch1, 1), size_at(batch2, 2)))
    _of_batches(batch1, batch2)
    refuse_kinds("baddbmm", batch1, "b")
    return _times(batch1 @ batch2, alpha) + _times(self, beta)


def _to_each(ops, grad, batches):
    """A gradient of a sum of batches, for each of them."""
    return ops.expand(ops.unsqueeze(grad, dim=0), size=(batches, *grad.shape))


@op(
    self=vjp("beta", lambda grad, beta: _scaled(grad, beta)),
    batch1=vjp(
        "alpha * batch2.T (alpha * grad @ batch2.T)",
        lambda ops, grad, batch2, alpha, batch1_sym_argsize_0, batch1_sym_argsize_1, batch2_sym_argsize_2: _scaled(
            ops.bmm(_to_each(ops, grad, batch1_sym_argsize_0), _turned(ops, batch2)), alpha
        ),
    ),
    batch2=vjp(
        "alpha * batch1.T (alpha * batch1.T @ grad)",
        lambda ops, grad, batch1, alpha, batch1_sym_argsize_0, batch1_sym_argsize_1, batch2_sym_argsize_2: _scaled(
            ops.bmm(_turned(ops, batch1), _to_each(ops, grad, batch1_sym_argsize_0)), alpha
        ),
    ),
    dtype="same",
)
def addbmm(xp, self, batch1, batch2, *, beta=1, alpha=1):
    """`beta * self + alpha * bmm(batch1, batch2).sum(0)`; self broadcasts to (N, M)."""
    size_at(batch1, 0)  # PyTorch's graph keeps it, and so it is asked for first
    _spreads(self, (size_at(batch1, 1), size_at(batch2, 2)))
    _are_batches(batch1, batch2)
    (count, rows, inner), (other, lines, columns) = batch1.shape, batch2.shape
    if count != other:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {count} and {other}")
    if inner != lines:
        raise RuntimeError(f"Incompatible matrix sizes for bmm ({rows}x{inner} and {lines}x{columns})")
    refuse_kinds("addmm_impl_cpu_", batch1, "b")
    return _times(xp.tensordot(batch1, batch2, axes=((0, 2), (0, 1))), alpha) + _times(self, beta)


@op(
    self=vjp("other", lambda grad, other: grad * other),
    other=vjp("self", lambda grad, self: grad * self),
    dtype="same",
)
def vdot(xp, self, other):
    """Inner product of two vectors, as `dot` for real numbers."""
    if self.ndim != 1 or other.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {other.ndim}D tensors")
    if self.shape != other.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{self.shape[0]}] and src [{other.shape[0]}] to have the "
            f"same number of elements, but got {self.shape[0]} and {other.shape[0]} elements respectively"
        )
    refuse_kinds("dot", self, "b")
    return xp.dot(self, other)


__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "dot", "mm", "mv", "vdot"]
METHODS = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "dot", "mm", "mv", "vdot"]
