"""Every method and operator of Tensor that is an op.

Each file of ops says at its end what it offers: `__all__` are the functions of `torch`, METHODS those that are
methods of Tensor under the same name. A new file of ops is named here, and in gradviz/__init__.py.
"""

from types import FunctionType

from gradviz.engine import copying, dtypes, exchange, likeness
from gradviz.engine.keywords import renamed, take_input, with_numpy_names
from gradviz.engine.op import as_operator
from gradviz.engine.tensor import Tensor
from gradviz.ops import (
    activations,
    arithmetic,
    backward_kernels,
    blends,
    bounds,
    changes,
    composite,
    contraction,
    counting,
    ctc,
    decompositions,
    distances,
    dropping,
    elementary,
    extremes,
    gamma,
    gates,
    gathering,
    linear_algebra,
    logic,
    matmul,
    norm_kernels,
    norms,
    numeric,
    pointwise,
    products,
    protocols,
    quantiles,
    recurrent,
    reducing,
    renormalization,
    reshaping,
    resizing,
    rounding,
    running,
    sampling,
    shape,
    shuffling,
    sorting,
    special,
    stacking,
    statistics,
    storage,
    strided,
    subscripts,
    triangles,
    weight_norms,
    windows,
)

ROOMS = (
    pointwise, matmul, shape, composite, arithmetic, changes, elementary, special, rounding, bounds, blends, logic,
    activations, extremes, statistics, norms, stacking, reshaping, gathering, sorting, counting, contraction,
    linear_algebra, strided, storage, protocols, likeness, sampling, exchange, copying, dropping, recurrent, gates,
    shuffling, gamma, distances, quantiles, running, reducing, decompositions, triangles, products,
    windows, backward_kernels, norm_kernels, numeric, renormalization, resizing, ctc, weight_norms,
)  # fmt: skip
METHODS = {name: getattr(room, name) for room in ROOMS for name in room.METHODS}
CONVERSIONS = {
    "short": dtypes.int16, "byte": dtypes.uint8, "char": dtypes.int8, "float": dtypes.float32,
    "double": dtypes.float64, "half": dtypes.float16, "long": dtypes.int64,
    "int": dtypes.int32, "bool": dtypes.bool_,
}  # fmt: skip

OPERATORS = {
    **{
        f"__{name}__": as_operator(function)
        for name, function in {
            "add": pointwise.add, "radd": pointwise.add, "sub": pointwise.sub, "truediv": pointwise.div,
            "mul": pointwise.mul, "rmul": pointwise.mul, "and": pointwise.bitwise_and, "or": pointwise.bitwise_or,
            "eq": pointwise.eq, "ne": pointwise.ne, "lt": pointwise.lt, "le": pointwise.le, "gt": pointwise.gt,
            "ge": pointwise.ge, "rand": pointwise.bitwise_and, "ror": pointwise.bitwise_or,
            "xor": logic.bitwise_xor, "rxor": logic.bitwise_xor, "lshift": logic.bitwise_left_shift,
            "rshift": logic.bitwise_right_shift, "floordiv": rounding.floor_divide,
        }.items()
    },
    "__rsub__": arithmetic.rsub, "__rtruediv__": arithmetic.rdiv, "__pow__": arithmetic.operator_pow,
    "__rpow__": arithmetic.rpow, "__matmul__": composite.operator_matmul, "__neg__": pointwise.neg,
    "__mod__": rounding.operator_mod, "__rmod__": rounding.operator_rmod,
    "__rfloordiv__": rounding.operator_rfloordiv, "__pos__": blends.positive,
    "__abs__": pointwise.abs, "__invert__": pointwise.bitwise_not,
    "__setitem__": subscripts.setitem, "__getitem__": subscripts.getitem,
    **changes.OPERATORS,
}  # fmt: skip


def conversion(name, kind):
    """The method that converts to a dtype or moves to a device, such as `double` or `cpu`."""

    def converted(self):
        return composite.to(self, kind)

    converted.__name__ = converted.__qualname__ = name
    converted.__doc__ = f"`to({str(kind)!r})`." if isinstance(kind, str) else f"`to({kind})`."
    return converted


def attach():
    """Gives Tensor its methods and operators."""
    for function in (getattr(room, name) for room in ROOMS for name in getattr(room, "__all__", ())):
        take_input(function)
    for name, function in METHODS.items():
        setattr(Tensor, name, function if name in IN_PYTHON else with_numpy_names(function))
    for name, function in OPERATORS.items():
        setattr(Tensor, name, function)
    for name, kind in CONVERSIONS.items():
        setattr(Tensor, name, conversion(name, kind))
    Tensor.where = lambda self, condition, other: composite.where(condition, self, other)
    Tensor.T = property(lambda self: shape.permute(self, dims=tuple(reversed(range(self._array.ndim)))))
    Tensor.mT = property(reshaping.mT)
    Tensor.__hash__ = object.__hash__  # __eq__ above would have taken it away


IN_PYTHON = {"norm", "split", "unflatten", "unique", "unique_consecutive"}  # PyTorch's that know no word of NumPy's
# what functions of torch call an argument that the method of that name, or torch.linalg, calls otherwise
AS_FUNCTION = {
    **dict.fromkeys(("det", "inverse", "logdet", "pinverse", "slogdet"), {"A": "input"}),
    "searchsorted": {"self": "input"}, "split": {"input": "tensor"}, "where": {"self": "input"},
}  # fmt: skip


def functions(public):
    """The functions among the public names of `torch`, with the names of their arguments there."""
    found = {name: each for name, each in public.items() if isinstance(each, FunctionType)}
    found |= {name: with_numpy_names(each) for name, each in found.items() if name not in IN_PYTHON}
    return found | {name: renamed(found[name], **names) for name, names in AS_FUNCTION.items()}


attach()
