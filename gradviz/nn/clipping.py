"""Limits on gradients, as `torch.nn.utils`."""

import warnings
from types import GeneratorType

import numpy as np

from gradviz.engine.backend import module_of
from gradviz.engine.tensor import Tensor
from gradviz.engine.versions import bump
from gradviz.ops import stacking


def _gradients(parameters):
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [each._grad for each in found if each._grad is not None]


def _check_finite(total, norm_type):
    if not module_of(total).isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )


def _scale(grads, max_norm, total):
    factor = module_of(total).minimum(max_norm / (total + 1e-6), 1.0)
    for each in grads:
        each._array *= factor.astype(each._array.dtype)
        bump(each._array)


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scales all gradients, in place, so that their common norm is at most max_norm; returns what it was."""
    found = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not found and isinstance(parameters, GeneratorType):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    grads = _gradients(found)
    if not grads:
        return Tensor(np.zeros((), np.float32))
    xp = module_of(grads[0]._array)
    order = float(norm_type)
    total = xp.asarray(xp.linalg.norm(xp.stack([xp.linalg.norm(g._array.reshape(-1), order) for g in grads]), order))
    if error_if_nonfinite:
        _check_finite(total, norm_type)
    _scale(grads, max_norm, total)
    return Tensor(total.astype(grads[0]._array.dtype))


def clip_grad_norm(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """clip_grad_norm_, by its old name."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters, clip_value, foreach=None):
    """Cuts each element of the gradients, in place, to between -clip_value and clip_value."""
    for each in _gradients(parameters):
        module_of(each._array).clip(each._array, -clip_value, clip_value, out=each._array)
        bump(each._array)


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of the norms of tensors."""
    found = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not found:
        return Tensor(np.zeros((), np.float32))
    total = stacking.stack([each.norm(norm_type) for each in found]).norm(norm_type)
    if error_if_nonfinite:
        _check_finite(total._array, norm_type)
    return total


def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scales all gradients, in place, by `max_norm / total_norm` where that is less than 1."""
    _scale(_gradients(parameters), float(max_norm), total_norm._array)


__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]
