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
    def __iadd__(self, other) -> Tensor: ...
    def __iand__(self, other) -> Tensor: ...
    def __ifloordiv__(self, other) -> Tensor: ...
    def __ilshift__(self, other) -> Tensor: ...
    def __imod__(self, other) -> Tensor: ...
    def __imul__(self, other) -> Tensor: ...
    def __index__(self) -> builtins.int: ...
    def __init__(self, array=..., requires_grad=False, *sizes) -> None: ...
    def __int__(self) -> builtins.int: ...
    def __invert__(self) -> Tensor:
        """`~self`: not of booleans, or of integers bit by bit."""
    def __ior__(self, other) -> Tensor: ...
    def __ipow__(self, other) -> Tensor: ...
    def __irshift__(self, other) -> Tensor: ...
    def __isub__(self, other) -> Tensor: ...
    def __iter__(self) -> Iterator[Tensor]: ...
    def __itruediv__(self, other) -> Tensor: ...
    def __ixor__(self, other) -> Tensor: ...
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
    def __pos__(self) -> Tensor:
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
    def abs_(self, *args, **kwargs) -> Tensor:
        """`abs`, in place; returns self."""
    def absolute(self) -> Tensor:
        """Absolute value."""
    def absolute_(self, *args, **kwargs) -> Tensor:
        """`absolute`, in place; returns self."""
    def acos(self) -> Tensor:
        """Inverse cosine."""
    def acos_(self, *args, **kwargs) -> Tensor:
        """`acos`, in place; returns self."""
    def acosh(self) -> Tensor:
        """Inverse hyperbolic cosine."""
    def acosh_(self, *args, **kwargs) -> Tensor:
        """`acosh`, in place; returns self."""
    def add(self, other, *, alpha=1) -> Tensor:
        """Sum, `self + alpha * other`; shapes broadcast."""
    def add_(self, *args, **kwargs) -> Tensor:
        """`add`, in place; returns self."""
    def addbmm(self, batch1, batch2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * bmm(batch1, batch2).sum(0)`; self broadcasts to (N, M)."""
    def addbmm_(self, *args, **kwargs) -> Tensor:
        """`addbmm`, in place; returns self."""
    def addcdiv(self, tensor1, tensor2, *, value=1) -> Tensor:
        """`input + value * tensor1 / tensor2`; shapes broadcast."""
    def addcdiv_(self, *args, **kwargs) -> Tensor:
        """`addcdiv`, in place; returns self."""
    def addcmul(self, tensor1, tensor2, *, value=1) -> Tensor:
        """`input + value * tensor1 * tensor2`; shapes broadcast."""
    def addcmul_(self, *args, **kwargs) -> Tensor:
        """`addcmul`, in place; returns self."""
    def addmm(self, mat1, mat2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * mat1 @ mat2`; self broadcasts to (N, M)."""
    def addmm_(self, *args, **kwargs) -> Tensor:
        """`addmm`, in place; returns self."""
    def addmv(self, mat, vec, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * mat @ vec`; self broadcasts to (N,)."""
    def addmv_(self, *args, **kwargs) -> Tensor:
        """`addmv`, in place; returns self."""
    def addr(self, vec1, vec2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * outer(vec1, vec2)`; self broadcasts to (N, M)."""
    def addr_(self, *args, **kwargs) -> Tensor:
        """`addr`, in place; returns self."""
    def all(self, dim=None, keepdim=False) -> Tensor:
        """Whether all elements are other than zero, or all over `dim` (an int or a tuple)."""
    def allclose(self, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> builtins.bool:
        """Whether all elements are close: a Python bool."""
    def amax(self, dim=..., keepdim=False) -> Tensor:
        """The greatest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
    def amin(self, dim=..., keepdim=False) -> Tensor:
        """The smallest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
    def aminmax(self, *, dim=None, keepdim=False) -> tuple[Tensor, ...]:
        """(min, max) of all elements, or along `dim`."""
    def any(self, dim=None, keepdim=False) -> Tensor:
        """Whether an element is other than zero, or one over `dim` (an int or a tuple)."""
    def apply_(self, callable) -> Tensor:
        """Each element becomes what a Python function makes of it; on the CPU, outside the graph."""
    def arccos(self) -> Tensor:
        """Inverse cosine."""
    def arccos_(self, *args, **kwargs) -> Tensor:
        """`arccos`, in place; returns self."""
    def arccosh(self) -> Tensor:
        """Inverse hyperbolic cosine."""
    def arccosh_(self, *args, **kwargs) -> Tensor:
        """`arccosh`, in place; returns self."""
    def arcsin(self) -> Tensor:
        """Inverse sine."""
    def arcsin_(self, *args, **kwargs) -> Tensor:
        """`arcsin`, in place; returns self."""
    def arcsinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arcsinh_(self, *args, **kwargs) -> Tensor:
        """`arcsinh`, in place; returns self."""
    def arctan(self) -> Tensor:
        """Inverse tangent."""
    def arctan2(self, other) -> Tensor:
        """The angle of the point (other, self), from -pi to pi."""
    def arctan2_(self, *args, **kwargs) -> Tensor:
        """`arctan2`, in place; returns self."""
    def arctan_(self, *args, **kwargs) -> Tensor:
        """`arctan`, in place; returns self."""
    def arctanh(self) -> Tensor:
        """Inverse hyperbolic tangent."""
    def arctanh_(self, *args, **kwargs) -> Tensor:
        """`arctanh`, in place; returns self."""
    def argmax(self, dim=None, keepdim=False) -> Tensor:
        """Place of the greatest element of all, or along `dim`."""
    def argmin(self, dim=None, keepdim=False) -> Tensor:
        """Place of the smallest element of all, or along `dim`."""
    def argsort(self, dim=-1, descending=False, *, stable=False) -> Tensor:
        """Where the elements in order along `dim` were."""
    def argwhere(self) -> Tensor:
        """The places of the elements that are not zero, a row each."""
    def as_strided(self, size, stride, storage_offset=None) -> Tensor:
        """A view of the memory that the tensor lies in, by sizes, strides and the offset of the first
        element.
        """
    def as_strided_(self, *args, **kwargs) -> Tensor:
        """`as_strided`, in place; returns self."""
    def asin(self) -> Tensor:
        """Inverse sine."""
    def asin_(self, *args, **kwargs) -> Tensor:
        """`asin`, in place; returns self."""
    def asinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def asinh_(self, *args, **kwargs) -> Tensor:
        """`asinh`, in place; returns self."""
    def atan(self) -> Tensor:
        """Inverse tangent."""
    def atan2(self, other) -> Tensor:
        """The angle of the point (other, self), from -pi to pi."""
    def atan2_(self, *args, **kwargs) -> Tensor:
        """`atan2`, in place; returns self."""
    def atan_(self, *args, **kwargs) -> Tensor:
        """`atan`, in place; returns self."""
    def atanh(self) -> Tensor:
        """Inverse hyperbolic tangent."""
    def atanh_(self, *args, **kwargs) -> Tensor:
        """`atanh`, in place; returns self."""
    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Runs backward from this tensor: gradients are added to the .grad of the leaves that led to it."""
    def baddbmm(self, batch1, batch2, *, beta=1, alpha=1) -> Tensor:
        """`beta * self + alpha * bmm(batch1, batch2)`; self broadcasts to (B, N, M)."""
    def baddbmm_(self, *args, **kwargs) -> Tensor:
        """`baddbmm`, in place; returns self."""
    def bernoulli(self, p=None, *, generator=None) -> Tensor:
        """1 with the probability that each element is, or p, else 0."""
    def bernoulli_(self, *args, **kwargs) -> Tensor:
        """`bernoulli`, in place; returns self."""
    def bincount(self, weights=None, minlength=0) -> Tensor:
        """How often each of 0, 1, 2, ... occurs in a vector, or the sum of its weights."""
    def bitwise_and(self, other) -> Tensor:
        """And of booleans, or of integers bit by bit."""
    def bitwise_and_(self, *args, **kwargs) -> Tensor:
        """`bitwise_and`, in place; returns self."""
    def bitwise_left_shift(self, other) -> Tensor:
        """Bits moved up, `self << other`."""
    def bitwise_left_shift_(self, *args, **kwargs) -> Tensor:
        """`bitwise_left_shift`, in place; returns self."""
    def bitwise_not(self) -> Tensor:
        """`~self`: not of booleans, or of integers bit by bit."""
    def bitwise_not_(self, *args, **kwargs) -> Tensor:
        """`bitwise_not`, in place; returns self."""
    def bitwise_or(self, other) -> Tensor:
        """Or of booleans, or of integers bit by bit."""
    def bitwise_or_(self, *args, **kwargs) -> Tensor:
        """`bitwise_or`, in place; returns self."""
    def bitwise_right_shift(self, other) -> Tensor:
        """Bits moved down, `self >> other`."""
    def bitwise_right_shift_(self, *args, **kwargs) -> Tensor:
        """`bitwise_right_shift`, in place; returns self."""
    def bitwise_xor(self, other) -> Tensor:
        """Exclusive or of booleans, or of integers bit by bit."""
    def bitwise_xor_(self, *args, **kwargs) -> Tensor:
        """`bitwise_xor`, in place; returns self."""
    def bmm(self, mat2) -> Tensor:
        """A batch of matrix products, (B, N, K) and (B, K, M) to (B, N, M)."""
    def bool(self) -> Tensor:
        """`to(torch.bool)`."""
    def broadcast_to(self, size) -> Tensor:
        """Expanded to a size, a view."""
    def byte(self) -> Tensor:
        """`to(torch.uint8)`."""
    def cauchy_(self, *args, **kwargs) -> Tensor:
        """`cauchy`, in place; returns self."""
    def ceil(self) -> Tensor:
        """The integer above."""
    def ceil_(self, *args, **kwargs) -> Tensor:
        """`ceil`, in place; returns self."""
    def char(self) -> Tensor:
        """`to(torch.int8)`."""
    def cholesky_solve(self, input2, upper=False) -> Tensor:
        """X with `L @ L.T @ X = input`, for the triangle L that cholesky gives."""
    def chunk(self, chunks, dim=0) -> tuple[Tensor, ...]:
        """At most `chunks` ranges of one size, the last one what is left; views."""
    def clamp(self, min=None, max=None) -> Tensor:
        """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be
        None.
        """
    def clamp_(self, *args, **kwargs) -> Tensor:
        """`clamp`, in place; returns self."""
    def clamp_max(self, max) -> Tensor:
        """Each element, at most `max`: a number or a tensor."""
    def clamp_max_(self, *args, **kwargs) -> Tensor:
        """`clamp_max`, in place; returns self."""
    def clamp_min(self, min) -> Tensor:
        """Each element, at least `min`: a number or a tensor."""
    def clamp_min_(self, *args, **kwargs) -> Tensor:
        """`clamp_min`, in place; returns self."""
    def clip(self, min=None, max=None) -> Tensor:
        """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be
        None.
        """
    def clip_(self, *args, **kwargs) -> Tensor:
        """`clip`, in place; returns self."""
    def clone(self, *, memory_format=None) -> Tensor:
        """A copy, part of the graph; its dimensions lie in memory in the same order, or as memory_format
        says.
        """
    def contiguous(self, *, memory_format=...) -> Tensor:
        """The tensor itself where its elements lie in C order (or as memory_format says), else a copy that
        has them so.
        """
    def copy_(self, *args, **kwargs) -> Tensor:
        """`copy`, in place; returns self."""
    def copysign(self, other) -> Tensor:
        """The size of `input` with the sign of `other`, a number or a tensor."""
    def copysign_(self, *args, **kwargs) -> Tensor:
        """`copysign`, in place; returns self."""
    def corrcoef(self) -> Tensor:
        """Correlations of the rows of (variables, observations)."""
    def cos(self) -> Tensor:
        """Cosine."""
    def cos_(self, *args, **kwargs) -> Tensor:
        """`cos`, in place; returns self."""
    def cosh(self) -> Tensor:
        """Hyperbolic cosine."""
    def cosh_(self, *args, **kwargs) -> Tensor:
        """`cosh`, in place; returns self."""
    def count_nonzero(self, dim=None) -> Tensor:
        """How many elements are other than zero, of all or over `dim` (an int or a tuple)."""
    def cov(self, *, correction=1, fweights=None, aweights=None) -> Tensor:
        """Covariances of the rows of (variables, observations)."""
    def cpu(self) -> Tensor:
        """The tensor on the CPU."""
    def cross(self, other, dim=None) -> Tensor:
        """The cross product along `dim`, or along the first dimension of size 3."""
    def cuda(self, device=None, non_blocking=False) -> Tensor:
        """The tensor on a GPU: the current one, or the one named."""
    def cummax(self, dim) -> Tensor:
        """(values, indices): the greatest elements up to each place along `dim`, and where they are."""
    def cummin(self, dim) -> Tensor:
        """(values, indices): the smallest elements up to each place along `dim`, and where they are."""
    def cumprod(self, dim, *, dtype=None) -> Tensor:
        """Running product along `dim`."""
    def cumprod_(self, *args, **kwargs) -> Tensor:
        """`cumprod`, in place; returns self."""
    def cumsum(self, dim, *, dtype=None) -> Tensor:
        """Running sum along `dim`."""
    def cumsum_(self, *args, **kwargs) -> Tensor:
        """`cumsum`, in place; returns self."""
    @property
    def data(self) -> Tensor:
        """The same values outside the graph; changes through it don't count as versions."""
    @data.setter
    def data(self, value: Tensor) -> None: ...
    def data_ptr(self) -> builtins.int:
        """The address of the first element; 0 where there is none."""
    def deg2rad(self) -> Tensor:
        """Degrees as radians."""
    def deg2rad_(self, *args, **kwargs) -> Tensor:
        """`deg2rad`, in place; returns self."""
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
    def diagonal_scatter(self, src, offset=0, dim1=0, dim2=1) -> Tensor:
        """A copy with src on a diagonal."""
    def diff(self, n=1, dim=-1, prepend=None, append=None) -> Tensor:
        """Each element minus the one before it along `dim`, n times."""
    def digamma(self) -> Tensor:
        """Derivative of the logarithm of the gamma function."""
    def digamma_(self, *args, **kwargs) -> Tensor:
        """`digamma`, in place; returns self."""
    def dim(self) -> builtins.int: ...
    def dist(self, other, p=2) -> Tensor:
        """The norm of order p of the difference of two tensors."""
    def div(self, other, *, rounding_mode=None) -> Tensor:
        """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
    def div_(self, *args, **kwargs) -> Tensor:
        """`div`, in place; returns self."""
    def divide(self, other, *, rounding_mode=None) -> Tensor:
        """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
    def divide_(self, *args, **kwargs) -> Tensor:
        """`divide`, in place; returns self."""
    def dot(self, tensor) -> Tensor:
        """Inner product of two vectors, (N,) and (N,) to ()."""
    def double(self) -> Tensor:
        """`to(torch.float64)`."""
    def dsplit(self, indices_or_sections=None, *, sections=None, indices=None) -> Tensor:
        """tensor_split along the third dimension."""
    @property
    def dtype(self) -> dtypes.dtype:
        """The element type, such as torch.float32."""
    def element_size(self) -> builtins.int:
        """Bytes of one element."""
    def eq(self, other) -> Tensor:
        """Whether equal, elementwise."""
    def eq_(self, *args, **kwargs) -> Tensor:
        """`eq`, in place; returns self."""
    def equal(self, other) -> builtins.bool:
        """Whether two tensors have one shape and the same elements: a Python bool."""
    def erf(self) -> Tensor:
        """Error function."""
    def erf_(self, *args, **kwargs) -> Tensor:
        """`erf`, in place; returns self."""
    def erfc(self) -> Tensor:
        """`1 - erf(self)`, exact where that is small."""
    def erfc_(self, *args, **kwargs) -> Tensor:
        """`erfc`, in place; returns self."""
    def erfinv(self) -> Tensor:
        """The number whose error function is self."""
    def erfinv_(self, *args, **kwargs) -> Tensor:
        """`erfinv`, in place; returns self."""
    def exp(self) -> Tensor:
        """e to the power of each element."""
    def exp2(self) -> Tensor:
        """2 to the power of each element."""
    def exp2_(self, *args, **kwargs) -> Tensor:
        """`exp2`, in place; returns self."""
    def exp_(self, *args, **kwargs) -> Tensor:
        """`exp`, in place; returns self."""
    def expand(self, *sizes, size=None) -> Tensor:
        """Dimensions of size 1 spread to `size` (-1 keeps one), a view."""
    def expand_as(self, other) -> Tensor:
        """Expanded to another tensor's shape, a view."""
    def expm1(self) -> Tensor:
        """`exp(self) - 1`, exact near zero."""
    def expm1_(self, *args, **kwargs) -> Tensor:
        """`expm1`, in place; returns self."""
    def exponential_(self, *args, **kwargs) -> Tensor:
        """`exponential`, in place; returns self."""
    def fill_(self, *args, **kwargs) -> Tensor:
        """`fill`, in place; returns self."""
    def fill_diagonal_(self, fill_value, wrap=False) -> Tensor:
        """One number on the main diagonal; wrap: of a tall matrix, on the diagonals below it too."""
    def fix(self) -> Tensor:
        """The integer towards zero."""
    def fix_(self, *args, **kwargs) -> Tensor:
        """`fix`, in place; returns self."""
    def flatten(self, start_dim=0, end_dim=-1) -> Tensor:
        """Dimensions start_dim to end_dim made one."""
    def flip(self, *places, dims=None) -> Tensor:
        """The order of dims reversed, a copy."""
    def fliplr(self) -> Tensor:
        """The second dimension reversed."""
    def flipud(self) -> Tensor:
        """The first dimension reversed."""
    def float(self) -> Tensor:
        """`to(torch.float32)`."""
    def float_power(self, exponent) -> Tensor:
        """`input ** exponent`, in float64; either may be a Python number."""
    def float_power_(self, *args, **kwargs) -> Tensor:
        """`float_power`, in place; returns self."""
    def floor(self) -> Tensor:
        """The integer below."""
    def floor_(self, *args, **kwargs) -> Tensor:
        """`floor`, in place; returns self."""
    def floor_divide(self, other) -> Tensor:
        """The quotient rounded down, `self // other`; PyTorch has no derivative of it."""
    def floor_divide_(self, *args, **kwargs) -> Tensor:
        """`floor_divide`, in place; returns self."""
    def fmax(self, other) -> Tensor:
        """The greater of two elements; a NaN gives way to a number."""
    def fmin(self, other) -> Tensor:
        """The smaller of two elements; a NaN gives way to a number."""
    def fmod(self, other) -> Tensor:
        """What is left of input divided by other, with the sign of input; other may be a Python number."""
    def fmod_(self, *args, **kwargs) -> Tensor:
        """`fmod`, in place; returns self."""
    def frac(self) -> Tensor:
        """What is after the decimal point, with the sign."""
    def frac_(self, *args, **kwargs) -> Tensor:
        """`frac`, in place; returns self."""
    def gather(self, dim, index, *, sparse_grad=False) -> Tensor:
        """`self[i, index[i, j]]` along `dim`, for every element of index."""
    def gcd(self, other) -> Tensor:
        """The greatest common divisor of integers."""
    def gcd_(self, *args, **kwargs) -> Tensor:
        """`gcd`, in place; returns self."""
    def ge(self, other) -> Tensor:
        """Whether greater or equal, elementwise."""
    def ge_(self, *args, **kwargs) -> Tensor:
        """`ge`, in place; returns self."""
    def geometric_(self, *args, **kwargs) -> Tensor:
        """`geometric`, in place; returns self."""
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
    def greater_(self, *args, **kwargs) -> Tensor:
        """`greater`, in place; returns self."""
    def greater_equal(self, other) -> Tensor:
        """Whether greater or equal, elementwise."""
    def greater_equal_(self, *args, **kwargs) -> Tensor:
        """`greater_equal`, in place; returns self."""
    def gt(self, other) -> Tensor:
        """Whether greater, elementwise."""
    def gt_(self, *args, **kwargs) -> Tensor:
        """`gt`, in place; returns self."""
    def half(self) -> Tensor:
        """`to(torch.float16)`."""
    def hardshrink(self, lambd=0.5) -> Tensor:
        """`input`, zero from -lambd to lambd."""
    def heaviside(self, values) -> Tensor:
        """0 below zero, 1 above, `values` at zero; PyTorch has no derivative of it."""
    def heaviside_(self, *args, **kwargs) -> Tensor:
        """`heaviside`, in place; returns self."""
    def histc(self, bins=100, min=0, max=0) -> Tensor:
        """How many elements lie in each of bins between min and max, or between the least and the greatest."""
    def hsplit(self, indices_or_sections=None, *, sections=None, indices=None) -> tuple[Tensor, ...]:
        """tensor_split along the second dimension, or the first of a vector."""
    def hypot(self, other) -> Tensor:
        """`sqrt(self**2 + other**2)`."""
    def hypot_(self, *args, **kwargs) -> Tensor:
        """`hypot`, in place; returns self."""
    def index_add(self, dim, index, source, *, alpha=1) -> Tensor:
        """A copy with `alpha * source` added at the positions of `dim` that index names."""
    def index_add_(self, *args, **kwargs) -> Tensor:
        """`index_add`, in place; returns self."""
    def index_copy(self, dim, index, source) -> Tensor:
        """A copy with source put at the positions of `dim` that index names."""
    def index_copy_(self, *args, **kwargs) -> Tensor:
        """`index_copy`, in place; returns self."""
    def index_fill(self, dim, index, value) -> Tensor:
        """A copy with a number, or a 0-d tensor's value, at the positions of `dim` that index names."""
    def index_fill_(self, *args, **kwargs) -> Tensor:
        """`index_fill`, in place; returns self."""
    def index_put(self, indices, values, accumulate=False) -> Tensor:
        """A copy with values at the places that index tensors name; accumulate adds them."""
    def index_put_(self, *args, **kwargs) -> Tensor:
        """`index_put`, in place; returns self."""
    def index_reduce(self, dim, index, source, reduce, *, include_self=True) -> Tensor:
        """A copy with source brought together at the positions that index names: "prod", "mean", "amax" or
        "amin".
        """
    def index_reduce_(self, *args, **kwargs) -> Tensor:
        """`index_reduce`, in place; returns self."""
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
        """Whether the elements lie in C order without gaps, or as memory_format says."""
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
    def is_nonzero(self) -> builtins.bool:
        """Whether the one element is not zero."""
    def is_signed(self) -> builtins.bool:
        """Whether the dtype has negative numbers."""
    def isclose(self, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> Tensor:
        """Whether the difference is at most `atol + rtol * |other|`, element by element."""
    def isfinite(self) -> Tensor:
        """Whether a number and not infinite."""
    def isinf(self) -> Tensor:
        """Whether infinite, of either sign."""
    def isnan(self) -> Tensor:
        """Whether not a number."""
    def isneginf(self) -> Tensor:
        """Whether each element is minus infinity."""
    def isposinf(self) -> Tensor:
        """Whether each element is infinity."""
    def item(self) -> Any:
        """The one value as a Python number; RuntimeError for more than one element."""
    @property
    def itemsize(self) -> builtins.int:
        """Bytes of one element."""
    def kron(self, other) -> Tensor:
        """The Kronecker product: each element of one times all of the other."""
    def kthvalue(self, k, dim=-1, keepdim=False) -> tuple[Tensor, ...]:
        """(values, indices): the k-th least element along `dim`."""
    def lcm(self, other) -> Tensor:
        """The least common multiple of integers."""
    def lcm_(self, *args, **kwargs) -> Tensor:
        """`lcm`, in place; returns self."""
    def ldexp(self, other) -> Tensor:
        """`input * 2**other`."""
    def ldexp_(self, *args, **kwargs) -> Tensor:
        """`ldexp`, in place; returns self."""
    def le(self, other) -> Tensor:
        """Whether smaller or equal, elementwise."""
    def le_(self, *args, **kwargs) -> Tensor:
        """`le`, in place; returns self."""
    def lerp(self, end, weight) -> Tensor:
        """`input + weight * (end - input)`; weight is a number or a tensor."""
    def lerp_(self, *args, **kwargs) -> Tensor:
        """`lerp`, in place; returns self."""
    def less(self, other) -> Tensor:
        """Whether smaller, elementwise."""
    def less_(self, *args, **kwargs) -> Tensor:
        """`less`, in place; returns self."""
    def less_equal(self, other) -> Tensor:
        """Whether smaller or equal, elementwise."""
    def less_equal_(self, *args, **kwargs) -> Tensor:
        """`less_equal`, in place; returns self."""
    def lgamma(self) -> Tensor:
        """Logarithm of the absolute value of the gamma function."""
    def lgamma_(self, *args, **kwargs) -> Tensor:
        """`lgamma`, in place; returns self."""
    def log(self) -> Tensor:
        """Natural logarithm."""
    def log10(self) -> Tensor:
        """Logarithm to base 10."""
    def log10_(self, *args, **kwargs) -> Tensor:
        """`log10`, in place; returns self."""
    def log1p(self) -> Tensor:
        """`log(1 + self)`, exact near zero."""
    def log1p_(self, *args, **kwargs) -> Tensor:
        """`log1p`, in place; returns self."""
    def log2(self) -> Tensor:
        """Logarithm to base 2."""
    def log2_(self, *args, **kwargs) -> Tensor:
        """`log2`, in place; returns self."""
    def log_(self, *args, **kwargs) -> Tensor:
        """`log`, in place; returns self."""
    def log_normal_(self, *args, **kwargs) -> Tensor:
        """`log_normal`, in place; returns self."""
    def log_softmax(self, dim, dtype=None) -> Tensor:
        """Logarithms of probabilities along a dimension, in another dtype if told."""
    def logaddexp(self, other) -> Tensor:
        """`log(exp(self) + exp(other))` without overflow."""
    def logaddexp2(self, other) -> Tensor:
        """`log2(2**self + 2**other)` without overflow."""
    def logcumsumexp(self, dim) -> Tensor:
        """`log(cumsum(exp(input)))` along `dim`, without overflow."""
    def logdet(A) -> Tensor:
        """The logarithm of the determinant; NaN where that is negative."""
    def logical_and(self, other) -> Tensor:
        """Whether both are other than zero."""
    def logical_and_(self, *args, **kwargs) -> Tensor:
        """`logical_and`, in place; returns self."""
    def logical_not(self) -> Tensor:
        """Not, elementwise."""
    def logical_not_(self, *args, **kwargs) -> Tensor:
        """`logical_not`, in place; returns self."""
    def logical_or(self, other) -> Tensor:
        """Whether one is other than zero."""
    def logical_or_(self, *args, **kwargs) -> Tensor:
        """`logical_or`, in place; returns self."""
    def logical_xor(self, other) -> Tensor:
        """Whether exactly one is other than zero."""
    def logical_xor_(self, *args, **kwargs) -> Tensor:
        """`logical_xor`, in place; returns self."""
    def logit(self, eps=None) -> Tensor:
        """`log(input / (1 - input))`."""
    def logit_(self, *args, **kwargs) -> Tensor:
        """`logit`, in place; returns self."""
    def logsumexp(self, dim, keepdim=False) -> Tensor:
        """`log(sum(exp(input)))` over `dim` (an int or a tuple), without overflow."""
    def long(self) -> Tensor:
        """`to(torch.int64)`."""
    def lt(self, other) -> Tensor:
        """Whether smaller, elementwise."""
    def lt_(self, *args, **kwargs) -> Tensor:
        """`lt`, in place; returns self."""
    @property
    def mT(self) -> Tensor:
        """The last two dimensions swapped, a view; a 0-d tensor itself."""
    def map2_(self, x, y, callable) -> Tensor:
        """Each element becomes what a Python function makes of it and of those of two others."""
    def map_(self, other, callable) -> Tensor:
        """Each element becomes what a Python function makes of it and of other's; other is expanded."""
    def masked_fill(self, mask, value) -> Tensor:
        """`value`, a number or a 0-d tensor, where the mask holds, else the element; shapes broadcast."""
    def masked_fill_(self, *args, **kwargs) -> Tensor:
        """`masked_fill`, in place; returns self."""
    def masked_scatter(self, mask, source) -> Tensor:
        """A copy with the elements of source, in order, where a mask holds."""
    def masked_scatter_(self, *args, **kwargs) -> Tensor:
        """`masked_scatter`, in place; returns self."""
    def masked_select(self, mask) -> Tensor:
        """The elements where a mask holds, as a vector; shapes broadcast."""
    def matmul(self, other) -> Tensor:
        """The product of vectors, matrices or batches of them; expands to the ops that PyTorch expands to."""
    def matrix_power(self, n) -> Tensor:
        """A square matrix times itself, n times; its inverse for a negative n."""
    def max(self, dim=None, keepdim=False, *, other=None) -> Any:
        """The greatest of all; along `dim`, (values, indices); with a second tensor, the greater of two
        elements.
        """
    def maximum(self, other) -> Tensor:
        """The greater of two elements; NaN where one is."""
    def mean(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Mean of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
    def median(self, dim=None, keepdim=False) -> Any:
        """The middle element of all, the lower of two; along `dim`, (values, indices)."""
    def min(self, dim=None, keepdim=False, *, other=None) -> Any:
        """The smallest of all; along `dim`, (values, indices); with a second tensor, the smaller of two
        elements.
        """
    def minimum(self, other) -> Tensor:
        """The smaller of two elements; NaN where one is."""
    def mm(self, mat2) -> Tensor:
        """Matrix product, (N, K) and (K, M) to (N, M)."""
    def mode(self, dim=-1, keepdim=False) -> tuple[Tensor, ...]:
        """(values, indices): the most frequent element along `dim`, the smallest of several, and its last
        place.
        """
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
    def multinomial(self, num_samples, replacement=False, *, generator=None) -> Tensor:
        """(num_samples,) or (N, num_samples) places, drawn by the weights in (C,) or (N, C)."""
    def multiply(self, other) -> Tensor:
        """Product; shapes broadcast."""
    def multiply_(self, *args, **kwargs) -> Tensor:
        """`multiply`, in place; returns self."""
    def mv(self, vec) -> Tensor:
        """Matrix times vector, (N, M) and (M,) to (N,)."""
    def nan_to_num(self, nan=0.0, posinf=None, neginf=None) -> Tensor:
        """Numbers for NaN and the infinities: by default 0 and the largest that the dtype holds."""
    def nan_to_num_(self, *args, **kwargs) -> Tensor:
        """`nan_to_num`, in place; returns self."""
    def nanmean(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Mean of what is a number, of all elements or over `dim`."""
    def nanmedian(self, dim=None, keepdim=False) -> Tensor:
        """The median of all that is a number; or (values, indices) along `dim`."""
    def nanquantile(self, q, dim=None, keepdim=False, *, interpolation='linear') -> Tensor:
        """quantile of what is a number."""
    def nansum(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
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
    def ne_(self, *args, **kwargs) -> Tensor:
        """`ne`, in place; returns self."""
    def neg(self) -> Tensor:
        """`-self`."""
    def neg_(self, *args, **kwargs) -> Tensor:
        """`neg`, in place; returns self."""
    def negative(self) -> Tensor:
        """`-self`."""
    def negative_(self, *args, **kwargs) -> Tensor:
        """`negative`, in place; returns self."""
    def nelement(self) -> builtins.int:
        """How many elements."""
    def new_empty(self, *sizes, size=None, dtype=None, device=None, requires_grad=False) -> Tensor:
        """Memory of this size as it is found, of this tensor's dtype and device."""
    def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False) -> Tensor:
        """One value of this size, of this tensor's dtype and device."""
    def new_ones(self, *sizes, size=None, dtype=None, device=None, requires_grad=False) -> Tensor:
        """Ones of this size, of this tensor's dtype and device."""
    def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False) -> Tensor:
        """A copy of data as a leaf of this tensor's dtype and device."""
    def new_zeros(self, *sizes, size=None, dtype=None, device=None, requires_grad=False) -> Tensor:
        """Zeros of this size, of this tensor's dtype and device."""
    def nextafter(self, other) -> Tensor:
        """The next floating point number from self on, towards other."""
    def nextafter_(self, *args, **kwargs) -> Tensor:
        """`nextafter`, in place; returns self."""
    def nonzero(self, *, as_tuple=False) -> Any:
        """The places of the elements that are not zero: a row each, or a tuple with a vector a dimension."""
    def norm(self, p='fro', dim=None, keepdim=False, dtype=None) -> Tensor:
        """The norm of order p of all elements as one vector, or over `dim`; "fro" is the order 2."""
    def normal_(self, *args, **kwargs) -> Tensor:
        """`normal`, in place; returns self."""
    def not_equal(self, other) -> Tensor:
        """Whether different, elementwise."""
    def not_equal_(self, *args, **kwargs) -> Tensor:
        """`not_equal`, in place; returns self."""
    def numel(self) -> builtins.int:
        """How many elements."""
    def numpy(self, *, force=False) -> _numpy.ndarray:
        """The array itself, sharing memory; RuntimeError while it requires grad, which force detaches first."""
    def outer(self, vec2) -> Tensor:
        """(N,) and (M,) to (N, M): every product."""
    @property
    def output_nr(self) -> builtins.int:
        """Which output of grad_fn this tensor is."""
    def permute(self, *places, dims=None) -> Tensor:
        """Dimensions in another order, a view."""
    def pinverse(A, rcond=1e-15) -> Tensor:
        """The pseudoinverse of matrices, (..., M, N) to (..., N, M); singular values below rcond of the
        greatest are 0.
        """
    def positive(self) -> Tensor:
        """`+input`: the tensor itself."""
    def pow(self, exponent) -> Tensor:
        """`self ** exponent`; either may be a Python number."""
    def pow_(self, *args, **kwargs) -> Tensor:
        """`pow`, in place; returns self."""
    def prelu(self, weight) -> Tensor:
        """`input` above zero, a learned slope of it below: one for all, or one a channel. He et al. (2015)."""
    def prod(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Product of all elements, or along `dim`."""
    def put(self, index, source, accumulate=False) -> Tensor:
        """A copy with elements put, or added, at places in the flattened tensor."""
    def put_(self, *args, **kwargs) -> Tensor:
        """`put`, in place; returns self."""
    def quantile(self, q, dim=None, keepdim=False, *, interpolation='linear') -> Tensor:
        """The numbers below which fractions q of all elements lie, or of those along `dim`; q comes first
        in the shape.
        """
    def rad2deg(self) -> Tensor:
        """Radians as degrees."""
    def rad2deg_(self, *args, **kwargs) -> Tensor:
        """`rad2deg`, in place; returns self."""
    def random_(self, *args, **kwargs) -> Tensor:
        """`random`, in place; returns self."""
    def ravel(self) -> Tensor:
        """All dimensions made one; a view where the strides allow it."""
    def reciprocal(self) -> Tensor:
        """`1 / self`."""
    def reciprocal_(self, *args, **kwargs) -> Tensor:
        """`reciprocal`, in place; returns self."""
    def register_hook(self, hook) -> Any:
        """Calls hook(grad) when the gradient for this tensor is known; what it returns replaces the gradient."""
    def register_post_accumulate_grad_hook(self, hook) -> Any:
        """Calls hook(tensor) after backward has accumulated into this leaf's .grad."""
    def relu(self) -> Tensor:
        """`max(self, 0)`."""
    def relu_(self, *args, **kwargs) -> Tensor:
        """`relu`, in place; returns self."""
    def remainder(self, other) -> Tensor:
        """What is left of input divided by other, with the sign of other; either may be a Python number."""
    def remainder_(self, *args, **kwargs) -> Tensor:
        """`remainder`, in place; returns self."""
    def renorm(self, p, dim, maxnorm) -> Tensor:
        """Slices along `dim`, those whose norm of order p is greater than maxnorm shortened to it."""
    def renorm_(self, *args, **kwargs) -> Tensor:
        """`renorm`, in place; returns self."""
    def repeat(self, *times, repeats=None) -> Tensor:
        """The tensor laid side by side, so often in each dimension; more numbers than dimensions add some
        in front.
        """
    def repeat_interleave(self, repeats=None, dim=None, *, output_size=None) -> Tensor:
        """Each element so often, one after the other: a number for all, or a tensor with one for each."""
    @property
    def requires_grad(self) -> builtins.bool:
        """Whether backward computes a gradient for this tensor; a view says what its base says."""
    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    def requires_grad_(self, requires_grad=True) -> Tensor:
        """Sets requires_grad, and returns this tensor."""
    def reshape(self, *sizes, shape=None) -> Tensor:
        """A view where the strides allow it, otherwise a copy; one size may be -1."""
    def reshape_as(self, other) -> Tensor:
        """A reshape to another tensor's shape."""
    def resize_(self, *sizes, size=None, memory_format=None) -> Tensor:
        """Another size of the same memory, in C order; more memory where that takes more, whose values are
        undefined.
        """
    def resize_as_(self, the_template, *, memory_format=None) -> Tensor:
        """The size of another tensor, in the same memory; more of it where that takes more."""
    def retain_grad(self) -> None:
        """Asks backward to keep this non-leaf tensor's gradient in .grad."""
    @property
    def retains_grad(self) -> builtins.bool:
        """Whether retain_grad was asked for on this non-leaf tensor."""
    def roll(self, shifts, dims=...) -> Tensor:
        """Elements moved on along dims (one shift for each); without dims as if flattened."""
    def rot90(self, k=1, dims=...) -> Tensor:
        """A plane turned by 90 degrees, k times, from dims[0] to dims[1]."""
    def round(self, *, decimals=0) -> Tensor:
        """The nearest integer, or number of so many decimals; halves go to the even one."""
    def round_(self, *args, **kwargs) -> Tensor:
        """`round`, in place; returns self."""
    def rsqrt(self) -> Tensor:
        """`1 / sqrt(self)`."""
    def rsqrt_(self, *args, **kwargs) -> Tensor:
        """`rsqrt`, in place; returns self."""
    def scatter(self, dim, index, src=None, *, value=None, reduce=None) -> Tensor:
        """A copy with the elements of src, or a number, put where index points along `dim`; or "add",
        "multiply" them.
        """
    def scatter_(self, *args, **kwargs) -> Tensor:
        """`scatter`, in place; returns self."""
    def scatter_add(self, dim, index, src) -> Tensor:
        """A copy with the elements of src added where index points along `dim`."""
    def scatter_add_(self, *args, **kwargs) -> Tensor:
        """`scatter_add`, in place; returns self."""
    def scatter_reduce(self, dim, index, src, reduce, *, include_self=True) -> Tensor:
        """A copy with the elements of src brought together where index points: "sum", "prod", "mean",
        "amax", "amin".
        """
    def scatter_reduce_(self, *args, **kwargs) -> Tensor:
        """`scatter_reduce`, in place; returns self."""
    def select(self, dim, index) -> Tensor:
        """One position of a dimension, which is left out; a view."""
    def select_scatter(self, src, dim, index) -> Tensor:
        """A copy with src at one position of a dimension."""
    def set_(self, source=None, storage_offset=0, size=None, stride=None) -> Tensor:
        """Shows another tensor's memory, all of it or by offset, sizes and strides; without a source, no
        elements.
        """
    def sgn(self) -> Tensor:
        """-1, 0 or 1."""
    def sgn_(self, *args, **kwargs) -> Tensor:
        """`sgn`, in place; returns self."""
    @property
    def shape(self) -> Size:
        """Sizes of the dimensions, a tuple that prints as `torch.Size([2, 3])`."""
    def short(self) -> Tensor:
        """`to(torch.int16)`."""
    def sigmoid(self) -> Tensor:
        """Logistic function, `1 / (1 + exp(-self))`, without overflow: 0.5 * (1 + tanh(self / 2))."""
    def sigmoid_(self, *args, **kwargs) -> Tensor:
        """`sigmoid`, in place; returns self."""
    def sign(self) -> Tensor:
        """-1, 0 or 1; 0 for NaN, as in PyTorch."""
    def sign_(self, *args, **kwargs) -> Tensor:
        """`sign`, in place; returns self."""
    def signbit(self) -> Tensor:
        """Whether negative, -0.0 and negative NaN included."""
    def sin(self) -> Tensor:
        """Sine."""
    def sin_(self, *args, **kwargs) -> Tensor:
        """`sin`, in place; returns self."""
    def sinc(self) -> Tensor:
        """`sin(pi * self) / (pi * self)`, 1 at zero."""
    def sinc_(self, *args, **kwargs) -> Tensor:
        """`sinc`, in place; returns self."""
    def sinh(self) -> Tensor:
        """Hyperbolic sine."""
    def sinh_(self, *args, **kwargs) -> Tensor:
        """`sinh`, in place; returns self."""
    def size(self, dim=None) -> Any:
        """The shape, or one size of it."""
    def slice_scatter(self, src, dim=0, start=None, end=None, step=1) -> Tensor:
        """A copy with src in a range of a dimension."""
    def slogdet(A) -> tuple[Tensor, ...]:
        """(sign, logabsdet) of matrices."""
    def softmax(self, dim, dtype=None) -> Tensor:
        """Probabilities along a dimension, in another dtype if told."""
    def sort(self, dim=-1, descending=False, *, stable=None) -> tuple[Tensor, ...]:
        """(values, indices): elements in order along `dim`; NaN counts as the greatest."""
    def split(self, split_size_or_sections=None, dim=0, *, split_size=None) -> tuple[Tensor, ...]:
        """Ranges of one size (an int) or of given sizes (a list); views."""
    def split_with_sizes(self, split_sizes, dim=0) -> tuple[Tensor, ...]:
        """Ranges of given sizes; views."""
    def sqrt(self) -> Tensor:
        """Square root."""
    def sqrt_(self, *args, **kwargs) -> Tensor:
        """`sqrt`, in place; returns self."""
    def square(self) -> Tensor:
        """`self ** 2`."""
    def square_(self, *args, **kwargs) -> Tensor:
        """`square`, in place; returns self."""
    def squeeze(self, dim=None) -> Tensor:
        """Dimensions of size 1 taken out, a view: all, or `dim` (an int or a tuple) where it has size 1."""
    def squeeze_(self, *args, **kwargs) -> Tensor:
        """`squeeze`, in place; returns self."""
    def std(self, dim=None, unbiased=None, keepdim=False, *, correction=None) -> Tensor:
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
    def subtract_(self, *args, **kwargs) -> Tensor:
        """`subtract`, in place; returns self."""
    def sum(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
        """Sum of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
    def swapaxes(self, axis0, axis1) -> Tensor:
        """Two dimensions swapped, a view."""
    def swapaxes_(self, *args, **kwargs) -> Tensor:
        """`swapaxes`, in place; returns self."""
    def swapdims(self, dim0, dim1) -> Tensor:
        """Two dimensions swapped, a view."""
    def swapdims_(self, *args, **kwargs) -> Tensor:
        """`swapdims`, in place; returns self."""
    def t(self) -> Tensor:
        """A matrix transposed, a view; RuntimeError above two dimensions."""
    def t_(self, *args, **kwargs) -> Tensor:
        """`t`, in place; returns self."""
    def take(self, index) -> Tensor:
        """Elements by their places in the flattened tensor, in index's shape."""
    def take_along_dim(self, indices, dim=None) -> Tensor:
        """As gather, but shapes broadcast; without dim as if flattened."""
    def tan(self) -> Tensor:
        """Tangent."""
    def tan_(self, *args, **kwargs) -> Tensor:
        """`tan`, in place; returns self."""
    def tanh(self) -> Tensor:
        """Hyperbolic tangent."""
    def tanh_(self, *args, **kwargs) -> Tensor:
        """`tanh`, in place; returns self."""
    def tensor_split(
        self, indices_or_sections=None, dim=0, *, sections=None, indices=None, tensor_indices_or_sections=None
    ) -> tuple[Tensor, ...]:
        """A number of nearly equal ranges, or the ranges between indices; views."""
    def tile(self, *times, dims=None) -> Tensor:
        """As repeat, but fewer numbers than dimensions count from the last."""
    def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None) -> Tensor:
        """The tensor in another dtype, on another device or laid out otherwise; itself when nothing
        changes, unless `copy`.
        """
    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
    def topk(self, k, dim=-1, largest=True, sorted=True) -> tuple[Tensor, ...]:
        """(values, indices): the k greatest elements along `dim`, or the least; in order."""
    def trace(self) -> Tensor:
        """Sum of a matrix's diagonal."""
    def transpose(self, dim0, dim1) -> Tensor:
        """Two dimensions swapped, a view."""
    def transpose_(self, *args, **kwargs) -> Tensor:
        """`transpose`, in place; returns self."""
    def tril(self, diagonal=0) -> Tensor:
        """Zeros above a diagonal."""
    def tril_(self, *args, **kwargs) -> Tensor:
        """`tril`, in place; returns self."""
    def triu(self, diagonal=0) -> Tensor:
        """Zeros below a diagonal."""
    def triu_(self, *args, **kwargs) -> Tensor:
        """`triu`, in place; returns self."""
    def true_divide(self, other) -> Tensor:
        """Quotient; shapes broadcast, integers become floats."""
    def true_divide_(self, *args, **kwargs) -> Tensor:
        """`true_divide`, in place; returns self."""
    def trunc(self) -> Tensor:
        """The integer towards zero."""
    def trunc_(self, *args, **kwargs) -> Tensor:
        """`trunc`, in place; returns self."""
    def type(self, dtype=None) -> Any:
        """The name of the tensor's type, "torch.FloatTensor"; or the tensor in another dtype."""
    def type_as(self, other) -> Tensor:
        """The tensor in the dtype of another one."""
    def unbind(self, dim=0) -> tuple[Tensor, ...]:
        """Every position of a dimension, a tuple of views."""
    def unflatten(self, dim, sizes) -> Tensor:
        """One dimension made several; one size may be -1."""
    def unfold(self, dimension, size, step) -> Tensor:
        """All windows of `size` elements along a dimension, `step` apart, as a last dimension; a view."""
    def uniform_(self, *args, **kwargs) -> Tensor:
        """`uniform`, in place; returns self."""
    def unique(self, sorted=True, return_inverse=False, return_counts=False, dim=None) -> Any:
        """Different elements in order; with them, as asked, for each element which it is, and how often
        each occurs.
        """
    def unique_consecutive(self, return_inverse=False, return_counts=False, dim=None) -> Tensor:
        """Elements without repetitions of the one before; with them, as asked, which of them each is, and
        how often.
        """
    def unsqueeze(self, dim) -> Tensor:
        """A dimension of size 1 put in, a view."""
    def unsqueeze_(self, *args, **kwargs) -> Tensor:
        """`unsqueeze`, in place; returns self."""
    def untyped_storage(self) -> UntypedStorage:
        """The memory that this tensor shows, perhaps with others."""
    def var(self, dim=None, unbiased=None, keepdim=False, *, correction=None) -> Tensor:
        """Variance of all elements, or over `dim`; divided by the count less `correction` (1 unless told)."""
    def vdot(self, other) -> Tensor:
        """Inner product of two vectors, as `dot` for real numbers."""
    def view(self, *sizes, size=None) -> Tensor:
        """The same elements in another shape, sharing memory; one size may be -1."""
    def view_as(self, other) -> Tensor:
        """A view in another tensor's shape."""
    def vsplit(self, indices_or_sections=None, *, sections=None, indices=None) -> tuple[Tensor, ...]:
        """tensor_split along the first dimension."""
    def where(self, condition, other) -> Any: ...
    def xlogy(self, other) -> Tensor:
        """`input * log(other)`, 0 where input is 0; either may be a Python number."""
    def xlogy_(self, *args, **kwargs) -> Tensor:
        """`xlogy`, in place; returns self."""
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
