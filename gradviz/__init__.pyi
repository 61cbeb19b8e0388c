"""gradviz: see autograd happen. `import gradviz as torch` runs the supported subset of PyTorch.

Made by `python -m docs.generate`.
"""

import builtins
from typing import Any

from gradviz import autograd as autograd
from gradviz import cuda as cuda
from gradviz import linalg as linalg
from gradviz import nn as nn
from gradviz import optim as optim
from gradviz import random as random
from gradviz import utils as utils
from gradviz.amp import autocast as autocast
from gradviz.engine.asking import finfo as finfo
from gradviz.engine.asking import iinfo as iinfo
from gradviz.engine.devices import Device as Device
from gradviz.engine.dtypes import dtype as dtype
from gradviz.engine.inference import inference_mode as inference_mode
from gradviz.engine.layouts import memory_format as memory_format
from gradviz.engine.random import Generator as Generator
from gradviz.engine.switches import enable_grad as enable_grad
from gradviz.engine.switches import no_grad as no_grad
from gradviz.engine.switches import set_grad_enabled as set_grad_enabled
from gradviz.engine.tensor import Size as Size
from gradviz.engine.tensor import Tensor as Tensor

def BoolTensor(*given) -> Tensor:
    """A tensor of torch.bool of values, or zeros of sizes, as older scripts make them."""
def DoubleTensor(*given) -> Tensor:
    """A tensor of torch.float64 of values, or zeros of sizes, as older scripts make them."""
def FloatTensor(*given) -> Tensor:
    """A tensor of torch.float32 of values, or zeros of sizes, as older scripts make them."""
def IntTensor(*given) -> Tensor:
    """A tensor of torch.int32 of values, or zeros of sizes, as older scripts make them."""
def LongTensor(*given) -> Tensor:
    """A tensor of torch.int64 of values, or zeros of sizes, as older scripts make them."""
def abs(self) -> Tensor:
    """Absolute value."""
def abs_(self, *args, **kwargs) -> Tensor:
    """`abs`, in place; returns self."""
def absolute(self) -> Tensor:
    """Absolute value."""
def acos(self) -> Tensor:
    """Inverse cosine."""
def acos_(self, *args, **kwargs) -> Tensor:
    """`acos`, in place; returns self."""
def acosh(self) -> Tensor:
    """Inverse hyperbolic cosine."""
def acosh_(self, *args, **kwargs) -> Tensor:
    """`acosh`, in place; returns self."""
def adaptive_avg_pool1d(input, output_size) -> Tensor:
    """Means of as many windows of (N, C, L) as asked for."""
def adaptive_max_pool1d(input, output_size, return_indices=False) -> Tensor:
    """adaptive_max_pool1d, and the place of each value."""
def add(self, other, *, alpha=1) -> Tensor:
    """Sum, `self + alpha * other`; shapes broadcast."""
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
def addmv_(self, *args, **kwargs) -> Tensor:
    """`addmv`, in place; returns self."""
def addr(self, vec1, vec2, *, beta=1, alpha=1) -> Tensor:
    """`beta * self + alpha * outer(vec1, vec2)`; self broadcasts to (N, M)."""
def all(input, dim=None, keepdim=False) -> Tensor:
    """Whether all elements are other than zero, or all over `dim` (an int or a tuple)."""
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> builtins.bool:
    """Whether all elements are close: a Python bool."""
def alpha_dropout(input, p=0.5, training=False) -> Tensor:
    """dropout after selu: what is dropped takes selu's lowest value, and mean and variance stay."""
def amax(input, dim=..., keepdim=False) -> Tensor:
    """The greatest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
def amin(input, dim=..., keepdim=False) -> Tensor:
    """The smallest element of all, or over `dim` (an int or a tuple); equal ones share the gradient."""
def aminmax(input, *, dim=None, keepdim=False) -> tuple[Tensor, ...]:
    """(min, max) of all elements, or along `dim`."""
def any(input, dim=None, keepdim=False) -> Tensor:
    """Whether an element is other than zero, or one over `dim` (an int or a tuple)."""
def arange(start, end=None, step=1, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Numbers from start up to, not including, end; int64 unless a float is among them."""
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
def arctan2(input, other) -> Tensor:
    """The angle of the point (other, self), from -pi to pi."""
def arctan_(self, *args, **kwargs) -> Tensor:
    """`arctan`, in place; returns self."""
def arctanh(self) -> Tensor:
    """Inverse hyperbolic tangent."""
def arctanh_(self, *args, **kwargs) -> Tensor:
    """`arctanh`, in place; returns self."""
def argmax(input, dim=None, keepdim=False) -> Tensor:
    """Place of the greatest element of all, or along `dim`."""
def argmin(input, dim=None, keepdim=False) -> Tensor:
    """Place of the smallest element of all, or along `dim`."""
def argsort(self, dim=-1, descending=False, *, stable=False) -> Tensor:
    """Where the elements in order along `dim` were."""
def argwhere(self) -> Tensor:
    """The places of the elements that are not zero, a row each."""
def as_strided(input, size, stride, storage_offset=None) -> Tensor:
    """A view of the memory that the tensor lies in, by sizes, strides and the offset of the first
    element.
    """
def as_tensor(data, dtype=None, device=None) -> Tensor:
    """data as a tensor: itself or sharing its memory where dtype and device allow, else a copy."""
def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=None) -> Tensor:
    """obj as a leaf or as itself: a tensor, an array, a DLPack capsule's owner, a buffer, numbers or
    nested lists.
    """
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
def atan2(input, other) -> Tensor:
    """The angle of the point (other, self), from -pi to pi."""
def atan_(self, *args, **kwargs) -> Tensor:
    """`atan`, in place; returns self."""
def atanh(self) -> Tensor:
    """Inverse hyperbolic tangent."""
def atanh_(self, *args, **kwargs) -> Tensor:
    """`atanh`, in place; returns self."""
def atleast_1d(*tensors) -> Any:
    """Dimensions of size 1 added until there are 1; several tensors give a tuple."""
def atleast_2d(*tensors) -> Any:
    """Dimensions of size 1 added until there are 2; several tensors give a tuple."""
def atleast_3d(*tensors) -> Any:
    """Dimensions of size 1 added until there are 3; several tensors give a tuple."""
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True) -> Tensor:
    """The mean of each window of (N, C, L)."""
def baddbmm(self, batch1, batch2, *, beta=1, alpha=1) -> Tensor:
    """`beta * self + alpha * bmm(batch1, batch2)`; self broadcasts to (B, N, M)."""
def bernoulli(input, p=None) -> Tensor:
    """1 with the probability that each element is, or p, else 0; outside the graph."""
def bilinear(input1, input2, weight, bias=None) -> Tensor:
    """`input1 @ weight[o] @ input2` for each output o, and the bias: (..., A), (..., B) and (O, A, B)
    to (..., O).
    """
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
def block_diag(*tensors) -> Tensor:
    """Matrices along the diagonal of one that is zero elsewhere; a vector is a row."""
def bmm(self, mat2) -> Tensor:
    """A batch of matrix products, (B, N, K) and (B, K, M) to (B, N, M)."""
bool: dtype
bool_: dtype
def broadcast_shapes(*shapes) -> Tensor:
    """The shape that tensors of these shapes (a tuple or an int each) become together."""
def broadcast_tensors(*tensors) -> tuple[Tensor, ...]:
    """Tensors expanded to the shape that they have in common; views."""
def broadcast_to(self, size) -> Tensor:
    """Expanded to a size, a view."""
def bucketize(self, boundaries, *, out_int32=False, right=False) -> Tensor:
    """Between which of sorted boundaries each element lies."""
def can_cast(from_, to) -> builtins.bool:
    """Whether values of one dtype may be written into a tensor of another: not floats into integers or
    bools.
    """
def cartesian_prod(*tensors) -> Tensor:
    """Every combination of elements of vectors, a row each."""
def cat(tensors, dim=0) -> Tensor:
    """Tensors one after the other along a dimension that they have."""
def cdist(x1, x2, p=2.0) -> Tensor:
    """The distance of order p of each row of x1 from each row of x2."""
def ceil(self) -> Tensor:
    """The integer above."""
def ceil_(self, *args, **kwargs) -> Tensor:
    """`ceil`, in place; returns self."""
def celu(input, alpha=1.0) -> Tensor:
    """`input` above zero, `alpha * (exp(input / alpha) - 1)` below."""
def chain_matmul(*matrices) -> Tensor:
    """The product of matrices, in the cheapest order."""
def channel_shuffle(input, groups) -> Tensor:
    """Channels of all groups in turn."""
def cholesky_solve(input, input2, upper=False) -> Tensor:
    """X with `L @ L.T @ X = input`, for the triangle L that cholesky gives."""
def chunk(self, chunks, dim=0) -> tuple[Tensor, ...]:
    """At most `chunks` ranges of one size, the last one what is left; views."""
def clamp(input, min=None, max=None) -> Tensor:
    """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be
    None.
    """
def clamp_(self, *args, **kwargs) -> Tensor:
    """`clamp`, in place; returns self."""
def clamp_max(input, max) -> Tensor:
    """Each element, at most `max`: a number or a tensor."""
def clamp_max_(self, *args, **kwargs) -> Tensor:
    """`clamp_max`, in place; returns self."""
def clamp_min(input, min) -> Tensor:
    """Each element, at least `min`: a number or a tensor."""
def clamp_min_(self, *args, **kwargs) -> Tensor:
    """`clamp_min`, in place; returns self."""
def clip(input, min=None, max=None) -> Tensor:
    """Each element, or the bound where it lies beyond: two numbers or two tensors, of which one may be
    None.
    """
def clip_(self, *args, **kwargs) -> Tensor:
    """`clip`, in place; returns self."""
def clone(self, *, memory_format=None) -> Tensor:
    """A copy, part of the graph; its dimensions lie in memory in the same order, or as memory_format
    says.
    """
def column_stack(tensors) -> Tensor:
    """Tensors side by side; a vector is a column."""
def combinations(input, r=2, with_replacement=False) -> Tensor:
    """Every choice of r elements of a vector, a row each."""
def concat(tensors, dim=0) -> Tensor:
    """Tensors one after the other along a dimension that they have."""
def concatenate(tensors, dim=0) -> Tensor:
    """Tensors one after the other along a dimension that they have."""
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """(N, C, L) and (O, C / groups, K) to (N, O, windows)."""
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """(N, C, H, W) and (O, C / groups, K, K) to (N, O, windows down, windows across)."""
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """As conv2d, with one more dimension."""
def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
) -> Tensor:
    """The gradient of a conv1d for its input, as a layer: weight (C, O / groups, K)."""
def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
) -> Tensor:
    """The gradient of a conv2d for its input, as a layer: weight (C, O / groups, K, K)."""
def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
) -> Tensor:
    """The gradient of a conv3d for its input, as a layer: weight (C, O / groups, K, K, K)."""
def copysign(input, other) -> Tensor:
    """The size of `input` with the sign of `other`, a number or a tensor."""
def corrcoef(input) -> Tensor:
    """Correlations of the rows of (variables, observations)."""
def cos(self) -> Tensor:
    """Cosine."""
def cos_(self, *args, **kwargs) -> Tensor:
    """`cos`, in place; returns self."""
def cosh(self) -> Tensor:
    """Hyperbolic cosine."""
def cosh_(self, *args, **kwargs) -> Tensor:
    """`cosh`, in place; returns self."""
def cosine_similarity(x1, x2, dim=1, eps=1e-08) -> Tensor:
    """The cosine of the angle between vectors along a dimension."""
def count_nonzero(input, dim=None) -> Tensor:
    """How many elements are other than zero, of all or over `dim` (an int or a tuple)."""
def cov(input, *, correction=1, fweights=None, aweights=None) -> Tensor:
    """Covariances of the rows of (variables, observations)."""
def cross(input, other, dim=None) -> Tensor:
    """The cross product along `dim`, or along the first dimension of size 3."""
def ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction=0, zero_infinity=False
) -> Tensor:
    """Minus the log-likelihood of targets, (N, S) or one after the other, in log_probs (T, N, C) of
    all alignments.
    """
def cummax(input, dim) -> Tensor:
    """(values, indices): the greatest elements up to each place along `dim`, and where they are."""
def cummin(input, dim) -> Tensor:
    """(values, indices): the smallest elements up to each place along `dim`, and where they are."""
def cumprod(input, dim, *, dtype=None) -> Tensor:
    """Running product along `dim`."""
def cumsum(input, dim, *, dtype=None) -> Tensor:
    """Running sum along `dim`."""
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1) -> Tensor:
    """The areas below points y up to each of them but the first."""
def deg2rad(self) -> Tensor:
    """Degrees as radians."""
def deg2rad_(self, *args, **kwargs) -> Tensor:
    """`deg2rad`, in place; returns self."""
def det(A) -> Tensor:
    """The determinant of matrices, (..., N, N) to (...)."""
def detach(self) -> Tensor:
    """The same values outside the graph; the memory is shared."""
def detach_(self) -> Tensor:
    """Takes the tensor out of its graph; RuntimeError for a view."""
device = Device
def diag(self, diagonal=0) -> Tensor:
    """A vector as the diagonal of a matrix, or a matrix's diagonal as a vector."""
def diag_embed(self, offset=0, dim1=-2, dim2=-1) -> Tensor:
    """The last dimension on the diagonal of two new ones."""
def diagflat(self, offset=0) -> Tensor:
    """All elements on the diagonal of a matrix."""
def diagonal(self, offset=0, dim1=0, dim2=1) -> Tensor:
    """A diagonal of two dimensions, as the last dimension; a view."""
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1) -> Tensor:
    """A copy with src on a diagonal."""
def diff(input, n=1, dim=-1, prepend=None, append=None) -> Tensor:
    """Each element minus the one before it along `dim`, n times."""
def digamma(self) -> Tensor:
    """Derivative of the logarithm of the gamma function."""
def dist(input, other, p=2) -> Tensor:
    """The norm of order p of the difference of two tensors."""
def div(input, other, *, rounding_mode=None) -> Tensor:
    """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
def divide(input, other, *, rounding_mode=None) -> Tensor:
    """Quotient; integers become floats unless it is rounded, down ("floor") or towards zero ("trunc")."""
def dot(self, tensor) -> Tensor:
    """Inner product of two vectors, (N,) and (N,) to ()."""
double: dtype
def dropout(input, p=0.5, training=True, inplace=False) -> Tensor:
    """In training each element is zero with probability p, the others grow by 1 / (1 - p)."""
def dsplit(self, indices_or_sections) -> Tensor:
    """tensor_split along the third dimension."""
def dstack(tensors) -> Tensor:
    """Tensors one behind the other, along the third dimension."""
e: builtins.float
def einsum(equation, *operands) -> Tensor:
    """Sums of products by subscripts: "ij,jk->ik", or `a, [0, 1], b, [1, 2], [0, 2]`; expands as in
    PyTorch.
    """
def empty(*size, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Memory of this size as it is found, values and all."""
def empty_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None) -> Tensor:
    """Memory as it is found, of another tensor's size, dtype and device."""
def eq(self, other) -> Tensor:
    """Whether equal, elementwise."""
def equal(input, other) -> builtins.bool:
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
def exp(self) -> Tensor:
    """e to the power of each element."""
def exp2(self) -> Tensor:
    """2 to the power of each element."""
def exp2_(self, *args, **kwargs) -> Tensor:
    """`exp2`, in place; returns self."""
def exp_(self, *args, **kwargs) -> Tensor:
    """`exp`, in place; returns self."""
def expm1(self) -> Tensor:
    """`exp(self) - 1`, exact near zero."""
def expm1_(self, *args, **kwargs) -> Tensor:
    """`expm1`, in place; returns self."""
def eye(n, m=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """The identity matrix, (n, m)."""
def feature_alpha_dropout(input, p=0.5, training=False) -> Tensor:
    """alpha_dropout of whole channels."""
def feature_dropout(input, p, training) -> Tensor:
    """In training each channel of (N, C, ...) is zero with probability p, the others grow by 1 / (1 - p)."""
def fill_(self, *args, **kwargs) -> Tensor:
    """`fill`, in place; returns self."""
def fix(self) -> Tensor:
    """The integer towards zero."""
def fix_(self, *args, **kwargs) -> Tensor:
    """`fix`, in place; returns self."""
def flatten(self, start_dim=0, end_dim=-1) -> Tensor:
    """Dimensions start_dim to end_dim made one."""
def flip(self, *dims) -> Tensor:
    """The order of dims reversed, a copy."""
def fliplr(self) -> Tensor:
    """The second dimension reversed."""
def flipud(self) -> Tensor:
    """The first dimension reversed."""
float: dtype
float16: dtype
float32: dtype
float64: dtype
def floor(self) -> Tensor:
    """The integer below."""
def floor_(self, *args, **kwargs) -> Tensor:
    """`floor`, in place; returns self."""
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
def frac_(self, *args, **kwargs) -> Tensor:
    """`frac`, in place; returns self."""
def from_dlpack(ext_tensor, *, device=None, copy=None) -> Tensor:
    """A tensor that shares memory with whatever speaks DLPack, or with a capsule."""
def from_numpy(ndarray) -> Tensor:
    """A tensor that shares memory with a NumPy array; one that can't be written to warns, as PyTorch
    warns.
    """
def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False) -> Tensor:
    """`count` elements, or all, of an object with the buffer protocol, after `offset` bytes; memory is
    shared.
    """
def full(size, fill_value, dtype=None, device=None, requires_grad=False) -> Tensor:
    """One value, of this size; its dtype follows the value."""
def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False, memory_format=None) -> Tensor:
    """One value, of another tensor's size, dtype and device."""
def gather(self, dim, index, *, sparse_grad=False) -> Tensor:
    """`self[i, index[i, j]]` along `dim`, for every element of index."""
def ge(self, other) -> Tensor:
    """Whether greater or equal, elementwise."""
def ger(self, vec2) -> Tensor:
    """(N,) and (M,) to (N, M): every product."""
def get_default_device() -> builtins.str:
    """Where new tensors are made."""
def get_default_dtype() -> dtype:
    """The dtype that Python floats become."""
def get_num_threads() -> builtins.int:
    """How many threads share elementwise work on large arrays."""
def greater(self, other) -> Tensor:
    """Whether greater, elementwise."""
def greater_equal(self, other) -> Tensor:
    """Whether greater or equal, elementwise."""
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05) -> Tensor:
    """Each group of channels of each sample standardized."""
def gru(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False) -> Tensor:
    """gru over (steps, N, input): the outputs of the last layer, and the last state of each layer. Or
    over packed rows: the sizes of the steps come behind them, and no batch_first.
    """
def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None) -> Tensor:
    """One step of gru: (N, input) and the state before to the state after."""
def gt(self, other) -> Tensor:
    """Whether greater, elementwise."""
half: dtype
def hardshrink(input, lambd=0.5) -> Tensor:
    """`input`, zero from -lambd to lambd."""
def heaviside(self, values) -> Tensor:
    """0 below zero, 1 above, `values` at zero; PyTorch has no derivative of it."""
def histc(input, bins=100, min=0, max=0) -> Tensor:
    """How many elements lie in each of bins between min and max, or between the least and the greatest."""
def hsplit(self, indices_or_sections) -> tuple[Tensor, ...]:
    """tensor_split along the second dimension, or the first of a vector."""
def hstack(tensors) -> Tensor:
    """Tensors side by side: along the second dimension, vectors along their only one."""
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
def index_put_(self, *args, **kwargs) -> Tensor:
    """`index_put`, in place; returns self."""
def index_select(self, dim, index) -> Tensor:
    """Positions of a dimension, one for each element of a vector."""
inf: builtins.float
def inner(self, other) -> Tensor:
    """Sums of products over the last dimensions of both."""
int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
def inverse(A) -> Tensor:
    """The inverse of matrices, (..., N, N)."""
def is_anomaly_check_nan_enabled() -> builtins.bool:
    """Whether anomaly mode, when on, looks for NaN."""
def is_anomaly_enabled() -> builtins.bool:
    """Whether anomaly mode is on."""
def is_complex(self) -> builtins.bool:
    """Whether the dtype is complex: never, since gradviz has none."""
def is_floating_point(input) -> builtins.bool:
    """Whether the dtype is a floating one."""
def is_grad_enabled() -> builtins.bool:
    """Whether an op run now builds a graph."""
def is_inference(input) -> builtins.bool:
    """Whether the tensor was made in inference mode, or is a view of one that was."""
def is_inference_mode_enabled() -> builtins.bool:
    """Whether inference mode is on."""
def is_nonzero(input) -> builtins.bool:
    """Whether the one element is not zero."""
def is_signed(self) -> builtins.bool:
    """Whether the dtype has negative numbers."""
def is_tensor(obj) -> builtins.bool:
    """Whether obj is a tensor."""
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> Tensor:
    """Whether the difference is at most `atol + rtol * |other|`, element by element."""
def isfinite(self) -> Tensor:
    """Whether a number and not infinite."""
def isin(elements, test_elements, *, assume_unique=False, invert=False) -> Tensor:
    """Whether each element is among test_elements, a tensor or a number."""
def isinf(self) -> Tensor:
    """Whether infinite, of either sign."""
def isnan(self) -> Tensor:
    """Whether not a number."""
def isneginf(self) -> Tensor:
    """Whether each element is minus infinity."""
def isposinf(self) -> Tensor:
    """Whether each element is infinity."""
def kron(self, other) -> Tensor:
    """The Kronecker product: each element of one times all of the other."""
def kthvalue(self, k, dim=-1, keepdim=False) -> tuple[Tensor, ...]:
    """(values, indices): the k-th least element along `dim`."""
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05) -> Tensor:
    """Standardized over the last dimensions, then `* weight + bias`."""
def le(self, other) -> Tensor:
    """Whether smaller or equal, elementwise."""
def lerp(input, end, weight) -> Tensor:
    """`input + weight * (end - input)`; weight is a number or a tensor."""
def less(self, other) -> Tensor:
    """Whether smaller, elementwise."""
def less_equal(self, other) -> Tensor:
    """Whether smaller or equal, elementwise."""
def lgamma(self) -> Tensor:
    """Logarithm of the absolute value of the gamma function."""
def linspace(start, end, steps, dtype=None, device=None, requires_grad=False) -> Tensor:
    """`steps` numbers from start to end, both included."""
def load(path, map_location=None, *, weights_only=True) -> Any:
    """What save wrote, or another's file of the two formats, as a dict of tensors on the CPU or
    `map_location`.
    """
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
def log_softmax(input, dim) -> Tensor:
    """Logarithms of probabilities along a dimension."""
def logaddexp(input, other) -> Tensor:
    """`log(exp(self) + exp(other))` without overflow."""
def logaddexp2(input, other) -> Tensor:
    """`log2(2**self + 2**other)` without overflow."""
def logcumsumexp(input, dim) -> Tensor:
    """`log(cumsum(exp(input)))` along `dim`, without overflow."""
def logdet(A) -> Tensor:
    """The logarithm of the determinant; NaN where that is negative."""
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
def logit_(self, *args, **kwargs) -> Tensor:
    """`logit`, in place; returns self."""
def logspace(start, end, steps, base=10.0, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """`steps` numbers from base**start to base**end, evenly spaced in their logarithm."""
def logsumexp(input, dim, keepdim=False) -> Tensor:
    """`log(sum(exp(input)))` over `dim` (an int or a tuple), without overflow."""
long: dtype
def lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False) -> Tensor:
    """lstm over (steps, N, input): the outputs of the last layer, and the last hidden and cell state
    of each layer.
    """
def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None) -> Tensor:
    """One step of lstm: (N, input) and the state before to the state after."""
def lt(self, other) -> Tensor:
    """Whether smaller, elementwise."""
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
def max_pool1d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """The greatest value of each window of (N, C, L); with return_indices also its place in the row."""
def max_pool1d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """max_pool1d, and the place of each value."""
def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """The greatest value of each window; with return_indices also its place in the plane."""
def max_pool3d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """The greatest value of each window of (N, C, D, H, W); with return_indices also its place in the
    volume.
    """
def maximum(input, other) -> Tensor:
    """The greater of two elements; NaN where one is."""
def mean(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """Mean of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
def median(input, dim=None, keepdim=False) -> Any:
    """The middle element of all, the lower of two; along `dim`, (values, indices)."""
def meshgrid(*tensors, indexing='ij') -> tuple[Tensor, ...]:
    """Vectors spread over a grid; indexing "xy" swaps the first two dimensions."""
def min(input, dim=None, keepdim=False, *, other=None) -> Any:
    """The smallest of all; along `dim`, (values, indices); with a second tensor, the smaller of two
    elements.
    """
def minimum(input, other) -> Tensor:
    """The smaller of two elements; NaN where one is."""
def mm(self, mat2) -> Tensor:
    """Matrix product, (N, K) and (K, M) to (N, M)."""
def mode(input, dim=-1, keepdim=False) -> tuple[Tensor, ...]:
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
def multinomial(input, num_samples, replacement=False) -> Tensor:
    """(num_samples,) or (N, num_samples) places, drawn by the weights in (C,) or (N, C)."""
def multiply(self, other) -> Tensor:
    """Product; shapes broadcast."""
def mv(self, vec) -> Tensor:
    """Matrix times vector, (N, M) and (M,) to (N,)."""
nan: builtins.float
def nan_to_num(input, nan=0.0, posinf=None, neginf=None) -> Tensor:
    """Numbers for NaN and the infinities: by default 0 and the largest that the dtype holds."""
def nan_to_num_(self, *args, **kwargs) -> Tensor:
    """`nan_to_num`, in place; returns self."""
def nanmean(input, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """Mean of what is a number, of all elements or over `dim`."""
def nanmedian(input, dim=None, keepdim=False) -> Tensor:
    """The median of all that is a number; or (values, indices) along `dim`."""
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation='linear') -> Tensor:
    """quantile of what is a number."""
def nansum(input, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """Sum of what is a number, of all elements or over `dim`."""
def narrow(self, dim, start, length) -> Tensor:
    """A range of a dimension, `length` long; a view."""
def ne(self, other) -> Tensor:
    """Whether different, elementwise."""
def neg(self) -> Tensor:
    """`-self`."""
def neg_(self, *args, **kwargs) -> Tensor:
    """`neg`, in place; returns self."""
def negative(self) -> Tensor:
    """`-self`."""
def negative_(self, *args, **kwargs) -> Tensor:
    """`negative`, in place; returns self."""
newaxis: None
def nonzero(self, *, as_tuple=False) -> Any:
    """The places of the elements that are not zero: a row each, or a tuple with a vector a dimension."""
def norm(input, p='fro', dim=None, keepdim=False, dtype=None) -> Tensor:
    """The norm of order p of all elements as one vector, or over `dim`; "fro" is the order 2."""
def norm_except_dim(v, pow=2, dim=0) -> Tensor:
    """The norm over all dimensions but one, which keeps its place; of all, for the dimension -1."""
def normal(mean, std=1.0, size=None, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Normal random numbers: of `size` for a mean and deviation that are numbers, else one for each of
    theirs.
    """
def not_equal(self, other) -> Tensor:
    """Whether different, elementwise."""
def numel(input) -> builtins.int:
    """How many elements."""
def ones(*size, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Ones of this size."""
def ones_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None) -> Tensor:
    """Ones of another tensor's size, dtype and device."""
def outer(self, vec2) -> Tensor:
    """(N,) and (M,) to (N, M): every product."""
def pairwise_distance(x1, x2, p=2.0, eps=1e-06, keepdim=False) -> Tensor:
    """The norm of `x1 - x2 + eps` along the last dimension."""
def permute(self, *dims) -> Tensor:
    """Dimensions in another order, a view."""
pi: builtins.float
def pinverse(A, *, rtol=None, hermitian=False) -> Tensor:
    """The pseudoinverse of matrices, (..., M, N) to (..., N, M); singular values below rtol of the
    greatest are 0.
    """
def pixel_shuffle(input, upscale_factor) -> Tensor:
    """(..., C * r * r, H, W) to (..., C, H * r, W * r)."""
def pixel_unshuffle(input, downscale_factor) -> Tensor:
    """(..., C, H * r, W * r) to (..., C * r * r, H, W)."""
def polygamma(n, input) -> Tensor:
    """The n-th derivative of digamma."""
def positive(input) -> Tensor:
    """`+input`: the tensor itself."""
def pow(self, exponent) -> Tensor:
    """`self ** exponent`; either may be a Python number."""
def prelu(input, weight) -> Tensor:
    """`input` above zero, a learned slope of it below: one for all, or one a channel. He et al. (2015)."""
def prod(input, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """Product of all elements, or along `dim`."""
def promote_types(type1, type2) -> Tensor:
    """The dtype that two tensors of these dtypes become together."""
def put(self, index, source, accumulate=False) -> Tensor:
    """A copy with elements put, or added, at places in the flattened tensor."""
def quantile(input, q, dim=None, keepdim=False, *, interpolation='linear') -> Tensor:
    """The numbers below which fractions q of all elements lie, or of those along `dim`; q comes first
    in the shape.
    """
def rad2deg(self) -> Tensor:
    """Radians as degrees."""
def rad2deg_(self, *args, **kwargs) -> Tensor:
    """`rad2deg`, in place; returns self."""
def rand(*size, generator=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Uniform random numbers in [0, 1) of this size."""
def rand_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None) -> Tensor:
    """Uniform random numbers in [0, 1) of another tensor's size, dtype and device."""
def randint(low, high=None, size=None, generator=None, dtype=None, device=None) -> Tensor:
    """Random integers in [low, high), or [0, low)."""
def randint_like(
    input, low, high=None, *, dtype=None, device=None, requires_grad=False, memory_format=None
) -> Tensor:
    """Random integers in [low, high), or [0, low), of another tensor's size, dtype and device."""
def randn(*size, generator=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Normal random numbers of this size."""
def randn_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None) -> Tensor:
    """Normal random numbers of another tensor's size, dtype and device."""
def randperm(n, generator=None, device=None) -> Tensor:
    """A random order of the integers below n."""
def ravel(self) -> Tensor:
    """All dimensions made one; a view where the strides allow it."""
def reciprocal(self) -> Tensor:
    """`1 / self`."""
def reciprocal_(self, *args, **kwargs) -> Tensor:
    """`reciprocal`, in place; returns self."""
def relu(self) -> Tensor:
    """`max(self, 0)`."""
def relu_(self, *args, **kwargs) -> Tensor:
    """`relu`, in place; returns self."""
def remainder(input, other) -> Tensor:
    """What is left of input divided by other, with the sign of other; either may be a Python number."""
def repeat_interleave(self, repeats, dim=None) -> Tensor:
    """Each element so often, one after the other: a number for all, or a tensor with one for each."""
def reshape(self, *size) -> Tensor:
    """A view where the strides allow it, otherwise a copy; one size may be -1."""
def result_type(tensor1, tensor2) -> Tensor:
    """The dtype that two tensors or Python numbers become together."""
def rms_norm(input, normalized_shape, weight=None, eps=None) -> Tensor:
    """Divided by the root of the mean square over the last dimensions."""
def rnn_relu(
    input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False
) -> Tensor:
    """rnn_relu over (steps, N, input): the outputs of the last layer, and the last state of each
    layer. Or over packed rows: the sizes of the steps come behind them, and no batch_first.
    """
def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None) -> Tensor:
    """One step of rnn_relu: (N, input) and the state before to the state after."""
def rnn_tanh(
    input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False
) -> Tensor:
    """rnn_tanh over (steps, N, input): the outputs of the last layer, and the last state of each
    layer. Or over packed rows: the sizes of the steps come behind them, and no batch_first.
    """
def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None) -> Tensor:
    """One step of rnn_tanh: (N, input) and the state before to the state after."""
def roll(self, shifts, dims=...) -> Tensor:
    """Elements moved on along dims (one shift for each); without dims as if flattened."""
def rot90(self, k=1, dims=...) -> Tensor:
    """A plane turned by 90 degrees, k times, from dims[0] to dims[1]."""
def round(input, *, decimals=0) -> Tensor:
    """The nearest integer, or number of so many decimals; halves go to the even one."""
def round_(self, *args, **kwargs) -> Tensor:
    """`round`, in place; returns self."""
def row_stack(tensors) -> Tensor:
    """Tensors one below the other; a vector is a row."""
def rrelu(input, lower=0.125, upper=0.3333333333333333, training=False) -> Tensor:
    """`input` above zero, below it times a random slope between two numbers, or in evaluation the mean
    one.
    """
def rsqrt(self) -> Tensor:
    """`1 / sqrt(self)`."""
def rsqrt_(self, *args, **kwargs) -> Tensor:
    """`rsqrt`, in place; returns self."""
def save(obj, path) -> None:
    """Writes tensors in nested dicts, lists and tuples, with numbers, strings and None, to
    .safetensors or .npz.
    """
def scatter(self, dim, index, src=None, *, value=None, reduce=None) -> Tensor:
    """A copy with the elements of src, or a number, put where index points along `dim`."""
def scatter_add(self, dim, index, src) -> Tensor:
    """A copy with the elements of src added where index points along `dim`."""
def scatter_reduce(self, dim, index, src, reduce, *, include_self=True) -> Tensor:
    """A copy with the elements of src brought together where index points: "sum", "prod", "mean",
    "amax", "amin".
    """
def searchsorted(sorted_sequence, self, *, out_int32=False, right=False, side=None) -> Tensor:
    """Before which element of a sorted sequence (the last dimension) each element would go."""
def select(self, dim, index) -> Tensor:
    """One position of a dimension, which is left out; a view."""
def select_scatter(input, src, dim, index) -> Tensor:
    """A copy with src at one position of a dimension."""
def selu(input) -> Tensor:
    """elu with the scales that keep mean and variance."""
def set_default_device(device) -> None:
    """Where new tensors are made: "cpu" or "cuda"; DeviceUnavailable where there is no GPU or no CuPy."""
def set_default_dtype(dtype) -> None:
    """The dtype that Python floats become."""
def set_float32_matmul_precision(precision) -> Tensor:
    """Taken: products of float32 are exact to float32."""
def set_num_threads(num) -> None:
    """How many threads share elementwise work on large arrays; without the C twins, always one."""
def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
) -> Tensor:
    """Sets digits, the size from which only edges are printed, how many, and the width of a line; None
    leaves one.
    """
def set_rng_state(new_state) -> Tensor:
    """Goes on from a state that get_rng_state gave."""
def sgn(self) -> Tensor:
    """-1, 0 or 1."""
def sigmoid(self) -> Tensor:
    """Logistic function, `1 / (1 + exp(-self))`, without overflow: 0.5 * (1 + tanh(self / 2))."""
def sigmoid_(self, *args, **kwargs) -> Tensor:
    """`sigmoid`, in place; returns self."""
def sign(self) -> Tensor:
    """-1, 0 or 1; 0 for NaN, as in PyTorch."""
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
def slice_scatter(input, src, dim=0, start=None, end=None, step=1) -> Tensor:
    """A copy with src in a range of a dimension."""
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
def sqrt_(self, *args, **kwargs) -> Tensor:
    """`sqrt`, in place; returns self."""
def square(self) -> Tensor:
    """`self ** 2`."""
def square_(self, *args, **kwargs) -> Tensor:
    """`square`, in place; returns self."""
def squeeze(self, dim=None) -> Tensor:
    """Dimensions of size 1 taken out, a view: all, or `dim` (an int or a tuple) where it has size 1."""
def stack(tensors, dim=0) -> Tensor:
    """Tensors of one shape along a new dimension."""
def static(function) -> Any:
    """A function, or module, whose graph is built once: its first call is captured, later ones replay it."""
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None) -> Tensor:
    """Standard deviation of all elements, or over `dim`; see var."""
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None) -> tuple[Tensor, ...]:
    """(standard deviation, mean) of all elements, or over `dim`; see var."""
def sub(self, other, *, alpha=1) -> Tensor:
    """Difference, `self - alpha * other`; shapes broadcast."""
def subtract(self, other, *, alpha=1) -> Tensor:
    """Difference, `self - alpha * other`; shapes broadcast."""
def sum(self, dim=None, keepdim=False, *, dtype=None) -> Tensor:
    """Sum of all elements, or over `dim` (an int or a tuple), in another dtype if told."""
def svd(input, some=True, compute_uv=True) -> tuple[Tensor, ...]:
    """(U, S, V) with `(U * S) @ V.T = input`, as torch.svd."""
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
def tan_(self, *args, **kwargs) -> Tensor:
    """`tan`, in place; returns self."""
def tanh(self) -> Tensor:
    """Hyperbolic tangent."""
def tanh_(self, *args, **kwargs) -> Tensor:
    """`tanh`, in place; returns self."""
def tensor(data, dtype=None, device=None, requires_grad=False) -> Tensor:
    """A new leaf holding a copy of `data`: numbers, nested sequences, arrays or tensors."""
def tensor_split(self, indices_or_sections, dim=0) -> tuple[Tensor, ...]:
    """A number of nearly equal ranges, or the ranges between indices; views."""
def tensordot(a, b, dims=2) -> Tensor:
    """Sums of products over pairs of dimensions: `dims` last of a and first of b, or two lists."""
def threshold(input, threshold, value) -> Tensor:
    """`input` above a threshold, a number elsewhere."""
def tile(self, *dims) -> Tensor:
    """As repeat, but fewer numbers than dimensions count from the last."""
def topk(self, k, dim=-1, largest=True, sorted=True) -> tuple[Tensor, ...]:
    """(values, indices): the k greatest elements along `dim`, or the least; in order."""
def trace(self) -> Tensor:
    """Sum of a matrix's diagonal."""
def transpose(self, dim0, dim1) -> Tensor:
    """Two dimensions swapped, a view."""
def trapezoid(y, x=None, *, dx=None, dim=-1) -> Tensor:
    """The area below points y along `dim`: at sample points x, or dx apart."""
def trapz(y, x=None, *, dx=None, dim=-1) -> Tensor:
    """The area below points y along `dim`: at sample points x, or dx apart."""
def tril(self, diagonal=0) -> Tensor:
    """Zeros above a diagonal."""
def tril_indices(row, col, offset=0, *, dtype=None, device=None) -> Tensor:
    """(2, N): where the elements on and below a diagonal of a (row, col) matrix are."""
def triu(self, diagonal=0) -> Tensor:
    """Zeros below a diagonal."""
def triu_indices(row, col, offset=0, *, dtype=None, device=None) -> Tensor:
    """(2, N): where the elements on and above a diagonal of a (row, col) matrix are."""
def true_divide(self, other) -> Tensor:
    """Quotient; shapes broadcast, integers become floats."""
def trunc(self) -> Tensor:
    """The integer towards zero."""
def trunc_(self, *args, **kwargs) -> Tensor:
    """`trunc`, in place; returns self."""
def typename(obj) -> Tensor:
    """The name of an object's type: "torch.FloatTensor" for a tensor."""
uint8: dtype
def unbind(self, dim=0) -> tuple[Tensor, ...]:
    """Every position of a dimension, a tuple of views."""
def unflatten(self, dim, sizes) -> Tensor:
    """One dimension made several; one size may be -1."""
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
def use_deterministic_algorithms(mode, *, warn_only=False) -> Tensor:
    """Taken: all that runs here is deterministic."""
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None) -> Tensor:
    """Variance of all elements, or over `dim`; divided by the count less `correction` (1 unless told)."""
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None) -> tuple[Tensor, ...]:
    """(variance, mean) of all elements, or over `dim`; see var."""
def vdot(self, other) -> Tensor:
    """Inner product of two vectors, as `dot` for real numbers."""
def vsplit(self, indices_or_sections) -> tuple[Tensor, ...]:
    """tensor_split along the first dimension."""
def vstack(tensors) -> Tensor:
    """Tensors one below the other; a vector is a row."""
def where(condition, self=None, other=None) -> Any:
    """`self` where the condition (bool) holds, else `other`; of a condition alone, the places where it
    is not zero.
    """
def xlogy(input, other) -> Tensor:
    """`input * log(other)`, 0 where input is 0; either may be a Python number."""
def xlogy_(self, *args, **kwargs) -> Tensor:
    """`xlogy`, in place; returns self."""
def zero_(self, *args, **kwargs) -> Tensor:
    """`zero`, in place; returns self."""
def zeros(*size, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Zeros of this size."""
def zeros_like(input, *, dtype=None, device=None, requires_grad=False, memory_format=None) -> Tensor:
    """Zeros of another tensor's size, dtype and device."""
