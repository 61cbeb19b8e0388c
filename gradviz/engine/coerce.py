"""What an op does with inputs that are not plain tensors of one dtype, and PyTorch's words for what can't be done."""

import numpy as np

from gradviz.engine import dtypes
from gradviz.engine.tensor import Number, Tensor

SCALARS = (np.float32, np.float64)  # what NumPy gives in place of arrays of 0 dims, mostly
NUMBERS = frozenset((bool, int, float, np.float32, np.float64, np.int32, np.int64, np.bool_))
KIND_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}


def number_like(value, *others):
    """A Python number as a 0-d tensor on the device of the tensors that it meets."""
    partner = next((each for each in others if isinstance(each, Tensor)), None)
    if partner is None:
        return Number(np.asarray(value), value)
    array = partner._array
    # straight into the partner's dtype when that can hold the number's category
    needed = 2 if isinstance(value, (float, np.floating)) else 1
    if KIND_RANK[array.dtype.kind] >= needed and not isinstance(value, (bool, np.bool_)):
        try:
            kept = np.array(value, array.dtype)
        except OverflowError:  # it wraps around, as in PyTorch
            kept = np.asarray(value).astype(array.dtype)
    else:
        kept = np.asarray(value)
    # CuPy takes a NumPy scalar as a kernel's argument: nothing is copied to the GPU
    return Number(kept if isinstance(array, np.ndarray) else kept[()], value)


def as_tensors(op, values):
    """The inputs as tensors; TypeError with PyTorch's wording for what is none."""
    tensors = []
    for name, value in zip(op.inputs, values, strict=True):
        if isinstance(value, Tensor):
            tensors.append(value)
        elif type(value) in NUMBERS and op.dtype in ("promote", "float") and len(values) > 1:
            tensors.append(number_like(value, *values))
        else:
            position = op.inputs.index(name) + 1
            raise TypeError(
                f"{op.title}(): argument '{'input' if name == 'self' else name}' (position {position}) must be "
                f"Tensor, not {type(value).__name__}"
            )
    return tensors


def as_operands(op, values):
    """As as_tensors, but NotImplemented for what is no tensor and no number: Python then says what doesn't go."""
    known = all(isinstance(each, Tensor) or type(each) in NUMBERS for each in values)
    return as_tensors(op, values) if known else NotImplemented


def promoted(op, tensors):
    """The inputs' arrays in the dtype that PyTorch computes in."""
    if op.name == "sub":
        refuse_bools(*(t._array for t in tensors))
    wanted = dtypes.result_type(tensors)
    if op.dtype == "float" and wanted.kind != "f":
        wanted = dtypes.default_float()
    return [t._array if t._array.dtype == wanted else t._array.astype(wanted) for t in tensors]


def check_same(op, arrays):
    """RuntimeError, with PyTorch's words, unless the inputs have one dtype."""
    found = [each.dtype for each in arrays]
    if found.count(found[0]) == len(found):
        return
    titles = [dtypes.title(each) for each in found]
    if op.name in ("dot", "vdot"):
        complaint = f"dot : expected both vectors to have same dtype, but found {titles[0]} and {titles[1]}"
    elif op.name in ("mv", "addmv"):
        first, matrix, second = titles if op.name == "addmv" else (titles[1], *titles)
        complaint = f"addmv input tensors must have the same dtype, but got {first}, {matrix}, and {second}"
    elif op.name in ("bmm", "linalg_cross") and found[0].kind == "b":
        raise NotImplementedError(f"\"{op.name.removeprefix('linalg_')}\" not implemented for 'Bool'")
    elif op.name in ("bmm", "linalg_cross") or (op.name == "baddbmm" and found[0] == found[1]):
        complaint = f"expected scalar type {titles[0]} but found {titles[-1]}"
    elif op.name == "baddbmm":
        names = "input {}, batch1: {}, batch2: {}".format(*map(dtypes.in_cpp, found))
        complaint = f"Input dtypes must be the same, got: {names}"
    elif len(titles) == 3:
        names = ("self", "mat2") if titles[0] != titles[2] else ("mat1", "mat2")
        odd = titles[0] if titles[0] != titles[2] else titles[1]
        complaint = f"{names[0]} and {names[1]} must have the same dtype, but got {odd} and {titles[2]}"
    else:
        names = [dtypes.in_cpp(each) for each in found]
        complaint = f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}"
    raise RuntimeError(complaint)


def refuse_bools(self, other):
    """RuntimeError, with PyTorch's words, when one of two arrays to subtract is of booleans."""
    bools = (self.dtype.kind == "b") + (other.dtype.kind == "b")
    if bools == 2:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if bools:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


def as_array(result):
    """What NumPy gives for a 0-d result is a scalar; a tensor holds an array, which can be watched and changed."""
    return np.asarray(result) if isinstance(result, (np.generic, float, int, bool)) else result


def quietly(function, *args, **kwargs):
    """What a function computes, without NumPy's warnings."""
    with np.errstate(all="ignore"):
        return function(*args, **kwargs)


def explained(op, error, tensors):
    """NumPy's complaint in PyTorch's class and words, where the cause is known."""
    if isinstance(error, np.exceptions.AxisError):
        return IndexError(dim_complaint(error.axis, error.ndim))
    if isinstance(error, IndexError) or "broadcast to" not in str(error):
        return error
    shape, *others = [t._array.shape for t in tensors if t is not None]
    for other in others:
        complaint = broadcast_complaint(shape, other)
        if complaint is not None:
            return RuntimeError(complaint)
        shape = np.broadcast_shapes(shape, other)
    return error


def size_at(array, dim):
    """The size of a dimension; IndexError with PyTorch's words where there is no such dimension."""
    if not array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if not -array.ndim <= dim < array.ndim:
        raise IndexError(dim_complaint(dim, array.ndim))
    return array.shape[dim]


def dim_complaint(dim, ndim):
    """PyTorch's sentence for a dimension that a tensor of `ndim` dimensions doesn't have."""
    most = max(ndim, 1)
    return f"Dimension out of range (expected to be in range of [{-most}, {most - 1}], but got {dim})"


def broadcast_complaint(a, b):
    """PyTorch's sentence for two shapes that don't broadcast, or None."""
    for back in range(1, min(len(a), len(b)) + 1):
        one, two = a[-back], b[-back]
        if one != two and 1 not in (one, two):
            place = max(len(a), len(b)) - back
            return (
                f"The size of tensor a ({one}) must match the size of tensor b ({two}) "
                f"at non-singleton dimension {place}"
            )
    return None


def check_broadcast(a, b):
    """RuntimeError, with PyTorch's sentence, for two shapes that don't broadcast."""
    complaint = broadcast_complaint(a, b)
    if complaint is not None:
        raise RuntimeError(complaint)
