"""Tensor.unfold: all windows of a dimension, as a new dimension behind the others."""

from gradviz.engine import backend
from gradviz.engine.op import op, vjp
from gradviz.ops.composite import wrapped
from gradviz.ops.picking import added_at


@op(
    view=True,
    title="unfold",
    grad_fn="UnfoldBackward0",
    self=vjp(
        "1 (added where windows overlap)",
        lambda ops, grad, self_sym_sizes, dimension, size, step: ops.unfold_backward(
            grad, sizes=tuple(self_sym_sizes), dim=dimension, size=size, step=step
        ),
    ),
)
def windows_of(xp, self, *, dimension, size, step):
    """All windows of `size` elements along a dimension, `step` apart, as a last dimension; a view."""
    if not self.ndim:
        return backend.strided(xp.asarray(self), (size,), (self.itemsize,))  # NumPy makes numbers of 0-d results
    count = (self.shape[dimension] - size) // step + 1
    shape = (*self.shape[:dimension], count, *self.shape[dimension + 1 :], size)
    own = list(self.strides)
    own += [own[dimension]]
    own[dimension] *= step
    return backend.strided(self, shape, tuple(own))


@op(
    grad_fn="UnfoldBackwardBackward0",
    self=vjp(
        "1 (one for each window)",
        lambda ops, grad, dim, size, step: ops.windows_of(grad, dimension=dim, size=size, step=step),
    ),
)
def unfold_backward(xp, self, *, sizes, dim, size, step):
    """Each window's gradient added where it came from."""
    out = xp.zeros(sizes, self.dtype)
    places = xp.arange(out.size).reshape(sizes)
    return added_at(xp, out, windows_of.op.forward(xp, places, dimension=dim, size=size, step=step), self)


def unfold(self, dimension, size, step):
    """All windows of `size` elements along a dimension, `step` apart, as a last dimension; a view."""
    ndim = self._array.ndim
    dimension = wrapped(dimension, ndim)
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    longest = self._array.shape[dimension] if ndim else 1
    if size > longest:
        raise RuntimeError(f"maximum size for tensor at dimension {dimension} is {longest} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return windows_of(self, dimension=dimension, size=size, step=step)


__all__ = []
METHODS = ["unfold"]
