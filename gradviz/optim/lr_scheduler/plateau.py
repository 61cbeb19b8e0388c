"""Learning rates that come down when nothing gets better."""

import warnings
from math import inf

from gradviz.optim.lr_scheduler.schedule import EPOCH, LRScheduler, checked


class ReduceLROnPlateau(LRScheduler):
    """Times a factor when a metric has not become better for `patience` epochs."""

    def __init__(
        self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0,
        min_lr=0, eps=1e-8,
    ):  # fmt: skip
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        self.factor, self.optimizer = factor, checked(optimizer)
        listed, count = isinstance(min_lr, (list, tuple)), len(optimizer.param_groups)
        if listed and len(min_lr) != count:
            raise ValueError(f"expected {count} min_lrs, got {len(min_lr)}")
        self.default_min_lr = None if listed else min_lr
        self.min_lrs = list(min_lr) if listed else [min_lr] * count
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.last_epoch, self._last_lr = 0, self._current()
        if mode not in ("min", "max"):
            raise ValueError("mode " + mode + " is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError("threshold mode " + threshold_mode + " is unknown!")
        self.mode_worse = inf if mode == "min" else -inf
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.best, self.cooldown_counter, self.num_bad_epochs = self.mode_worse, 0, 0

    @property
    def in_cooldown(self):
        """Whether bad epochs don't count yet."""
        return self.cooldown_counter > 0

    def step(self, metrics, epoch=None):
        """Looks at the metric of an epoch, and reduces the rates when it is time."""
        current = float(metrics)
        if epoch is not None:
            warnings.warn(EPOCH, UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._current()

    def _is_better(self, current):
        sign = 1 if self.mode == "min" else -1
        edge = self.best * (1.0 - sign * self.threshold)
        if self.threshold_mode == "abs":
            edge = self.best - sign * self.threshold
        return current < edge if self.mode == "min" else current > edge

    def _reduce(self):
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=False):
            rate = max(float(group["lr"]) * self.factor, least)
            if float(group["lr"]) - rate > self.eps:
                group["lr"] = rate
