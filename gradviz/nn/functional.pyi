"""Functions of `torch.nn.functional`.

Made by `python -m docs.generate`.
"""

from gradviz.engine.tensor import Tensor as Tensor

def adaptive_avg_pool1d(input, output_size) -> Tensor:
    """Means of as many windows of (N, C, L) as asked for."""
def adaptive_avg_pool2d(input, output_size) -> Tensor:
    """Means of as many windows as asked for; None keeps a size."""
def addmm(self, mat1, mat2, *, beta=1, alpha=1) -> Tensor:
    """`beta * self + alpha * mat1 @ mat2`; self broadcasts to (N, M)."""
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True) -> Tensor:
    """The mean of each window of (N, C, L)."""
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
) -> Tensor:
    """The mean of each window."""
def batch_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05
) -> Tensor:
    """Each channel standardized over the batch (training), or by the running statistics."""
def binary_cross_entropy(input, target, weight=None, reduction='mean') -> Tensor:
    """Cross entropy of probabilities and targets of one size."""
def binary_cross_entropy_with_logits(input, target, weight=None, reduction='mean', pos_weight=None) -> Tensor:
    """binary_cross_entropy of sigmoid(input), without overflow."""
def celu(input, alpha=1.0, inplace=False) -> Tensor:
    """`input` above zero, `alpha * (exp(input / alpha) - 1)` below."""
def celu_(self, *args, **kwargs) -> Tensor:
    """`celu`, in place; returns self."""
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
def cosine_similarity(x1, x2, dim=1, eps=1e-08) -> Tensor:
    """The cosine of the angle between vectors along a dimension."""
def cross_entropy(
    input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0
) -> Tensor:
    """log_softmax, then nll_loss: (N, C, ...) scores and (N, ...) classes, or probabilities of all
    classes.
    """
def dropout(input, p=0.5, training=True, inplace=False) -> Tensor:
    """In training each element is zero with probability p, the others grow by 1 / (1 - p)."""
def elu(input, alpha=1.0, inplace=False) -> Tensor:
    """`input` above zero, `alpha * (exp(input) - 1)` below."""
def elu_(self, *args, **kwargs) -> Tensor:
    """`elu`, in place; returns self."""
def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
) -> Tensor:
    """Rows of a weight (V, D), one for each index: (...) to (..., D)."""
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1) -> Tensor:
    """Columns added up where their windows were: (N, C * K * K, windows) to (N, C, H, W)."""
def gelu(self, *, approximate='none') -> Tensor:
    """`self * cdf(self)` of the normal distribution; approximate="tanh" for a formula without erf."""
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05) -> Tensor:
    """Each group of channels of each sample standardized."""
def hardsigmoid(input, inplace=False) -> Tensor:
    """`min(max(input + 3, 0), 6) / 6`."""
def hardswish(input, inplace=False) -> Tensor:
    """`input * min(max(input + 3, 0), 6) / 6`."""
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False) -> Tensor:
    """`input` between two numbers, the nearer of them beyond."""
def hardtanh_(self, *args, **kwargs) -> Tensor:
    """`hardtanh`, in place; returns self."""
def huber_loss(input, target, reduction='mean', delta=1.0) -> Tensor:
    """Squares of differences below delta, delta times the absolute values of greater ones."""
def interpolate(input, size=None, scale_factor=None, mode='nearest') -> Tensor:
    """(N, C, H, W) made larger or smaller by the nearest values; NotImplementedError for other modes."""
def kl_div(input, target, reduction='mean', log_target=False) -> Tensor:
    """Kullback-Leibler divergence of log-probabilities `input` from `target`; "batchmean" divides by
    the batch.
    """
def l1_loss(input, target, reduction='mean') -> Tensor:
    """Mean absolute error."""
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05) -> Tensor:
    """Standardized over the last dimensions, then `* weight + bias`."""
def leaky_relu(input, negative_slope=0.01, inplace=False) -> Tensor:
    """`input` above zero, `negative_slope * input` below."""
def leaky_relu_(self, *args, **kwargs) -> Tensor:
    """`leaky_relu`, in place; returns self."""
def linear(input, weight, bias=None) -> Tensor:
    """`input @ weight.T + bias`: (..., in), (out, in) and (out,) to (..., out)."""
def log_softmax(input, dim) -> Tensor:
    """Logarithms of probabilities along a dimension."""
def logsigmoid(self) -> Tensor:
    """`log(sigmoid(self))` without overflow."""
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False) -> Tensor:
    """The greatest value of each window of (N, C, L)."""
def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """The greatest value of each window; with return_indices also its place in the plane."""
def mish(input, inplace=False) -> Tensor:
    """`input * tanh(softplus(input))`."""
def mse_loss(input, target, reduction='mean') -> Tensor:
    """Mean squared error; warns as PyTorch does when the shapes differ and broadcast."""
def nll_loss(input, target, weight=None, ignore_index=-100, reduction='mean') -> Tensor:
    """Negative log-likelihood of class numbers: (N, C, ...) log-probabilities and (N, ...) targets."""
def one_hot(input, num_classes=-1) -> Tensor:
    """1 at each element's class, else 0, along a new last dimension."""
def pad(input, pad, mode='constant', value=None) -> Tensor:
    """`pad` elements before and after, from the last dimension on: (left, right, top, bottom, ...)."""
def relu(input, inplace=False) -> Tensor:
    """`max(input, 0)`."""
def relu6(input, inplace=False) -> Tensor:
    """`min(max(input, 0), 6)`."""
def relu_(self, *args, **kwargs) -> Tensor:
    """`relu`, in place; returns self."""
def rms_norm(input, normalized_shape, weight=None, eps=None) -> Tensor:
    """Divided by the root of the mean square over the last dimensions."""
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None
) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value, in the steps of PyTorch's plain ("math") form."""
def selu(input, inplace=False) -> Tensor:
    """elu with the scales that keep mean and variance."""
def selu_(self, *args, **kwargs) -> Tensor:
    """`selu`, in place; returns self."""
def sigmoid(self) -> Tensor:
    """Logistic function, `1 / (1 + exp(-self))`, without overflow: 0.5 * (1 + tanh(self / 2))."""
def silu(input, inplace=False) -> Tensor:
    """`input * sigmoid(input)`."""
def smooth_l1_loss(input, target, reduction='mean', beta=1.0) -> Tensor:
    """Squares of differences below beta, absolute values of greater ones."""
def softmax(input, dim) -> Tensor:
    """Probabilities along a dimension."""
def softmin(input, dim) -> Tensor:
    """softmax of `-input`."""
def softplus(input, beta=1, threshold=20) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`."""
def softsign(input) -> Tensor:
    """`input / (1 + |input|)`."""
def tanh(self) -> Tensor:
    """Hyperbolic tangent."""
def tanhshrink(input) -> Tensor:
    """`input - tanh(input)`."""
def threshold(input, threshold, value, inplace=False) -> Tensor:
    """`input` above a threshold, a number elsewhere."""
def threshold_(self, *args, **kwargs) -> Tensor:
    """`threshold`, in place; returns self."""
def unfold(input, kernel_size, dilation=1, padding=0, stride=1) -> Tensor:
    """Each window of (N, C, H, W) as a column: (N, C * K * K, windows)."""
