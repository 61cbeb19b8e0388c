"""Losses of `torch.nn.functional`, each expanding to the ops that PyTorch expands to."""

import warnings
from math import nan

import numpy as np

from gradviz.engine.asking import broadcast_shapes
from gradviz.engine.coerce import check_broadcast, dim_complaint
from gradviz.engine.dtypes import of_name, result_type, title
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, criteria, ctc, loss, pointwise, reduction, special
from gradviz.ops.norms import linalg_vector_norm
from gradviz.ops.refusals import refuse_missing_dims

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def reduction_number(name):
    """PyTorch's number for "none", "mean" or "sum"; ValueError for another name."""
    if name not in REDUCTIONS:
        raise ValueError(f"{name} is not a valid value for reduction")
    return REDUCTIONS[name]


def _warn_of_sizes(input, target):
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely "  # noqa: E501
            "lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )


def reduced(values, name):
    """Values as they are, or their mean or sum, by PyTorch's name for it."""
    number = reduction_number(name)
    return values if number == 0 else reduction.mean(values) if number == 1 else reduction.sum(values)


def mse_loss(input, target, reduction="mean"):
    """Mean squared error; warns as PyTorch does when the shapes differ and broadcast."""
    _warn_of_sizes(input, target)
    return loss.mse_loss(input, target, reduction=reduction_number(reduction))


@composed("l1_loss")
def l1_loss(input, target, reduction="mean"):
    """Mean absolute error."""
    _warn_of_sizes(input, target)
    return reduced(pointwise.abs(pointwise.sub(input, target)), reduction)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """Squares of differences below beta, absolute values of greater ones."""
    _warn_of_sizes(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction)
    return criteria.smooth_l1_loss(input, target, reduction=reduction_number(reduction), beta=beta)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """Squares of differences below delta, delta times the absolute values of greater ones."""
    _warn_of_sizes(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    return criteria.huber_loss(input, target, reduction=reduction_number(reduction), delta=delta)


def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    """Cross entropy of probabilities and targets of one size."""
    number = reduction_number(reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if weight is not None and weight.shape != target.shape:
        weight = composite.expand(weight, *broadcast_shapes(target.shape, weight.shape))
    return criteria.binary_cross_entropy(input, target, weight, reduction=number)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """binary_cross_entropy of sigmoid(input), without overflow."""
    number = reduction_number(reduction)
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    return criteria.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction=number)


@composed("kl_div")
def kl_div(input, target, reduction="mean", log_target=False):
    """Kullback-Leibler divergence of log-probabilities `input` from `target`; "batchmean" divides by the batch."""
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the "
            "same as 'batchmean' in the next major release.",
            stacklevel=3,
        )
    if input._array.dtype.kind != "f" or target._array.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        difference = pointwise.sub(target, input)  # before exp: backward takes the newest node first
        each = pointwise.mul(pointwise.exp(target), difference)
    else:
        cross = pointwise.mul(target, input)
        each = pointwise.sub(special.xlogy_tensor(target, target), cross)
    if reduction == "batchmean" and input.ndim:
        return pointwise.div(reduced(each, "sum"), input.shape[0])
    return reduced(each, "sum" if reduction == "batchmean" else reduction)


# -- classes -----------------------------------------------------------------------------------------


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """Negative log-likelihood of class numbers: (N, C, ...) log-probabilities and (N, ...) targets."""
    number = reduction_number(reduction)
    how = {"reduction": number, "ignore_index": ignore_index}
    ndim = input._array.ndim
    if ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {ndim})")
    if ndim > 1 and input.shape[0] != (target.shape or (0,))[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({(target.shape or (0,))[0]})."
        )
    if ndim <= 2:
        return loss.nll_loss(input, target, weight, **how)
    if ndim == 4:
        return criteria.nll_loss2d(input, target, weight, **how)
    wanted = (input.shape[0], *input.shape[2:])
    if target.shape != wanted:
        raise RuntimeError(f"Expected target size {list(wanted)}, got {list(target.shape)}")
    plane, places = ((1, -1) if each.numel() else (0, 0) for each in (input, target))
    flat = composite.reshape(input, *input.shape[:2], *plane)
    found = criteria.nll_loss2d(flat, composite.reshape(target, target.shape[0], *places), weight, **how)
    return composite.view(found, *wanted) if number == 0 else found


@composed("cross_entropy")
def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """log_softmax, then nll_loss: (N, C, ...) scores and (N, ...) classes, or probabilities of all classes."""
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.shape == target.shape:
        return _of_probabilities(input, target, weight, reduction, label_smoothing)
    if not input._array.ndim:
        raise IndexError(dim_complaint(1, 0))
    scores = loss.log_softmax(input, dim=_class_dim(input))
    plain = nll_loss(scores, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return plain
    return _smoothed(scores, plain, target, weight, ignore_index, reduction, label_smoothing)


def _class_dim(scores):
    return 0 if scores._array.ndim == 1 else 1


def ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False
):
    """torch.ctc_loss, the reduction by its name: (T, N, C) or (T, C) log-probabilities, targets (N, S) or in a row."""
    number = reduction_number(reduction)
    return ctc.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, number, zero_infinity)


def _beside_classes(weight, scores):
    dim = _class_dim(scores)
    return composite.view(weight, *(weight.shape[0] if d == dim else 1 for d in range(scores.ndim)))


def _smoothed(scores, plain, target, weight, ignore_index, name, label_smoothing):
    weighed = scores if weight is None else pointwise.mul(scores, _beside_classes(weight, scores))
    ignored = target == ignore_index
    smooth = pointwise.neg(reduction.sum_dim(weighed, dim=(_class_dim(scores),))).masked_fill_(ignored, 0)
    if name == "mean":
        kept = pointwise.logical_not(ignored)
        if weight is None:
            total = reduction.sum(kept)
        else:
            known = pointwise.where(ignored, 0, target)
            total = reduction.sum(pointwise.mul(_of_class(weight, known), kept))
        smooth = pointwise.div(reduction.sum(smooth), total)
    elif name == "sum":
        smooth = reduction.sum(smooth)
    share = label_smoothing / scores.shape[_class_dim(scores)]
    smooth = criteria.mul_number(smooth, other=share)
    return pointwise.add(criteria.mul_number(plain, other=1 - label_smoothing), smooth)


def _of_class(weight, target):
    return Tensor(weight._array[target._array])


def _of_probabilities(input, target, weight, name, label_smoothing):
    if target._array.dtype.kind != "f":
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {title(target._array.dtype)}"
        )
    number = reduction_number(name)
    dim = _class_dim(input)
    refuse_missing_dims(input, dim)
    classes = input.shape[dim]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
    scores = loss.log_softmax(input, dim=dim)
    if label_smoothing:
        target = criteria.mul_number(target, other=1 - label_smoothing)
        target = criteria.add_number(target, other=label_smoothing / max(classes, 1))
    each = pointwise.mul(scores, target)
    if weight is not None:
        if weight.shape != (classes,):
            raise RuntimeError(
                f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but "
                f"got weight tensor of shape: {list(weight.shape)}"
            )
        each = pointwise.mul(each, weight if dim == 0 else _beside_classes(weight, input))
    if number == 0:
        return pointwise.neg(reduction.sum_dim(each, dim=(dim,)))
    total = pointwise.neg(reduction.sum(each))
    count = input.numel() // classes if classes else nan
    return criteria.div_number(total, other=count) if number == 1 else total


@composed("cosine_similarity")
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along a dimension."""
    x1, x2 = _common(x1, x2)
    dim = composite.wrapped(dim, x1.ndim)
    one, two = (pointwise.clone(linalg_vector_norm(each, ord=2, dim=(dim,), keepdim=True)) for each in (x1, x2))
    for norm in (one, two):
        norm._array[norm._array < eps] = eps  # nobody has seen the copy yet
    second = pointwise.div(x2, two)
    return reduction.sum_dim(pointwise.mul(pointwise.div(x1, one), second), dim=(dim,))


def _common(x1, x2):
    """Both as floating point numbers and in the shape that they broadcast to."""
    wanted = result_type((x1, x2))
    if wanted.kind != "f":
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {title(wanted)}")
    x1, x2 = (each if each.is_floating_point() else composite.to(each, of_name(wanted.name)) for each in (x1, x2))
    if x1.shape == x2.shape:
        return x1, x2
    check_broadcast(x1.shape, x2.shape)
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    second = composite.expand(x2, *shape)  # PyTorch makes the second one first
    return composite.expand(x1, *shape), second


__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_similarity", "cross_entropy", "ctc_loss",
    "huber_loss", "kl_div", "l1_loss", "mse_loss", "nll_loss", "smooth_l1_loss",
]  # fmt: skip
