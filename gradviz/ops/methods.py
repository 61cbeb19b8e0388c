"""Every method and operator of Tensor that is an op: one table."""

from gradviz.engine import dtypes
from gradviz.engine.op import as_operator
from gradviz.engine.tensor import Tensor
from gradviz.ops import composite, in_place, indexing, loss, matmul, pointwise, shape

METHODS = {
    "add": pointwise.add, "sub": pointwise.sub, "mul": pointwise.mul, "div": pointwise.div, "neg": pointwise.neg,
    "reciprocal": pointwise.reciprocal, "pow": composite.pow, "square": composite.square, "sqrt": pointwise.sqrt,
    "exp": pointwise.exp, "log": pointwise.log, "sin": pointwise.sin, "cos": pointwise.cos, "tanh": pointwise.tanh,
    "sigmoid": pointwise.sigmoid, "relu": pointwise.relu, "abs": pointwise.abs, "sign": pointwise.sign,
    "clone": pointwise.clone, "detach": shape.detach, "eq": pointwise.eq, "ne": pointwise.ne, "lt": pointwise.lt, "le": pointwise.le,  # noqa: E501
    "gt": pointwise.gt, "ge": pointwise.ge, "logical_not": pointwise.logical_not,
    "sum": composite.sum, "mean": composite.mean, "argmax": composite.argmax, "size": composite.size,
    "view": composite.view, "reshape": composite.reshape, "flatten": composite.flatten, "t": shape.t,
    "permute": composite.permute, "transpose": composite.transpose, "unsqueeze": composite.unsqueeze,
    "expand": composite.expand,
    "matmul": composite.matmul, "mm": matmul.mm, "mv": matmul.mv, "dot": matmul.dot, "bmm": matmul.bmm,
    "log_softmax": lambda self, dim: loss.log_softmax(self, dim=composite.wrapped(dim, self._array.ndim)),
    "softmax": lambda self, dim: loss.softmax(self, dim=composite.wrapped(dim, self._array.ndim)),
    "to": composite.to, "cpu": lambda self: composite.to(self, "cpu"), "cuda": lambda self: composite.to(self, "cuda"),
    "float": lambda self: composite.to(self, dtypes.float32), "double": lambda self: composite.to(self, dtypes.float64),
    "long": lambda self: composite.to(self, dtypes.int64), "bool": lambda self: composite.to(self, dtypes.bool_),
    "half": lambda self: composite.to(self, dtypes.float16), "int": lambda self: composite.to(self, dtypes.int32),
    "contiguous": lambda self: self if self.is_contiguous() else pointwise.clone(self),
    "add_": in_place.add_, "sub_": in_place.sub_, "mul_": in_place.mul_, "div_": in_place.div_,
    "copy_": in_place.copy_, "fill_": in_place.fill_, "zero_": in_place.zero_,
}  # fmt: skip

OPERATORS = {
    **{
        f"__{name}__": as_operator(function)
        for name, function in {
            "add": pointwise.add, "radd": pointwise.add, "sub": pointwise.sub, "truediv": pointwise.div,
            "mul": pointwise.mul, "rmul": pointwise.mul, "and": pointwise.bitwise_and, "or": pointwise.bitwise_or,
            "eq": pointwise.eq, "ne": pointwise.ne, "lt": pointwise.lt, "le": pointwise.le, "gt": pointwise.gt,
            "ge": pointwise.ge,
        }.items()
    },
    "__rsub__": composite.rsub, "__rtruediv__": composite.rdiv, "__pow__": composite.operator_pow,
    "__rpow__": composite.rpow, "__matmul__": composite.operator_matmul, "__neg__": pointwise.neg,
    "__pos__": lambda self: self, "__abs__": pointwise.abs, "__invert__": pointwise.bitwise_not,
    "__getitem__": composite.getitem, "__iadd__": in_place.add_, "__isub__": in_place.sub_,
    "__imul__": in_place.mul_, "__itruediv__": in_place.div_,
}  # fmt: skip


def attach():
    """Gives Tensor its methods and operators."""
    for name, function in {**METHODS, **OPERATORS}.items():
        setattr(Tensor, name, function)
    Tensor.T = property(lambda self: shape.permute(self, dims=tuple(reversed(range(self._array.ndim)))))
    Tensor.__hash__ = object.__hash__  # __eq__ above would have taken it away


attach()
__all__ = ["METHODS", "OPERATORS", "indexing"]
