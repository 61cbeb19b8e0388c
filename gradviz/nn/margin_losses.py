"""Losses with margins or densities, as modules."""

from gradviz.nn import functional as F
from gradviz.nn.losses import Loss
from gradviz.nn.module import Module


class PairwiseDistance(Module):
    """The norm of the difference of two vectors."""

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1, x2):
        """(N, D) twice to (N,)."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class TripletMarginLoss(Loss):
    """`max(0, margin + |anchor - positive| - |anchor - negative|)`."""

    def __init__(self, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"):
        super().__init__(reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor, positive, negative):
        """(N, D) three times to a scalar."""
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """TripletMarginLoss by any distance."""

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        super().__init__(reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor, positive, negative):
        """(N, D) three times to a scalar."""
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class CosineEmbeddingLoss(Loss):
    """`1 - cosine` of pairs whose target is 1, `max(0, cosine - margin)` of those whose target is -1."""

    def __init__(self, margin=0.0, reduction="mean"):
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        """(N, D), (N, D) and (N,) to a scalar."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(Loss):
    """The input where the target is 1, `max(0, margin - input)` where it is -1."""

    def __init__(self, margin=1.0, reduction="mean"):
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input, target):
        """Two tensors of one shape to a scalar."""
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class MarginRankingLoss(Loss):
    """`max(0, -target * (input1 - input2) + margin)`."""

    def __init__(self, margin=0.0, reduction="mean"):
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        """Three tensors of one shape to a scalar."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class SoftMarginLoss(Loss):
    """`log(1 + exp(-target * input))`."""

    def forward(self, input, target):
        """Two tensors of one shape to a scalar."""
        return F.soft_margin_loss(input, target, self.reduction)


class MultiMarginLoss(Loss):
    """The mean of `max(0, margin - input[target] + input[i])**p` over the other classes."""

    def __init__(self, p=1, margin=1.0, weight=None, reduction="mean"):
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.ndim}D instead")
        self.p, self.margin = p, margin

    def forward(self, input, target):
        """(N, C) and (N,) to a scalar."""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MultiLabelMarginLoss(Loss):
    """The mean of `max(0, 1 - input[t] + input[i])` over the classes t that the target names and the others i."""

    def forward(self, input, target):
        """(N, C) twice to a scalar."""
        return F.multilabel_margin_loss(input, target, self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    """Binary cross entropy of the sigmoids, over the classes."""

    def __init__(self, weight=None, reduction="mean"):
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input, target):
        """(N, C) twice to a scalar."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, self.reduction)


class GaussianNLLLoss(Loss):
    """Negative log-likelihood of normal distributions: their means and variances."""

    def __init__(self, *, full=False, eps=1e-6, reduction="mean"):
        super().__init__(reduction)
        self.full, self.eps = full, eps

    def forward(self, input, target, var):
        """Means, targets and variances to a scalar."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(Loss):
    """Negative log-likelihood of Poisson distributions: the logarithms of their rates."""

    def __init__(self, log_input=True, full=False, eps=1e-8, reduction="mean"):
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input, target):
        """Two tensors of one shape to a scalar."""
        return F.poisson_nll_loss(input, target, self.log_input, self.full, self.eps, self.reduction)
