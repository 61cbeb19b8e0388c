"""The in-place methods of Tensor, from one table: a name with an underscore, and the op that it is the form of."""

from types import FunctionType

import numpy as np

from gradviz.engine import backend
from gradviz.engine.coerce import NUMBERS, quietly
from gradviz.engine.keywords import with_numpy_names
from gradviz.engine.op import op
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.ops import (
    activations,
    arithmetic,
    blends,
    bounds,
    comparing,
    composite,
    contraction,
    counting,
    drawing,
    elementary,
    extremes,
    gamma,
    gathering,
    linear_algebra,
    logic,
    matmul,
    numeric,
    pointwise,
    products,
    reducing,
    renormalization,
    reshaping,
    rounding,
    shape,
    special,
    stacking,
    statistics,
    strided,
)
from gradviz.ops.in_place import count, in_place, refuse_in_graph

_ROOMS = (
    rounding, pointwise, elementary, special, bounds, blends, logic, activations, matmul, composite, arithmetic,
    gathering, contraction, counting, extremes, linear_algebra, reshaping, shape, stacking, statistics,
    products, gamma, reducing, numeric, renormalization,
)  # fmt: skip
# out of place and in place they are the same op
SAME = (
    "abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr arccos arccosh arcsin arcsinh arctan "
    "arctan2 arctanh asin asinh atan atan2 atanh baddbmm bitwise_and bitwise_left_shift bitwise_not bitwise_or "
    "bitwise_right_shift bitwise_xor ceil clamp clamp_max clamp_min clip copysign cos cosh cumprod cumsum deg2rad "
    "digamma div divide erf erfc erfinv exp exp2 expm1 fix floor floor_divide fmod frac gcd heaviside hypot "
    "index_add index_copy index_fill index_put index_reduce lcm lerp lgamma log log10 log1p log2 "
    "logical_and logical_not logical_or logical_xor logit masked_fill masked_scatter mul multiply nan_to_num neg "
    "negative nextafter pow put rad2deg reciprocal relu remainder renorm round rsqrt scatter scatter_add "
    "scatter_reduce sgn sigmoid sign sin sinc sinh sqrt square sub subtract tan tanh tril triu true_divide trunc "
    "xlogy"
).split()


def _filled(self, value):
    return pointwise.fill_tensor(self, value) if isinstance(value, Tensor) else pointwise.fill_number(self, value=value)


def _copied(self, source, non_blocking=False):
    if not isinstance(source, Tensor):
        source = Tensor(backend.module_of(self._array).asarray(source, self._array.dtype))
    elif source.is_cuda != self.is_cuda:
        source = composite.to(source, self.device)
    return pointwise.copy(self, source)


OWN = {
    "fill": _filled, "copy": _copied, "zero": pointwise.zero, "normal": drawing.normal, "uniform": drawing.uniform,
    "bernoulli": drawing.bernoulli, "exponential": drawing.exponential, "random": drawing.integers,
    "cauchy": drawing.cauchy, "geometric": drawing.geometric, "log_normal": drawing.log_normal,
    "float_power": numeric.float_power_in_place, "ldexp": numeric.ldexp_in_place,
    **comparing.COMPARED,
}  # fmt: skip


def _add_into(array, other, alpha=1):
    array += other if alpha == 1 else _scaled(other, alpha)


def _subtract_from(array, other, alpha=1):
    array -= other if alpha == 1 else _scaled(other, alpha)


def _scaled(array, factor):
    try:
        return factor * array
    except RuntimeWarning:  # the script's filters make errors of NumPy's warnings
        return quietly(np.multiply, factor, array)


def _multiply_into(array, other):
    array *= other


WRITTEN = {"add": _add_into, "sub": _subtract_from, "mul": _multiply_into}


def _out_of_place(name):
    return next(getattr(room, name) for room in _ROOMS if name in room.METHODS)


FORMS = {f"{name}_": in_place(f"{name}_", compute) for name, compute in OWN.items()}
FORMS |= {f"{name}_": in_place(f"{name}_", with_numpy_names(_out_of_place(name)), WRITTEN.get(name)) for name in SAME}


# -- what changes a tensor's shape, not its values -----------------------------------------------------


def _renamed(call, grad_fn):
    """A shape op anew, under the name that its in-place form's node has."""
    known = call.op
    forward = FunctionType(known.forward.__code__, known.forward.__globals__, f"{known.name}_in_place")
    forward.__kwdefaults__, forward.__doc__ = known.forward.__kwdefaults__, known.forward.__doc__
    return op(title=known.title, grad_fn=grad_fn, hidden=known.hidden, **known.vjps)(forward)


_t, _transpose = _renamed(shape.t, "TBackward1"), _renamed(shape.transpose, "TransposeBackward1")
_unsqueeze, _squeeze = _renamed(shape.unsqueeze, "UnsqueezeBackward1"), _renamed(shape.squeeze, "SqueezeBackward3")
_as_strided = _renamed(strided.strided_view, "AsStridedBackward1")
_squeeze_several = _renamed(shape.squeeze_several, "SqueezeBackward5")


def _turned(self):
    if self._array.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self._array.ndim}D")
    return _t(self)


def _swapped(self, dim0, dim1):
    ndim = self._array.ndim
    return _transpose(self, dim0=composite.wrapped(dim0, ndim), dim1=composite.wrapped(dim1, ndim))


def _squeezed(self, dim=None):
    if dim is None:
        return _squeeze(self)
    ndim = self._array.ndim
    if isinstance(dim, int):
        return shape.squeeze_dim(self, dim=composite.wrapped(dim, ndim))
    return _squeeze_several(self, dim=composite.wrapped_all(dim, ndim))


def _strided(self, size, stride, storage_offset=None):
    return _as_strided(self, size=tuple(size), stride=tuple(stride), storage_offset=storage_offset)


def _reshaped(name, compute):
    """An in-place form that shows the tensor's own memory in another shape."""

    def changed(self, *args, **kwargs):
        if mode.grad:
            refuse_in_graph(self, ())
        made = compute(self, *args, **kwargs)
        self._array = made._array
        count(self, made._edge.name() if made._edge is not None else "")
        if made._edge is not None:
            made._edge.sequence_nr = mode.next_sequence_nr()  # newer than the change that it is itself
            self._edge, self._requires_grad, self._serial = made._edge, True, made._serial
        if mode.observer is not None:
            mode.observer.mutated(self, name)
        return self

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"`{name.rstrip('_')}`, in place; returns self."
    return changed


RESHAPED = {
    "as_strided_": _strided,
    "t_": _turned,
    "transpose_": _swapped,
    "swapaxes_": _swapped,
    "swapdims_": _swapped,
    "unsqueeze_": lambda self, dim: _unsqueeze(self, dim=composite.wrapped(dim, self._array.ndim + 1)),
    "squeeze_": _squeezed,
}
FORMS |= {name: _reshaped(name, compute) for name, compute in RESHAPED.items()}


def detach_(self):
    """Takes the tensor out of its graph; RuntimeError for a view."""
    if self._viewed is not None:
        raise RuntimeError(NO_DETACH)
    self._edge, self._requires_grad = None, False
    return self


NO_DETACH = (
    "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, "
    "and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be "
    "called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in "
    "torch/optim/optimizer.py as the solution."
)
FORMS["detach_"] = detach_


# -- where they are found --------------------------------------------------------------------------------


def _as_operator(form):
    def operated(self, other):
        return form(self, other) if isinstance(other, Tensor) or type(other) in NUMBERS else NotImplemented

    return operated


OPERATORS = {
    f"__i{sign}__": _as_operator(FORMS[name])
    for sign, name in {
        "add": "add_", "sub": "sub_", "mul": "mul_", "truediv": "div_", "pow": "pow_", "floordiv": "floor_divide_",
        "mod": "remainder_", "and": "bitwise_and_", "or": "bitwise_or_", "xor": "bitwise_xor_",
        "lshift": "bitwise_left_shift_", "rshift": "bitwise_right_shift_",
    }.items()
}  # fmt: skip
METHODS = [*FORMS]
# those that torch has as functions too
__all__ = [
    f"{name}_"
    for name in (
        "abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh as_strided asin asinh atan atanh ceil "
        "clamp clamp_max clamp_min clip cos cosh deg2rad detach erf erfc exp exp2 expm1 fill fix floor frac gcd "
        "index_put lcm ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu round "
        "rsqrt sigmoid sin sinc sinh sqrt square tan tanh trunc xlogy zero"
    ).split()
]
globals().update(FORMS)
