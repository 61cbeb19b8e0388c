"""Losses of `torch.nn.functional` that compare with margins or densities, in the steps of PyTorch's own code."""

from math import log, pi

from gradviz.engine import likeness
from gradviz.engine.dtypes import in_cpp
from gradviz.engine.switches import no_grad
from gradviz.engine.within import composed
from gradviz.nn.loss_functions import reduced, reduction_number
from gradviz.ops import activations, arithmetic, bounds, composite, criteria, joining, margins, pointwise, reduction
from gradviz.ops.norms import norm_of
from gradviz.ops.refusals import refuse_missing_dims, refuse_whole_result

_LEAST = 1e-12


def _at_least_zero(tensor):
    return bounds.clamp_min_number(tensor, min=0)


def _zeros(like):
    return joining.new_zeros(like, size=tuple(like.shape))


# -- distances ---------------------------------------------------------------------------------------


@composed("pairwise_distance")
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The norm of `x1 - x2 + eps` along the last dimension."""
    apart = criteria.add_number(pointwise.sub(x1, x2), other=eps)
    return norm_of(apart, p=float(p), dim=(max(x1.ndim, x2.ndim) - 1,), keepdim=keepdim)


def _check_triplet(anchor, positive, negative, margin):
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )


@composed("triplet_margin_loss")
def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"):
    """`max(0, margin + |anchor - positive| - |anchor - negative|)`: Balntas et al. (2016)."""
    reduction_number(reduction)
    _check_triplet(anchor, positive, negative, margin)
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = bounds.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(_at_least_zero(pointwise.sub(criteria.add_number(near, other=margin), far)), reduction)


@composed("triplet_margin_with_distance_loss")
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """triplet_margin_loss by any distance."""
    reduction_number(reduction)
    _check_triplet(anchor, positive, negative, margin)
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = bounds.minimum(far, distance(positive, negative))
    return reduced(_at_least_zero(pointwise.sub(pointwise.add(near, margin), far)), reduction)


@composed("cosine_embedding_loss")
def cosine_embedding_loss(input1, input2, target, margin=0, reduction="mean"):
    """`1 - cosine` of pairs whose target is 1, `max(0, cosine - margin)` of those whose target is -1."""
    reduction_number(reduction)
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    dim = (target.ndim,)
    product = _summed(pointwise.mul(input1, input2), dim)
    one = criteria.add_number(_summed(pointwise.mul(input1, input1), dim), other=_LEAST)
    two = criteria.add_number(_summed(pointwise.mul(input2, input2), dim), other=_LEAST)
    cosine = pointwise.div(product, pointwise.sqrt(pointwise.mul(one, two)))
    alike = pointwise.sub(1, cosine)
    apart = _at_least_zero(margins.sub_number(cosine, other=margin))
    alike = pointwise.where(target == 1, alike, _zeros(cosine))
    apart = pointwise.where(target == -1, apart, _zeros(cosine))
    return reduced(pointwise.add(alike, apart), reduction)


def _summed(tensor, dim):
    return reduction.sum_dim(tensor, dim=dim)


# -- margins -----------------------------------------------------------------------------------------


@composed("hinge_embedding_loss")
def hinge_embedding_loss(input, target, margin=1.0, reduction="mean"):
    """`input` where the target is 1, `max(0, margin - input)` where it is -1."""
    reduction_number(reduction)
    taken = {"b": bool, "i": int, "u": int, "f": float}[input._array.dtype.kind]  # the margin is one of the inputs
    gap = _at_least_zero(pointwise.sub(taken(margin), input))
    gap = pointwise.where(target != 1, gap, _zeros(input))
    return reduced(pointwise.add(gap, pointwise.where(target != -1, input, _zeros(input))), reduction)


@composed("margin_ranking_loss")
def margin_ranking_loss(input1, input2, target, margin=0, reduction="mean"):
    """`max(0, -target * (input1 - input2) + margin)`."""
    reduction_number(reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    apart = pointwise.sub(input1, input2)
    found = criteria.add_number(pointwise.mul(pointwise.neg(target), apart), other=margin)
    return reduced(_at_least_zero(found), reduction)


def soft_margin_loss(input, target, reduction="mean"):
    """`log(1 + exp(-target * input))`."""
    if target.requires_grad:
        raise RuntimeError(
            "The function 'soft_margin_loss' is not differentiable with respect to argument 'target'. This input "
            "cannot have requires_grad True."
        )
    return margins.soft_margin_loss(input, target, reduction=reduction_number(reduction))


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """The mean of `max(0, margin - input[target] + input[i])**p` over the other classes."""
    number = reduction_number(reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    return margins.multi_margin_loss(input, target, weight, p=p, margin=margin, reduction=number)


def multilabel_margin_loss(input, target, reduction="mean"):
    """The mean of `max(0, 1 - input[t] + input[i])` over the classes t that the target names and the others i."""
    return margins.multilabel_margin_loss(input, target, reduction=reduction_number(reduction))


@composed("multilabel_soft_margin_loss")
def multilabel_soft_margin_loss(input, target, weight=None, reduction="mean"):
    """The mean over the classes of `-target * log(sigmoid(input)) - (1 - target) * log(sigmoid(-input))`."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    hit = pointwise.mul(target, activations.logsigmoid(input))
    missed = pointwise.mul(arithmetic.rsub(target, 1), activations.logsigmoid(pointwise.neg(input)))
    found = pointwise.neg(pointwise.add(hit, missed))
    if weight is not None:
        found = pointwise.mul(found, weight)
    last = input.ndim - 1
    refuse_missing_dims(input, last)
    return reduced(pointwise.div(_summed(found, (last,)), input.shape[last]), reduction)


# -- densities ---------------------------------------------------------------------------------------


@composed("gaussian_nll_loss")
def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """`(log(var) + (input - target)**2 / var) / 2`; `full` adds `log(2 * pi) / 2`."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = pointwise.mul(likeness.ones_like(input), var)
    elif (var._array < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        var = _spread(input, var)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    refuse_whole_result(var._array, shown=in_cpp)
    var = pointwise.clone(var)
    with no_grad():
        var._array[var._array < eps] = eps  # nobody has seen the copy yet
    logarithm = pointwise.log(var)
    squares = arithmetic.square(pointwise.sub(input, target))
    found = pointwise.mul(pointwise.add(logarithm, pointwise.div(squares, var)), 0.5)
    return reduced(pointwise.add(found, 0.5 * log(2 * pi)) if full else found, reduction)


def _spread(input, var):
    if input.shape[:-1] == var.shape:
        return composite.unsqueeze(var, -1)
    if input.ndim == var.ndim and sum(m for n, m in zip(input.shape, var.shape, strict=True) if n != m) == 1:
        return var
    raise ValueError("var is of incorrect size")


@composed("poisson_nll_loss")
def poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    """`exp(input) - target * input`, or `input - target * log(input + eps)`; `full` adds Stirling's term."""
    number = reduction_number(reduction)
    if log_input:
        product = pointwise.mul(target, input)
        found = pointwise.sub(pointwise.exp(input), product)
    else:
        logarithm = pointwise.log(criteria.add_number(input, other=eps))
        found = pointwise.sub(input, pointwise.mul(target, logarithm))
    if full:
        half = criteria.mul_number(pointwise.log(criteria.mul_number(target, other=2 * pi)), other=0.5)
        term = pointwise.sub(pointwise.mul(target, pointwise.log(target)), target)
        term = bounds.masked_fill_number(pointwise.add(term, half), target <= 1, value=0)
        found = pointwise.add(found, term)
    return found if number == 0 else reduced(found, reduction)


__all__ = [
    "cosine_embedding_loss", "gaussian_nll_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "pairwise_distance", "poisson_nll_loss",
    "soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip
