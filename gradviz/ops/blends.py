"""Several tensors mixed into one (lerp, addcmul, addcdiv), signs, and other names of arithmetic."""

from gradviz.engine import coerce, dtypes
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops import pointwise
from gradviz.ops.choosing import chosen, without
from gradviz.ops.refusals import invalid_combination, refuse_kinds


def _check_alike(self, **others):
    for name, each in others.items():
        if each.dtype != self.dtype:
            raise RuntimeError(
                f"expected dtype {dtypes.in_cpp(self.dtype)} for `{name}` but got dtype {dtypes.in_cpp(each.dtype)}"
            )


def _mixed(xp, self, end, weight):
    # from the nearer side, so that a weight of 1 gives `end` exactly
    return chosen(xp, abs(weight) < 0.5, self + weight * (end - self), end - (end - self) * (1 - weight))


@op(
    title="lerp",
    grad_fn="LerpBackward0",
    self=vjp("1 - weight", lambda grad, weight: grad * (1 - weight)),
    end=vjp("weight", lambda grad, weight: grad * weight),
)
def lerp_number(xp, self, end, *, weight):
    """`self + weight * (end - self)` for a Python number."""
    _check_alike(self, end=end)
    refuse_kinds("lerp_kernel_scalar", self, "biu")
    if abs(weight) < 0.5:
        return self + weight * (end - self)
    return end - (end - self) * (1 - weight)


@op(
    title="lerp",
    grad_fn="LerpBackward1",
    self=vjp("1 - weight", lambda grad, weight: grad * (1 - weight)),
    end=vjp("weight", lambda grad, weight: grad * weight),
    weight=vjp("end - self", lambda grad, self, end: grad * (end - self)),
)
def lerp_tensor(xp, self, end, weight):
    """`self + weight * (end - self)`; shapes broadcast."""
    _check_alike(self, end=end, weight=weight)
    refuse_kinds("lerp_kernel_tensor", self, "biu")
    return _mixed(xp, self, end, weight)


def lerp(input, end, weight):
    """`input + weight * (end - input)`; weight is a number or a tensor."""
    if isinstance(input, Tensor) and isinstance(end, Tensor):
        if isinstance(weight, Tensor):
            return lerp_tensor(input, end, weight)
        if type(weight) in coerce.NUMBERS:
            return lerp_number(input, end, weight=weight)
    raise invalid_combination("lerp", input, end, weight)


def _common(*arrays):
    """The arrays in PyTorch's common dtype."""
    wanted = dtypes.result_type([Tensor(each) for each in arrays])
    return [each if each.dtype == wanted else each.astype(wanted) for each in arrays]


@op(
    title="addcmul",
    grad_fn="AddcmulBackward0",
    self=vjp("1", lambda grad: grad),
    tensor1=vjp("value * tensor2", lambda grad, tensor2, value: grad * (tensor2 * value)),
    tensor2=vjp("value * tensor1", lambda grad, tensor1, value: grad * (tensor1 * value)),
)
def addcmul_of(xp, self, tensor1, tensor2, *, value):
    """`self + value * tensor1 * tensor2`."""
    self, tensor1, tensor2 = _common(self, tensor1, tensor2)
    refuse_kinds("addcmul_cpu_out", self, "b")
    return self + self.dtype.type(value) * tensor1 * tensor2


@op(
    title="addcdiv",
    grad_fn="AddcdivBackward0",
    self=vjp("1", lambda grad: grad),
    tensor1=vjp("value / tensor2", lambda grad, tensor2, value: grad * (value / tensor2)),
    tensor2=vjp(
        "-value * tensor1 / tensor2**2",
        lambda grad, tensor1, tensor2, value: -grad * ((value * tensor1) / (tensor2 * tensor2)),
    ),
)
def addcdiv_of(xp, self, tensor1, tensor2, *, value):
    """`self + value * tensor1 / tensor2`."""
    if tensor1.dtype.kind != "f" and tensor2.dtype.kind != "f":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value "
            "* torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value "
            "* tensor1 / tensor2), for all dtypes."
        )
    self, tensor1, tensor2 = _common(self, tensor1, tensor2)
    return self + self.dtype.type(value) * tensor1 / tensor2


def _three(call, input, tensor1, tensor2, value):
    for position, (name, each) in enumerate((("input", input), ("tensor1", tensor1), ("tensor2", tensor2)), start=1):
        if not isinstance(each, Tensor):
            raise TypeError(
                f"{call.op.title}(): argument '{name}' (position {position}) must be Tensor, not {type(each).__name__}"
            )
    try:
        return call(input, tensor1, tensor2, value=value)
    except ValueError:
        shapes = [each._array.shape for each in (input, tensor1, tensor2)]
        complaints = [coerce.broadcast_complaint(shapes[a], shapes[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
        raise RuntimeError(next(filter(None, complaints), "shapes don't broadcast")) from None


def addcmul(input, tensor1, tensor2, *, value=1):
    """`input + value * tensor1 * tensor2`; shapes broadcast."""
    return _three(addcmul_of, input, tensor1, tensor2, value)


def addcdiv(input, tensor1, tensor2, *, value=1):
    """`input + value * tensor1 / tensor2`; shapes broadcast."""
    return _three(addcdiv_of, input, tensor1, tensor2, value)


# -- signs -------------------------------------------------------------------------------------------


@op(self=vjp("0", lambda ops, grad, self, result: ops.zeros_like(grad)))
def sgn(xp, self):
    """-1, 0 or 1."""
    return self.copy() if self.dtype.kind == "b" else (self > 0).astype(self.dtype) - (self < 0)


@op()
def signbit(xp, self):
    """Whether negative, -0.0 and negative NaN included."""
    return xp.signbit(self) if self.dtype.kind == "f" else self < 0


def _copysign_gradient(ops, grad, self, result):
    zero = self == 0
    return grad * ops.masked_fill_number(result / without(ops, self, zero, 1.0), zero, value=0)


@op(
    title="copysign",
    grad_fn="CopysignBackward0",
    self=vjp("result / self where self != 0, else 0", _copysign_gradient),
    other=vjp("0", lambda ops, grad: ops.zeros_like(grad)),
    dtype="float",
)
def copysign_tensor(xp, self, other):
    """The size of one with the sign of the other."""
    return xp.copysign(self, other)


@op(
    title="copysign",
    grad_fn="CopysignBackward1",
    self=vjp("result / self where self != 0, else 0", _copysign_gradient),
    dtype="float",
)
def copysign_number(xp, self, *, other):
    """The size of each element with the sign of a Python number."""
    return xp.copysign(self, self.dtype.type(other))


def copysign(input, other):
    """The size of `input` with the sign of `other`, a number or a tensor."""
    if isinstance(other, Tensor):
        return copysign_tensor(input, other)
    if type(other) not in coerce.NUMBERS:
        raise invalid_combination("copysign", input, other)
    return copysign_number(input, other=other)


def positive(input):
    """`+input`: the tensor itself."""
    if input._array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


absolute, negative = pointwise.abs, pointwise.neg
subtract, multiply = pointwise.sub, pointwise.mul

__all__ = [
    "absolute", "addcdiv", "addcmul", "copysign", "lerp", "multiply", "negative", "positive", "sgn", "signbit",
    "subtract",
]  # fmt: skip
METHODS = __all__
