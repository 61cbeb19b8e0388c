"""Functions of `torch.nn.functional`.

Made by `python -m docs.generate`.
"""

from gradviz.engine.switches import no_grad as no_grad
from gradviz.engine.tensor import Tensor as Tensor

def adaptive_avg_pool1d(input, output_size) -> Tensor:
    """Means of as many windows of (N, C, L) as asked for."""
def adaptive_avg_pool2d(input, output_size) -> Tensor:
    """Means of as many windows as asked for; None keeps a size."""
def adaptive_avg_pool3d(input, output_size) -> Tensor:
    """Means of as many windows as asked for; None keeps a size."""
def adaptive_max_pool1d(input, output_size, return_indices=False) -> Tensor:
    """The greatest values of as many windows of (N, C, L) as asked for."""
def adaptive_max_pool1d_with_indices(input, output_size, return_indices=False) -> Tensor:
    """adaptive_max_pool1d, and the place of each value."""
def adaptive_max_pool2d(input, output_size, return_indices=False) -> Tensor:
    """The greatest values of as many windows as asked for; None keeps a size."""
def adaptive_max_pool2d_with_indices(input, output_size, return_indices=False) -> Tensor:
    """adaptive_max_pool2d, and the place of each value."""
def adaptive_max_pool3d(input, output_size, return_indices=False) -> Tensor:
    """The greatest values of as many windows as asked for; None keeps a size."""
def adaptive_max_pool3d_with_indices(input, output_size, return_indices=False) -> Tensor:
    """adaptive_max_pool3d, and the place of each value."""
def affine_grid(theta, size, align_corners=None) -> Tensor:
    """The grid (N, H, W, 2) or (N, D, H, W, 3) to which affine maps (N, 2, 3) or (N, 3, 4) take an
    output's places.
    """
def alpha_dropout(input, p=0.5, training=False) -> Tensor:
    """dropout after selu: what is dropped takes selu's lowest value, and mean and variance stay."""
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True) -> Tensor:
    """The mean of each window of (N, C, L)."""
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
) -> Tensor:
    """The mean of each window."""
def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
) -> Tensor:
    """The mean of each window of (N, C, D, H, W)."""
def batch_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05
) -> Tensor:
    """Each channel standardized over the batch (training), or by the running statistics."""
def bilinear(input1, input2, weight, bias=None) -> Tensor:
    """`input1 @ weight[o] @ input2` for each output o, and the bias: (..., A), (..., B) and (O, A, B)
    to (..., O).
    """
def binary_cross_entropy(input, target, weight=None, reduction='mean') -> Tensor:
    """Cross entropy of probabilities and targets of one size."""
def binary_cross_entropy_with_logits(input, target, weight=None, reduction='mean', pos_weight=None) -> Tensor:
    """binary_cross_entropy of sigmoid(input), without overflow."""
def celu(input, alpha=1.0, inplace=False) -> Tensor:
    """`input` above zero, `alpha * (exp(input / alpha) - 1)` below."""
def celu_(self, *args, **kwargs) -> Tensor:
    """`celu`, in place; returns self."""
def channel_shuffle(input, groups) -> Tensor:
    """Channels of all groups in turn."""
def check_indices(name, array) -> Tensor:
    """RuntimeError unless an array can be what `name` calls its indices."""
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
def cosine_embedding_loss(input1, input2, target, margin=0, reduction='mean') -> Tensor:
    """`1 - cosine` of pairs whose target is 1, `max(0, cosine - margin)` of those whose target is -1."""
def cosine_similarity(x1, x2, dim=1, eps=1e-08) -> Tensor:
    """The cosine of the angle between vectors along a dimension."""
def cross_entropy(
    input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0
) -> Tensor:
    """log_softmax, then nll_loss: (N, C, ...) scores and (N, ...) classes, or probabilities of all
    classes.
    """
def ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False
) -> Tensor:
    """torch.ctc_loss, the reduction by its name: (T, N, C) or (T, C) log-probabilities, targets (N, S)
    or in a row.
    """
def dropout(input, p=0.5, training=True, inplace=False) -> Tensor:
    """In training each element is zero with probability p, the others grow by 1 / (1 - p)."""
def dropout1d(input, p=0.5, training=True) -> Tensor:
    """In training each channel of (N, C, L) is zero with probability p."""
def dropout2d(input, p=0.5, training=True) -> Tensor:
    """In training each channel of (N, C, H, W) is zero with probability p."""
def dropout3d(input, p=0.5, training=True) -> Tensor:
    """In training each channel of (N, C, D, H, W) is zero with probability p."""
def elu(input, alpha=1.0, inplace=False) -> Tensor:
    """`input` above zero, `alpha * (exp(input) - 1)` below."""
def elu_(self, *args, **kwargs) -> Tensor:
    """`elu`, in place; returns self."""
def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
) -> Tensor:
    """Rows of a weight (V, D), one for each index: (...) to (..., D)."""
def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', sparse=False,
    per_sample_weights=None, include_last_offset=False, padding_idx=None
) -> Tensor:
    """Rows of a weight (V, D), summed, averaged or the greatest, bag by bag: (N,) with offsets, or (B,
    N).
    """
def feature_alpha_dropout(input, p=0.5, training=False) -> Tensor:
    """alpha_dropout of whole channels."""
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1) -> Tensor:
    """Columns added up where their windows were: (N, C * K * K, windows) to (N, C, H, W)."""
def gaussian_nll_loss(input, target, var, full=False, eps=1e-06, reduction='mean') -> Tensor:
    """`(log(var) + (input - target)**2 / var) / 2`; `full` adds `log(2 * pi) / 2`."""
def gelu(self, *, approximate='none') -> Tensor:
    """`self * cdf(self)` of the normal distribution; approximate="tanh" for a formula without erf."""
def glu(input, dim=-1) -> Tensor:
    """The first half along a dimension, times the sigmoid of the second: Dauphin et al. (2017)."""
def grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=None) -> Tensor:
    """(N, C, H, W) at the points of a grid (N, h, w, 2) within [-1, 1]: (N, C, h, w); or one more
    dimension.
    """
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05) -> Tensor:
    """Each group of channels of each sample standardized."""
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1) -> Tensor:
    """A sample of classes by their logits, soft or (hard) one-hot with the soft one's gradient: Jang
    et al. (2017).
    """
def hardshrink(input, lambd=0.5) -> Tensor:
    """`input`, zero from -lambd to lambd."""
def hardsigmoid(input, inplace=False) -> Tensor:
    """`min(max(input + 3, 0), 6) / 6`."""
def hardswish(input, inplace=False) -> Tensor:
    """`input * min(max(input + 3, 0), 6) / 6`."""
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False) -> Tensor:
    """`input` between two numbers, the nearer of them beyond."""
def hardtanh_(self, *args, **kwargs) -> Tensor:
    """`hardtanh`, in place; returns self."""
def hinge_embedding_loss(input, target, margin=1.0, reduction='mean') -> Tensor:
    """`input` where the target is 1, `max(0, margin - input)` where it is -1."""
def huber_loss(input, target, reduction='mean', delta=1.0) -> Tensor:
    """Squares of differences below delta, delta times the absolute values of greater ones."""
def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05
) -> Tensor:
    """Each channel of each sample standardized, or by the running statistics: batch_norm of samples as
    channels.
    """
def interpolate(
    input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None
) -> Tensor:
    """(N, C, ...) made larger or smaller: nearest, nearest-exact, linear, bilinear, trilinear, bicubic
    or area.
    """
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
def local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0) -> Tensor:
    """Each element divided by a power of the mean square of `size` channels around it."""
def log_softmax(input, dim) -> Tensor:
    """Logarithms of probabilities along a dimension."""
def logsigmoid(self) -> Tensor:
    """`log(sigmoid(self))` without overflow."""
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False) -> Tensor:
    """The norm of each window of (N, C, L)."""
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False) -> Tensor:
    """The norm of each window of (N, C, H, W)."""
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False) -> Tensor:
    """The norm of each window of (N, C, D, H, W)."""
def margin_ranking_loss(input1, input2, target, margin=0, reduction='mean') -> Tensor:
    """`max(0, -target * (input1 - input2) + margin)`."""
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
def max_pool2d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """max_pool2d, and the place of each value."""
def max_pool3d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """The greatest value of each window of (N, C, D, H, W); with return_indices also its place in the
    volume.
    """
def max_pool3d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
) -> Tensor:
    """max_pool3d, and the place of each value."""
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None) -> Tensor:
    """Values (N, C, windows) put where max_pool1d found them, zeros elsewhere: (N, C, L)."""
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None) -> Tensor:
    """Values put where max_pool2d found them, zeros elsewhere: (N, C, H, W)."""
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None) -> Tensor:
    """Values put where max_pool3d found them, zeros elsewhere: (N, C, D, H, W)."""
def mish(input, inplace=False) -> Tensor:
    """`input * tanh(softplus(input))`."""
def mse_loss(input, target, reduction='mean') -> Tensor:
    """Mean squared error; warns as PyTorch does when the shapes differ and broadcast."""
def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction='mean') -> Tensor:
    """The mean of `max(0, margin - input[target] + input[i])**p` over the other classes."""
def multilabel_margin_loss(input, target, reduction='mean') -> Tensor:
    """The mean of `max(0, 1 - input[t] + input[i])` over the classes t that the target names and the
    others i.
    """
def multilabel_soft_margin_loss(input, target, weight=None, reduction='mean') -> Tensor:
    """The mean over the classes of `-target * log(sigmoid(input)) - (1 - target) * log(sigmoid(-input))`."""
def nll_loss(input, target, weight=None, ignore_index=-100, reduction='mean') -> Tensor:
    """Negative log-likelihood of class numbers: (N, C, ...) log-probabilities and (N, ...) targets."""
def normalize(input, p=2.0, dim=1, eps=1e-12) -> Tensor:
    """Vectors along a dimension divided by their norm, or by eps where that is greater."""
def one_hot(input, num_classes=-1) -> Tensor:
    """1 at each element's class, else 0, along a new last dimension."""
def pad(input, pad, mode='constant', value=None) -> Tensor:
    """`pad` elements before and after, from the last dimension on: (left, right, top, bottom, ...)."""
def pairwise_distance(x1, x2, p=2.0, eps=1e-06, keepdim=False) -> Tensor:
    """The norm of `x1 - x2 + eps` along the last dimension."""
def pixel_shuffle(input, upscale_factor) -> Tensor:
    """(..., C * r * r, H, W) to (..., C, H * r, W * r)."""
def pixel_unshuffle(input, downscale_factor) -> Tensor:
    """(..., C, H * r, W * r) to (..., C * r * r, H, W)."""
def poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-08, reduction='mean') -> Tensor:
    """`exp(input) - target * input`, or `input - target * log(input + eps)`; `full` adds Stirling's term."""
def prelu(input, weight) -> Tensor:
    """`input` above zero, a learned slope of it below: one for all, or one a channel. He et al. (2015)."""
def relu(input, inplace=False) -> Tensor:
    """`max(input, 0)`."""
def relu6(input, inplace=False) -> Tensor:
    """`min(max(input, 0), 6)`."""
def relu_(self, *args, **kwargs) -> Tensor:
    """`relu`, in place; returns self."""
def rms_norm(input, normalized_shape, weight=None, eps=None) -> Tensor:
    """Divided by the root of the mean square over the last dimensions."""
def rrelu(input, lower=0.125, upper=0.3333333333333333, training=False) -> Tensor:
    """`input` above zero, below it times a random slope between two numbers, or in evaluation the mean
    one.
    """
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None
) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value: one op where PyTorch's CPU code has one, else its
    plain steps.
    """
def selu(input, inplace=False) -> Tensor:
    """elu with the scales that keep mean and variance."""
def selu_(self, *args, **kwargs) -> Tensor:
    """`selu`, in place; returns self."""
def shorten(weight, input, max_norm, norm_type) -> Tensor:
    """Makes the rows that are looked up as short as max_norm, in place, as PyTorch does."""
def sigmoid(self) -> Tensor:
    """Logistic function, `1 / (1 + exp(-self))`, without overflow: 0.5 * (1 + tanh(self / 2))."""
def silu(input, inplace=False) -> Tensor:
    """`input * sigmoid(input)`."""
def smooth_l1_loss(input, target, reduction='mean', beta=1.0) -> Tensor:
    """Squares of differences below beta, absolute values of greater ones."""
def soft_margin_loss(input, target, reduction='mean') -> Tensor:
    """`log(1 + exp(-target * input))`."""
def softmax(input, dim) -> Tensor:
    """Probabilities along a dimension."""
def softmin(input, dim) -> Tensor:
    """softmax of `-input`."""
def softplus(input, beta=1, threshold=20) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`."""
def softshrink(input, lambd=0.5) -> Tensor:
    """`input` moved by lambd towards zero, zero from -lambd to lambd."""
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
def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, reduction='mean'
) -> Tensor:
    """`max(0, margin + |anchor - positive| - |anchor - negative|)`: Balntas et al. (2016)."""
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction='mean'
) -> Tensor:
    """triplet_margin_loss by any distance."""
def unfold(input, kernel_size, dilation=1, padding=0, stride=1) -> Tensor:
    """Each window of (N, C, H, W) as a column: (N, C * K * K, windows)."""
def upsample(input, size=None, scale_factor=None, mode='nearest', align_corners=None) -> Tensor:
    """interpolate, by its old name."""
def upsample_bilinear(input, size=None, scale_factor=None) -> Tensor:
    """interpolate in a plane, corners on corners."""
def upsample_nearest(input, size=None, scale_factor=None) -> Tensor:
    """interpolate to the nearest."""
