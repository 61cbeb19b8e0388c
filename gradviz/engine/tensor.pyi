"""Tensor: data, grad, grad_fn, requires_grad, is_leaf.

Made by `python -m docs.generate`.
"""

# mypy: disable-error-code="misc,override"

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as _numpy

from gradviz.engine import dtypes
from gradviz.ops.storage import UntypedStorage

class Tensor:
    """An array that may be part of a graph."""

    @property
    def T(self) -> Tensor: ...
    def __abs__(self) -> Tensor:
        """Absolute value."""
    def __add__(self, other, *, alpha=1) -> Tensor:
        """Sum, `self + alpha * other`; shapes broadcast."""
    def __and__(self, other) -> Tensor:
        """And of booleans, or of integers bit by bit."""
    def __array__(self, dtype=None, copy=None) -> _numpy.ndarray:
        """What `numpy.asarray(tensor)` gives: the array itself where dtype and copy allow it."""
    def __array_wrap__(self, array, context=None, return_scalar=False) -> Tensor:
        """What a NumPy function of tensors gives: a tensor, outside the graph; booleans as uint8, as in
        PyTorch.
        """
    def __bool__(self) -> builtins.bool: ...
    def __complex__(self) -> builtins.complex:
        """`complex(tensor)`, of one element."""
    def __contains__(self, element) -> builtins.bool:
        """Whether an element equals this number or tensor."""
    def __copy__(self) -> Tensor:
        """A leaf of the same kind that shares memory with this tensor."""
    def __deepcopy__(self, memo) -> Tensor:
        """A leaf of the same kind with memory of its own; views of one array stay views of one copy."""
    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None) -> Any:
        """A DLPack capsule that shares this tensor's memory; BufferError while it requires grad."""
    def __dlpack_device__(self) -> Any:
        """(device type, device number) as DLPack numbers them."""
    def __eq__(self, other) -> Tensor:
        """Whether equal, elementwise."""
    def __float__(self) -> builtins.float: ...
    def __floordiv__(self, other) -> Tensor:
        """The quotient rounded down, `self // other`; PyTorch has no derivative of it."""
    def __format__(self, spec) -> builtins.str: ...
    def __ge__(self, other) -> Tensor:
        """Whether greater or equal, elementwise."""
    def __getitem__(self, index) -> Tensor:
        """`x[2]`, `x[1:3, None, ..., -1]`, `x[mask]`, `x[[0, 2], 1:]`: as PyTorch."""
    def __gt__(self, other) -> Tensor:
        """Whether greater, elementwise."""
    def __iadd__(self, *args, **kwargs) -> Tensor:
        """`add`, in place; returns self."""
    def __imul__(self, *args, **kwargs) -> Tensor:
        """`mul`, in place; returns self."""
    def __index__(self) -> builtins.int: ...
    def __init__(self, array, requires_grad=False) -> None: ...
    def __int__(self) -> builtins.int: ...
    def __invert__(self) -> Tensor:
        """`~self`: not of booleans, or of integers bit by bit."""
    def __isub__(self, *args, **kwargs) -> Tensor:
        """`sub`, in place; returns self."""
    def __iter__(self) -> Iterator[Tensor]: ...
    def __itruediv__(self, *args, **kwargs) -> Tensor:
        """`div`, in place; returns self."""
    def __le__(self, other) -> Tensor:
        """Whether smaller or equal, elementwise."""
    def __len__(self) -> builtins.int: ...
    def __lshift__(self, other) -> Tensor:
        """Bits moved up, `self << other`."""
    def __lt__(self, other) -> Tensor:
        """Whether smaller, elementwise."""
    def __matmul__(self, other) -> Tensor:
        """`self @ other`; Python says what is wrong with an `other` that is no tensor."""
    def __mod__(self, other) -> Tensor:
        """`self % other`; Python says what is wrong with an `other` that is no number."""
    def __mul__(self, other) -> Tensor:
        """Product; shapes broadcast."""
    def __ne__(self, other) -> Tensor:
        """Whether different, elementwise."""
    def __neg__(self) -> Tensor:
        """`-self`."""
    def __or__(self, other) -> Tensor:
        """Or of booleans, or of integers bit by bit."""
    def __pos__(input) -> Tensor:
        """`+input`: the tensor itself."""
    def __pow__(self, exponent) -> Tensor:
        """`self ** exponent`; Python says what is wrong with an exponent that is no number."""
    def __radd__(self, other, *, alpha=1) -> Tensor:
        """Sum, `self + alpha * other`; shapes broadcast."""
    def __rand__(self, other) -> Tensor:
        """And of booleans, or of integers bit by bit."""
    def __reduce_ex__(self, protocol) -> Any:
        """Refused: TypeError says what to use instead of a pickle."""
    def __repr__(self) -> builtins.str: ...
    def __reversed__(self) -> Tensor:
        """The tensor with every dimension reversed, as PyTorch's."""
    def __rfloordiv__(self, other) -> Tensor:
        """`other // self` for a Python number."""
    def __rmod__(self, other) -> Tensor:
        """`other % self` for a Python number."""
    def __rmul__(self, other) -> Tensor:
        """Product; shapes broadcast."""
    def __ror__(self, other) -> Tensor:
        """Or of booleans, or of integers bit by bit."""
    def __rpow__(self, number) -> Tensor:
        """`number ** self`."""
    def __rshift__(self, other) -> Tensor:
        """Bits moved down, `self >> other`."""
    def __rsub__(self, other) -> Tensor:
        """`other - self`, for a Python number (RsubBackward1) or a tensor."""
    def __rtruediv__(self, other) -> Tensor:
        """`other / self`, as PyTorch: the reciprocal times a number."""
    def __rxor__(self, other) -> Tensor:
        """Exclusive or of booleans, or of integers bit by bit."""
    def __setitem__(self, index, value) -> None:
        """`x[index] = value`, in place: the node that PyTorch gives it where it is part of a graph."""
    def __sub__(self, other, *, alpha=1) -> Tensor:
        """Difference, `self - alpha * other`; shapes broadcast."""
    def __truediv__(self, other) -> Tensor:
        """Quotient; shapes broadcast, integers become floats."""
    def __xor__(self, other) -> Tensor:
        """Exclusive or of booleans, or of integers bit by bit."""
    @property
    def _version(self) -> builtins.int: ...
    def abs(self) -> Tensor:
        """Absolute value."""
    def absolute(self) -> Tensor:
        """Absolute value."""
    def acos(self) -> Tensor:
        """Inverse cosine."""
    def acosh(self) -> Tensor:
        """Inverse hyperbolic cosine."""
    def add(self, other, *, alpha=1) -> Tensor:
        """Sum, `self + alpha * other`; shapes broadcast."""
    def add_(self, *args, **kwargs) -> Tensor:
        """`add`, in place; returns self."""
    def addbmm(self, batch1, batch2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * bmm(batch1, batch2).sum(0)`; self broadcasts to (N, M)."""
    def addcdiv(input, tensor1, tensor2, *, value=1) -> Tensor:
        """`input + value * tensor1 / tensor2`; shapes broadcast."""
    def addcmul(input, tensor1, tensor2, *, value=1) -> Tensor:
        """`input + value * tensor1 * tensor2`; shapes broadcast."""
    def addmm(self, mat1, mat2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * mat1 @ mat2`; self broadcasts to (N, M)."""
    def addmv(self, mat, vec, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * mat @ vec`; self broadcasts to (N,)."""
    def addr(self, vec1, vec2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * outer(vec1, vec2)`; self broadcasts to (N, M)."""
    def all(input, dim=None, keepdim=False) -> Tensor:
        """Whether all elements are other than zero, or all over `dim` (an int or a tuple)."""
    def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> builtins.bool:
        """Whether all elements are close: a Python bool."""
    def amax(input, dim=..., keepdim=False) -> Tensor:
        """The greatest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
    def amin(input, dim=..., keepdim=False) -> Tensor:
        """The smallest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
    def aminmax(input, *, dim=None, keepdim=False) -> tuple[Tensor, ...]:
        """(min, max) of all elements, or along `dim`."""
    def any(input, dim=None, keepdim=False) -> Tensor:
        """Whether an element is other than zero, or one over `dim` (an int or a tuple)."""
    def arccos(self) -> Tensor:
        """Inverse cosine."""
    def arccosh(self) -> Tensor:
        """Inverse hyperbolic cosine."""
    def arcsin(self) -> Tensor:
        """Inverse sine."""
    def arcsinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arctan(self) -> Tensor:
        """Inverse tangent."""
    def arctan2(input, other) -> Tensor:
        """The angle of the point (other, self), from -pi to pi."""
    def arctanh(self) -> Tensor:
        """Inverse hyperbolic tangent."""
    def argmax(input, dim=None, keepdim=False) -> Tensor:
        """Place of the greatest element of all, or along `dim`."""
    def argmin(input, dim=None, keepdim=False) -> Tensor:
        """Place of the smallest element of all, or along `dim`."""
    def argsort(self, dim=-1, descending=False, *, stable=False) -> Tensor:
        """Where the elements in order along `dim` were."""
    def argwhere(self) -> Tensor:
        """The places of the elements that are not zero, a row each."""
    def asin(self) -> Tensor:
        """Inverse sine."""
    def asinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def atan(self) -> Tensor:
        """Inverse tangent."""
    def atan2(input, other) -> Tensor:
        """The angle of the point (other, self), from -pi to pi."""
    def atanh(self) -> Tensor:
        """Inverse hyperbolic tangent."""
    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Runs backward from this tensor: gradients are added to the .grad of the leaves that led to it."""
    def baddbmm(self, batch1, batch2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * bmm(batch1, batch2)`; self broadcasts to (B, N, M)."""
    def bernoulli(input, p=None) -> Tensor:
        """1 with the probability that each element is, or p, else 0; outside the graph."""
    def bincount(self, weights=None, minlength=0) -> Tensor:
        """How often each of 0, 1, 2, ... occurs in a vector, or the sum of its weights."""
    def bitwise_and(self, other) -> Tensor:
        """And of booleans, or of integers bit by bit."""
    def bitwise_left_shift(self, other) -> Tensor:
        """Bits moved up, `self << other`."""
    def bitwise_not(self) -> Tensor:
        """`~self`: not of booleans, or of integers bit by bit."""
    def bitwise_or(self, other) -> Tensor:
        """Or of booleans, or of integers bit by bit."""
    def bitwise_right_shift(self, other) -> Tensor:
        """Bits moved down, `self >> other`."""
    def bitwise_xor(self, other) -> Tensor:
        """Exclusive or of booleans, or of integers bit by bit."""
    def bmm(self, mat2) -> Tensor:
        """A batch of matrix products, (B, N, K) and (B, K, M) to (B, N, M)."""
    def bool(self) -> Tensor:
        """`to(torch.bool)`."""
    def broadcast_to(self, size) -> Tensor:
        """Expanded to a size, a view."""
    def byte(self) -> Tensor:
        """`to(torch.uint8)`."""
    def ceil(self) -> Tensor:
        """The integer above."""
    def char(self) -> Tensor:
        """`to(torch.int8)`."""
    def chunk(self, chunks, dim=0) -> tuple[Tensor, ...]:
        """At most `chunks` ranges of one size, the last one what is left; views."""
    def clamp(input, min=None, max=None) -> Tensor:
        """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be
        None.
        """
    def clamp_max(input, max) -> Tensor:
        """Each element, at most `max`: a number or a tensor."""
    def clamp_min(input, min) -> Tensor:
        """Each element, at least `min`: a number or a tensor."""
    def clip(input, min=None, max=None) -> Tensor:
        """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be
        None.
        """
    def clone(self) -> Tensor:
        """A copy, part of the graph."""
    def contiguous(self) -> Tensor:
        """The tensor itself where its elements lie in C order, else a copy that has them so."""
    def copy_(self, *args, **kwargs) -> Tensor:
        """`copy`, in place; returns self."""
    def copysign(input, other) -> Tensor:
        """The size of `input` with the sign of `other`, a number or a tensor."""
    def cos(self) -> Tensor:
        """Cosine."""
    def cosh(self) -> Tensor:
        """Hyperbolic cosine."""
    def count_nonzero(input, dim=None) -> Tensor:
        """How many elements are other than zero, of all or over `dim` (an int or a tuple)."""
    def cpu(self) -> Tensor:
        """The tensor on the CPU."""
    def cuda(self, device=None, non_blocking=False) -> Tensor:
        """The tensor on a GPU: the current one, or the one named."""
    def cumprod(input, dim, *, dtype=None) -> Tensor:
        """Running product along `dim`."""
    def cumsum(input, dim, *, dtype=None) -> Tensor:
        """Running sum along `dim`."""
    @property
    def data(self) -> Tensor:
        """The same values outside the graph; changes through it don't count as versions."""
    @data.setter
    def data(self, value: Tensor) -> None: ...
    def data_ptr(self) -> builtins.int:
        """The address of the first element; 0 where there is none."""
    def deg2rad(self) -> Tensor:
        """Degrees as radians."""
    def det(A) -> Tensor:
        """The determinant of matrices, (..., N, N) to (...)."""
    def detach(self) -> Tensor:
        """The same values outside the graph; the memory is shared."""
    def detach_(self) -> Tensor:
        """Takes the tensor out of its graph for good, and returns it: a leaf that needs no gradient."""
    @property
    def device(self) -> Device:
        """Where the data is: "cpu", or "cuda:0"."""
    def diag(self, diagonal=0) -> Tensor:
        """A vector as the diagonal of a matrix, or a matrix's diagonal as a vector."""
    def diag_embed(self, offset=0, dim1=-2, dim2=-1) -> Tensor:
        """The last dimension on the diagonal of two new ones."""
    def diagflat(self, offset=0) -> Tensor:
        """All elements on the diagonal of a matrix."""
    def diagonal(self, offset=0, dim1=0, dim2=1) -> Tensor:
        """A diagonal of two dimensions, as the last dimension; a view."""
    def dim(self) -> builtins.int: ...
    def div(input, other, *, rounding_mode=None) -> Tensor:
        """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
    def div_(self, *args, **kwargs) -> Tensor:
        """`div`, in place; returns self."""
    def divide(input, other, *, rounding_mode=None) -> Tensor:
        """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
    def dot(self, tensor) -> Tensor:
        """Inner product of two vectors, (N,) and (N,) to ()."""
    def double(self) -> Tensor:
        """`to(torch.float64)`."""
    @property
    def dtype(self) -> dtypes.dtype:
        """The element type, such as torch.float32."""
    def element_size(self) -> builtins.int:
        """Bytes of one element."""
    def eq(self, other) -> Tensor:
        """Whether equal, elementwise."""
    def equal(input, other) -> builtins.bool:
        """Whether two tensors have one shape and the same elements: a Python bool."""
    def erf(self) -> Tensor:
        """Error function."""
    def erfc(self) -> Tensor:
        """`1 - erf(self)`, exact where that is small."""
    def exp(self) -> Tensor:
        """e to the power of each element."""
    def exp2(self) -> Tensor:
        """2 to the power of each element."""
    def expand(self, *size) -> Tensor:
        """Dimensions of size 1 spread to `size` (-1 keeps one), a view."""
    def expand_as(self, other) -> Tensor:
        """Expanded to another tensor's shape, a view."""
    def expm1(self) -> Tensor:
        """`exp(self) - 1`, exact near zero."""
    def fill_(self, *args, **kwargs) -> Tensor:
        """`fill`, in place; returns self."""
    def fix(self) -> Tensor:
        """The integer towards zero."""
    def flatten(self, start_dim=0, end_dim=-1) -> Tensor:
        """Dimensions start_dim to end_dim made one."""
    def flip(self, *dims) -> Tensor:
        """The order of dims reversed, a copy."""
    def fliplr(self) -> Tensor:
        """The second dimension reversed."""
    def flipud(self) -> Tensor:
        """The first dimension reversed."""
    def float(self) -> Tensor:
        """`to(torch.float32)`."""
    def floor(self) -> Tensor:
        """The integer below."""
    def floor_divide(self, other) -> Tensor:
        """The quotient rounded down, `self // other`; PyTorch has no derivative of it."""
    def fmax(input, other) -> Tensor:
        """The greater of two elements; a NaN gives way to a number."""
    def fmin(input, other) -> Tensor:
        """The smaller of two elements; a NaN gives way to a number."""
    def fmod(input, other) -> Tensor:
        """What is left of input divided by other, with the sign of input; other may be a Python number."""
    def frac(self) -> Tensor:
        """What is after the decimal point, with the sign."""
    def gather(self, dim, index, *, sparse_grad=False) -> Tensor:
        """`self[i, index[i, j]]` along `dim`, for every element of index."""
    def ge(self, other) -> Tensor:
        """Whether greater or equal, elementwise."""
    def ger(self, vec2) -> Tensor:
        """(N,) and (M,) to (N, M): every product."""
    def get_device(self) -> builtins.int:
        """The GPU's number; -1 on the CPU."""
    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward accumulated, a Tensor of this shape, or None."""
    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor; None for a leaf."""
    def greater(self, other) -> Tensor:
        """Whether greater, elementwise."""
    def greater_equal(self, other) -> Tensor:
        """Whether greater or equal, elementwise."""
    def gt(self, other) -> Tensor:
        """Whether greater, elementwise."""
    def half(self) -> Tensor:
        """`to(torch.float16)`."""
    def heaviside(self, values) -> Tensor:
        """0 below zero, 1 above, `values` at zero; PyTorch has no derivative of it."""
    def hsplit(self, indices_or_sections) -> tuple[Tensor, ...]:
        """tensor_split along the second dimension, or the first of a vector."""
    def hypot(input, other) -> Tensor:
        """`sqrt(self**2 + other**2)`."""
    def index_add(self, dim, index, source, *, alpha=1) -> Tensor:
        """A copy with `alpha * source` added at the positions of `dim` that index names."""
    def index_copy(self, dim, index, source) -> Tensor:
        """A copy with source put at the positions of `dim` that index names."""
    def index_fill(self, dim, index, value) -> Tensor:
        """A copy with a number, or a 0-d tensor's value, at the positions of `dim` that index names."""
    def index_put(self, indices, values, accumulate=False) -> Tensor:
        """A copy with values at the places that index tensors name; accumulate adds them."""
    def index_select(self, dim, index) -> Tensor:
        """Positions of a dimension, one for each element of a vector."""
    def inner(self, other) -> Tensor:
        """Sums of products over the last dimensions of both."""
    def int(self) -> Tensor:
        """`to(torch.int32)`."""
    def inverse(A) -> Tensor:
        """The inverse of matrices, (..., N, N)."""
    def is_complex(self) -> builtins.bool:
        """Whether the dtype is complex: never, since gradviz has none."""
    def is_contiguous(self, memory_format=None) -> builtins.bool:
        """Whether the elements lie in C order without gaps."""
    @property
    def is_cuda(self) -> builtins.bool:
        """Whether the elements are on a GPU."""
    def is_floating_point(self) -> builtins.bool:
        """Whether the dtype is a floating one."""
    def is_inference(self) -> builtins.bool:
        """Whether the tensor was made in inference mode, or is a view of one that was."""
    @property
    def is_leaf(self) -> builtins.bool:
        """Whether no graph leads to this tensor (made by the user, or outside any graph)."""
    def is_nonzero(input) -> builtins.bool:
        """Whether the one element is not zero."""
    def is_signed(self) -> builtins.bool:
        """Whether the dtype has negative numbers."""
    def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> Tensor:
        """Whether the difference is at most `atol + rtol * |other|`, element by element."""
    def isfinite(self) -> Tensor:
        """Whether a number and not infinite."""
    def isinf(self) -> Tensor:
        """Whether infinite, of either sign."""
    def isnan(self) -> Tensor:
        """Whether not a number."""
    def item(self) -> Any:
        """The one value as a Python number; RuntimeError for more than one element."""
    @property
    def itemsize(self) -> builtins.int:
        """Bytes of one element."""
    def kron(self, other) -> Tensor:
        """The Kronecker product: each element of one times all of the other."""
    def kthvalue(self, k, dim=-1, keepdim=False) -> tuple[Tensor, ...]:
        """(values, indices): the k-th least element along `dim`."""
    def le(self, other) -> Tensor:
        """Whether smaller or equal, elementwise."""
    def lerp(input, end, weight) -> Tensor:
        """`input + weight * (end - input)`; weight is a number or a tensor."""
    def less(self, other) -> Tensor:
        """Whether smaller, elementwise."""
    def less_equal(self, other) -> Tensor:
        """Whether smaller or equal, elementwise."""
    def log(self) -> Tensor:
        """Natural logarithm."""
    def log10(self) -> Tensor:
        """Logarithm to base 10."""
    def log1p(self) -> Tensor:
        """`log(1 + self)`, exact near zero."""
    def log2(self) -> Tensor:
        """Logarithm to base 2."""
    def log_softmax(input, dim) -> Tensor:
        """Logarithms of probabilities along a dimension."""
    def logaddexp(input, other) -> Tensor:
        """`log(exp(self) + exp(other))` without overflow."""
    def logaddexp2(input, other) -> Tensor:
        """`log2(2**self + 2**other)` without overflow."""
    def logical_and(input, other) -> Tensor:
        """Whether both are other than zero."""
    def logical_not(self) -> Tensor:
        """Not, elementwise."""
    def logical_or(input, other) -> Tensor:
        """Whether one is other than zero."""
    def logical_xor(input, other) -> Tensor:
        """Whether exactly one is other than zero."""
    def logit(input, eps=None) -> Tensor:
        """`log(input / (1 - input))`."""
    def logsumexp(input, dim, keepdim=False) -> Tensor:
        """`log(sum(exp(input)))` over `dim` (an int or a tuple), without overflow."""
    def long(self) -> Tensor:
        """`to(torch.int64)`."""
    def lt(self, other) -> Tensor:
        """Whether smaller, elementwise."""
    @property
    def mT(self) -> Tensor: ...
    def masked_fill(input, mask, value) -> Tensor:
        """`value`, a number or a 0-d tensor, where the mask holds, else the element; shapes broadcast."""
    def masked_scatter(self, mask, source) -> Tensor:
        """A copy with the elements of source, in order, where a mask holds."""
    def masked_select(self, mask) -> Tensor:
        """The elements where a mask holds, as a vector; shapes broadcast."""
    def matmul(self, other) -> Tensor:
        """The product of vectors, matrices or batches of them; expands to the ops that PyTorch expands to."""
    def matrix_power(self, n) -> Tensor:
        """A square matrix times itself, n times; its inverse for a negative n."""
    def max(input, dim=None, keepdim=False, *, other=None) -> Any:
        """The greatest of all; along `dim`, (values, indices); with a second tensor, the greater of two
        elements.
        """
    def maximum(input, other) -> Tensor:
        """The greater of two elements; NaN where one is."""
    def mean(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Mean of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
    def median(input, dim=None, keepdim=False) -> Any:
        """The middle element of all, the lower of two; along `dim`, (values, indices)."""
    def min(input, dim=None, keepdim=False, *, other=None) -> Any:
        """The smallest of all; along `dim`, (values, indices); with a second tensor, the smaller of two
        elements.
        """
    def minimum(input, other) -> Tensor:
        """The smaller of two elements; NaN where one is."""
    def mm(self, mat2) -> Tensor:
        """Matrix product, (N, K) and (K, M) to (N, M)."""
    def moveaxis(self, source, destination) -> Tensor:
        """Dimensions moved to other places, the rest in order; a view."""
    def movedim(self, source, destination) -> Tensor:
        """Dimensions moved to other places, the rest in order; a view."""
    def msort(self) -> Tensor:
        """Elements in order along the first dimension."""
    def mul(self, other) -> Tensor:
        """Product; shapes broadcast."""
    def mul_(self, *args, **kwargs) -> Tensor:
        """`mul`, in place; returns self."""
    def multinomial(input, num_samples, replacement=False) -> Tensor:
        """(num_samples,) or (N, num_samples) places, drawn by the weights in (C,) or (N, C)."""
    def multiply(self, other) -> Tensor:
        """Product; shapes broadcast."""
    def mv(self, vec) -> Tensor:
        """Matrix times vector, (N, M) and (M,) to (N,)."""
    def nan_to_num(input, nan=0.0, posinf=None, neginf=None) -> Tensor:
        """Numbers for NaN and the infinities: by default 0 and the largest that the dtype holds."""
    def nanmean(input, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Mean of what is a number, of all elements or over `dim`."""
    def nansum(input, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Sum of what is a number, of all elements or over `dim`."""
    def narrow(self, dim, start, length) -> Tensor:
        """A range of a dimension, `length` long; a view."""
    @property
    def nbytes(self) -> builtins.int:
        """Bytes of all elements."""
    @property
    def ndim(self) -> builtins.int:
        """How many dimensions."""
    def ndimension(self) -> builtins.int:
        """How many dimensions."""
    def ne(self, other) -> Tensor:
        """Whether different, elementwise."""
    def neg(self) -> Tensor:
        """`-self`."""
    def negative(self) -> Tensor:
        """`-self`."""
    def nelement(self) -> builtins.int:
        """How many elements."""
    def new_empty(self, *size, dtype=None, device=None, requires_grad=False) -> Tensor:
        """Memory of this size as it is found, of this tensor's dtype and device."""
    def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False) -> Tensor:
        """One value of this size, of this tensor's dtype and device."""
    def new_ones(self, *size, dtype=None, device=None, requires_grad=False) -> Tensor:
        """Ones of this size, of this tensor's dtype and device."""
    def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False) -> Tensor:
        """A copy of data as a leaf of this tensor's dtype and device."""
    def new_zeros(self, *size, dtype=None, device=None, requires_grad=False) -> Tensor:
        """Zeros of this size, of this tensor's dtype and device."""
    def nonzero(self, *, as_tuple=False) -> Any:
        """The places of the elements that are not zero: a row each, or a tuple with a vector a dimension."""
    def norm(input, p='fro', dim=None, keepdim=False, dtype=None) -> Tensor:
        """The norm of order p of all elements as one vector, or over `dim`; "fro" is the order 2."""
    def not_equal(self, other) -> Tensor:
        """Whether different, elementwise."""
    def numel(self) -> builtins.int:
        """How many elements."""
    def numpy(self, *, force=False) -> _numpy.ndarray:
        """The array itself, sharing memory; RuntimeError while it requires grad, which force detaches first."""
    def outer(self, vec2) -> Tensor:
        """(N,) and (M,) to (N, M): every product."""
    @property
    def output_nr(self) -> builtins.int:
        """Which output of grad_fn this tensor is."""
    def permute(self, *dims) -> Tensor:
        """Dimensions in another order, a view."""
    def positive(input) -> Tensor:
        """`+input`: the tensor itself."""
    def pow(self, exponent) -> Tensor:
        """`self ** exponent`; either may be a Python number."""
    def prod(input, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Product of all elements, or along `dim`."""
    def put(self, index, source, accumulate=False) -> Tensor:
        """A copy with elements put, or added, at places in the flattened tensor."""
    def rad2deg(self) -> Tensor:
        """Radians as degrees."""
    def ravel(self) -> Tensor:
        """All dimensions made one; a view where the strides allow it."""
    def reciprocal(self) -> Tensor:
        """`1 / self`."""
    def register_hook(self, hook) -> Any:
        """Calls hook(grad) when the gradient for this tensor is known; what it returns replaces the gradient."""
    def register_post_accumulate_grad_hook(self, hook) -> Any:
        """Calls hook(tensor) after backward has accumulated into this leaf's .grad."""
    def relu(self) -> Tensor:
        """`max(self, 0)`."""
    def remainder(input, other) -> Tensor:
        """What is left of input divided by other, with the sign of other; either may be a Python number."""
    def repeat(self, *repeats) -> Tensor:
        """The tensor laid side by side, so often in each dimension; more numbers than dimensions add some
        in front.
        """
    def repeat_interleave(self, repeats, dim=None) -> Tensor:
        """Each element so often, one after the other: a number for all, or a tensor with one for each."""
    @property
    def requires_grad(self) -> builtins.bool:
        """Whether backward computes a gradient for this tensor."""
    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    def requires_grad_(self, requires_grad=True) -> Tensor:
        """Sets requires_grad, and returns this tensor."""
    def reshape(self, *size) -> Tensor:
        """A view where the strides allow it, otherwise a copy; one size may be -1."""
    def reshape_as(self, other) -> Tensor:
        """A reshape to another tensor's shape."""
    def retain_grad(self) -> None:
        """Asks backward to keep this non-leaf tensor's gradient in .grad."""
    @property
    def retains_grad(self) -> builtins.bool:
        """Whether retain_grad was asked for on this non-leaf tensor."""
    def roll(self, shifts, dims=...) -> Tensor:
        """Elements moved on along dims (one shift for each); without dims as if flattened."""
    def rot90(self, k=1, dims=...) -> Tensor:
        """A plane turned by 90 degrees, k times, from dims[0] to dims[1]."""
    def round(input, *, decimals=0) -> Tensor:
        """The nearest integer, or number of so many decimals; halves go to the even one."""
    def rsqrt(self) -> Tensor:
        """`1 / sqrt(self)`."""
    def scatter(self, dim, index, src=None, *, value=None, reduce=None) -> Tensor:
        """A copy with the elements of src, or a number, put where index points along `dim`."""
    def scatter_add(self, dim, index, src) -> Tensor:
        """A copy with the elements of src added where index points along `dim`."""
    def sgn(self) -> Tensor:
        """-1, 0 or 1."""
    @property
    def shape(self) -> Size:
        """Sizes of the dimensions, a tuple that prints as `torch.Size([2, 3])`."""
    def short(self) -> Tensor:
        """`to(torch.int16)`."""
    def sigmoid(self) -> Tensor:
        """Logistic function, `1 / (1 + exp(-self))`, without overflow: 0.5 * (1 + tanh(self / 2))."""
    def sign(self) -> Tensor:
        """-1, 0 or 1; 0 for NaN, as in PyTorch."""
    def signbit(self) -> Tensor:
        """Whether negative, -0.0 and negative NaN included."""
    def sin(self) -> Tensor:
        """Sine."""
    def sinc(self) -> Tensor:
        """`sin(pi * self) / (pi * self)`, 1 at zero."""
    def sinh(self) -> Tensor:
        """Hyperbolic sine."""
    def size(self, dim=None) -> Any:
        """The shape, or one size of it."""
    def slogdet(A) -> tuple[Tensor, ...]:
        """(sign, logabsdet) of matrices."""
    def softmax(input, dim) -> Tensor:
        """Probabilities along a dimension."""
    def sort(self, dim=-1, descending=False, *, stable=None) -> tuple[Tensor, ...]:
        """(values, indices): elements in order along `dim`; NaN counts as the greatest."""
    def split(self, split_size_or_sections, dim=0) -> tuple[Tensor, ...]:
        """Ranges of one size (an int) or of given sizes (a list); views."""
    def split_with_sizes(self, split_sizes, dim=0) -> tuple[Tensor, ...]:
        """Ranges of given sizes; views."""
    def sqrt(self) -> Tensor:
        """Square root."""
    def square(self) -> Tensor:
        """`self ** 2`."""
    def squeeze(self, dim=None) -> Tensor:
        """Dimensions of size 1 taken out, a view: all, or `dim` (an int or a tuple) where it has size 1."""
    def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None) -> Tensor:
        """Standard deviation of all elements, or over `dim`; see var."""
    def storage_offset(self) -> builtins.int:
        """How many elements lie before the first one in the memory that it shows."""
    def stride(self, dim=None) -> Any:
        """Steps between elements of each dimension, or of one, in elements."""
    def sub(self, other, *, alpha=1) -> Tensor:
        """Difference, `self - alpha * other`; shapes broadcast."""
    def sub_(self, *args, **kwargs) -> Tensor:
        """`sub`, in place; returns self."""
    def subtract(self, other, *, alpha=1) -> Tensor:
        """Difference, `self - alpha * other`; shapes broadcast."""
    def sum(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Sum of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
    def swapaxes(self, axis0, axis1) -> Tensor:
        """Two dimensions swapped, a view."""
    def swapdims(self, dim0, dim1) -> Tensor:
        """Two dimensions swapped, a view."""
    def t(self) -> Tensor:
        """A matrix transposed, a view; RuntimeError above two dimensions."""
    def take(self, index) -> Tensor:
        """Elements by their places in the flattened tensor, in index's shape."""
    def take_along_dim(self, indices, dim=None) -> Tensor:
        """As gather, but shapes broadcast; without dim as if flattened."""
    def tan(self) -> Tensor:
        """Tangent."""
    def tanh(self) -> Tensor:
        """Hyperbolic tangent."""
    def tensor_split(self, indices_or_sections, dim=0) -> tuple[Tensor, ...]:
        """A number of nearly equal ranges, or the ranges between indices; views."""
    def tile(self, *dims) -> Tensor:
        """As repeat, but fewer numbers than dimensions count from the last."""
    def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False) -> Tensor:
        """The tensor in another dtype or on another device; itself when nothing changes, unless `copy`."""
    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
    def topk(self, k, dim=-1, largest=True, sorted=True) -> tuple[Tensor, ...]:
        """(values, indices): the k greatest elements along `dim`, or the least; in order."""
    def trace(self) -> Tensor:
        """Sum of a matrix's diagonal."""
    def transpose(self, dim0, dim1) -> Tensor:
        """Two dimensions swapped, a view."""
    def tril(self, diagonal=0) -> Tensor:
        """Zeros above a diagonal."""
    def triu(self, diagonal=0) -> Tensor:
        """Zeros below a diagonal."""
    def true_divide(self, other) -> Tensor:
        """Quotient; shapes broadcast, integers become floats."""
    def trunc(self) -> Tensor:
        """The integer towards zero."""
    def type(self, dtype=None) -> Any:
        """The name of the tensor's type, "torch.FloatTensor"; or the tensor in another dtype."""
    def type_as(self, other) -> Tensor:
        """The tensor in the dtype of another one."""
    def unbind(self, dim=0) -> tuple[Tensor, ...]:
        """Every position of a dimension, a tuple of views."""
    def unflatten(self, dim, sizes) -> Tensor:
        """One dimension made several; one size may be -1."""
    def unique(self, sorted=True, return_inverse=False, return_counts=False, dim=None) -> Any:
        """Different elements in order; with them, as asked, for each element which it is, and how often
        each occurs.
        """
    def unsqueeze(self, dim) -> Tensor:
        """A dimension of size 1 put in, a view."""
    def untyped_storage(self) -> UntypedStorage:
        """The memory that this tensor shows, perhaps with others."""
    def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None) -> Tensor:
        """Variance of all elements, or over `dim`; divided by the count less `correction` (1 unless told)."""
    def vdot(self, other) -> Tensor:
        """Inner product of two vectors, as `dot` for real numbers."""
    def view(self, *size) -> Tensor:
        """The same elements in another shape, sharing memory; one size may be -1."""
    def view_as(self, other) -> Tensor:
        """A view in another tensor's shape."""
    def vsplit(self, indices_or_sections) -> tuple[Tensor, ...]:
        """tensor_split along the first dimension."""
    def xlogy(input, other) -> Tensor:
        """`input * log(other)`, 0 where input is 0; either may be a Python number."""
    def zero_(self, *args, **kwargs) -> Tensor:
        """`zero`, in place; returns self."""

class Size(tuple[builtins.int, ...]):
    """A shape: a tuple that prints as PyTorch prints it."""

    def numel(self) -> builtins.int: ...

class Device(builtins.str):
    """A device's name; `.type` and `.index` as PyTorch's torch.device."""

    @property
    def type(self) -> builtins.str: ...
    @property
    def index(self) -> builtins.int | None: ...

class Rare:
    """What few tensors have."""

    accumulator: Any
    retains_grad: builtins.bool
    untracked: builtins.bool
    hooks: dict[Any, Any]
    after_hooks: dict[Any, Any]

class Number(Tensor):
    """A Python number on its way through an op."""

    value: Any
    def as_tensor(self) -> Tensor: ...

def rare_of(tensor) -> Rare: ...
def edge_of(tensor) -> Any: ...

NON_LEAF_GRAD: builtins.str
NO_HOOK: builtins.str
NO_RETAIN: builtins.str
