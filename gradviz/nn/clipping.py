"""Limits on gradients, as `torch.nn.utils`."""

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.tensor import Tensor
from gradviz.engine.versions import bump


def _gradients(parameters):
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [each._grad for each in found if each._grad is not None]


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Scales all gradients, in place, so that their common norm is at most max_norm; returns what it was."""
    grads = _gradients(parameters)
    if not grads:
        return Tensor(np.zeros((), np.float32))
    xp = module_of(grads[0]._array)
    order = float(norm_type)
    total = xp.asarray(xp.linalg.norm(xp.stack([xp.linalg.norm(g._array.reshape(-1), order) for g in grads]), order))
    if error_if_nonfinite and not xp.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    factor = xp.minimum(max_norm / (total + 1e-6), 1.0)
    for each in grads:
        each._array *= factor.astype(each._array.dtype)
        bump(each._array)
    return Tensor(total.astype(grads[0]._array.dtype))


def clip_grad_value_(parameters, clip_value):
    """Cuts each element of the gradients, in place, to between -clip_value and clip_value."""
    for each in _gradients(parameters):
        module_of(each._array).clip(each._array, -clip_value, clip_value, out=each._array)
        bump(each._array)


__all__ = ["clip_grad_norm_", "clip_grad_value_"]
