"""Powers, of a number, a tensor or both. PyTorch's derivatives.yaml is the model for names."""

from math import inf, nan
from math import log as log_of

import numpy as np

from gradviz.engine import coerce
from gradviz.engine.op import op, vjp
from gradviz.ops.choosing import chosen, without


def _power_gradient(ops, grad, self, exponent):
    return ops.zeros_like(grad) if exponent == 0 else grad * (exponent * self ** (exponent - 1))


@op(
    title="pow",
    grad_fn="PowBackward0",
    self=vjp(
        "exponent * self**(exponent - 1)",
        _power_gradient,
    ),
)
def pow_scalar(xp, self, *, exponent):
    """`self ** exponent` for a Python number."""
    if self.dtype.kind in "iu" and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _small_power(xp, self, exponent) if self.dtype.kind == "f" else self**exponent


def _small_power(xp, x, exponent):
    """`x**exponent`, multiplied out where PyTorch does so, which takes a fraction of a general power's time."""
    if exponent == 2:
        return x * x
    if exponent == 3:
        return x * x * x
    if exponent == -0.5:
        return 1 / xp.sqrt(x)
    return 1 / (x * x) if exponent == -2 else x**exponent


def _refuse_bool_powers(array):
    if array.dtype.kind == "b":
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")


def _exponent_gradient(ops, grad, self, exponent, result):
    # 0**0 and 0**positive have a gradient of 0 for the exponent, where log(0) would give NaN
    zero = (self == 0) & (exponent >= 0)
    if self.dtype != result.dtype:
        self = ops.to_copy(self, dtype=getattr(result, "_array", result).dtype)
    return grad * ops.where(zero, 0.0, result * ops.log(without(ops, self, zero, 1.0)))


def _base_gradient(ops, grad, self, exponent):
    array = getattr(exponent, "_array", exponent)
    if array.dtype.kind == "b":  # of which PyTorch's formula would take one less
        coerce.refuse_bools(array, np.asarray(1))
    return ops.where(exponent == 0, 0.0, grad * (exponent * self ** (exponent - 1)))


@op(
    title="pow",
    grad_fn="PowBackward1",
    self=vjp("exponent * self**(exponent - 1)", _base_gradient),
    exponent=vjp("result * log(self)", _exponent_gradient),
    dtype="promote",
)
def pow_tensor(xp, self, exponent):
    """`self ** exponent` for two tensors; shapes broadcast."""
    _refuse_bool_powers(self)
    return _power(xp, self, exponent)


def _power(xp, base, exponent):
    """`base ** exponent`; of integers to a negative power only 1 and -1 leave more than 0, as in PyTorch."""
    if exponent.dtype.kind != "i" or not (exponent < 0).any():
        return base**exponent
    if xp.result_type(base, exponent).kind == "f":
        return base**exponent
    positive = base ** xp.abs(exponent)
    return chosen(xp, exponent < 0, chosen(xp, xp.abs(base) == 1, positive, 0), positive)


def _exponent_of_number_gradient(ops, grad, self, exponent, result):
    if self == 0:
        return grad * ops.where(exponent >= 0, 0.0, result * -inf)
    return grad * (result * (log_of(self) if self > 0 else nan))


@op(
    title="pow", grad_fn="PowBackward2", exponent=vjp("result * log(self)", _exponent_of_number_gradient))
def pow_number(xp, exponent, *, self):
    """`self ** exponent` for a Python number and a tensor."""
    if isinstance(self, bool):
        _refuse_bool_powers(exponent)
    if isinstance(self, float) or exponent.dtype.kind != "i":
        return self**exponent
    return _power(xp, xp.asarray(self).astype(exponent.dtype), exponent)
