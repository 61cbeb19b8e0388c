"""Ops that sum up dimensions."""

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp


def unsqueezed(ops, reduced, ndim, dim):
    """The dimensions that were reduced, put back with the size 1."""
    for each in sorted(d % ndim for d in dim or ()):
        reduced = ops.unsqueeze(reduced, dim=each)
    return reduced


def spread(ops, grad, sizes, dim, keepdim):
    """The gradient of a sum: over the dimensions that were summed, all of them where none are named."""
    if not keepdim and len(sizes):
        grad = unsqueezed(ops, grad, len(sizes), dim)
    return ops.expand(grad, size=tuple(sizes))


def _summed(xp, self, dim, keepdim, dtype):
    # as PyTorch: booleans and integers add up in int64
    dtype = dtype or (xp.int64 if self.dtype.kind in "biu" else None)
    return xp.add.reduce(self, axis=dim or None, keepdims=keepdim, dtype=dtype)


@op(
    grad_fn="SumBackward0",
    self=vjp("1", lambda ops, grad, self_sym_sizes: ops.expand(grad, size=self_sym_sizes)),
)
def sum(xp, self, *, dtype=None):
    """Sum of all elements."""
    return _summed(xp, self, None, False, dtype)


@op(
    title="sum",
    grad_fn="SumBackward1",
    self=vjp(
        "1",
        lambda ops, grad, self_sym_sizes, dim, keepdim: spread(ops, grad, self_sym_sizes, dim, keepdim),
    ),
)
def sum_dim(xp, self, *, dim, keepdim=False, dtype=None):
    """Sum over dimensions."""
    return _summed(xp, self, dim, keepdim, dtype)


@op(
    grad_fn="MeanBackward0",
    self=vjp(
        "1 / numel",
        lambda ops, grad, self_sym_sizes, self_sym_numel: ops.expand(grad, size=self_sym_sizes) / self_sym_numel,
    ),
)
def mean(xp, self, *, dtype=None):
    """Mean of all elements."""
    return averaged(self, dtype=dtype)


def _mean_gradient(ops, grad, self_sym_sizes, self_sym_numel, dim, keepdim):
    count = 1
    for each in dim or range(len(self_sym_sizes)):
        count *= self_sym_sizes[each]
    return spread(ops, grad, self_sym_sizes, dim, keepdim) / (count if self_sym_numel else 1)


@op(
    title="mean", grad_fn="MeanBackward1", self=vjp("1 / (elements of the dims)", _mean_gradient))
def mean_dim(xp, self, *, dim, keepdim=False, dtype=None):
    """Mean over dimensions."""
    return averaged(self, dim or None, keepdim, dtype)


def averaged(self, dim=None, keepdim=False, dtype=None):
    """The mean of an array over dims, float16 summed up in float32; NaN where there is nothing."""
    if dtype is not None:
        if dtype.kind != "f":
            raise RuntimeError(
                "mean(): could not infer output dtype. Optional dtype must be either a floating point or complex "
                f"dtype. Got: {title(dtype)}"
            )
        self = self.astype(dtype)
    if self.dtype.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {title(self.dtype)}"
        )
    # not .sum() and .mean(): those warn the user from inside NumPy, and take longer on a small array
    dtype = "float32" if self.dtype.itemsize == 2 else None
    total = module_of(self).add.reduce(self, axis=dim, keepdims=keepdim, dtype=dtype)
    mean = total / (self.size // max(total.size, 1))
    return mean if mean.dtype == self.dtype else mean.astype(self.dtype)


@op()
def argmax(xp, self, *, dim=None, keepdim=False):
    """Place of the greatest element; no gradient."""
    return xp.argmax(self, axis=dim, keepdims=keepdim).astype(xp.int64)


@op()
def argmin(xp, self, *, dim=None, keepdim=False):
    """Place of the smallest element; no gradient."""
    return xp.argmin(self, axis=dim, keepdims=keepdim).astype(xp.int64)
