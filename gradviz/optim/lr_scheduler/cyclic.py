"""Learning rates that go up and down again and again: Smith (2017)."""

from math import floor

from gradviz.optim.lr_scheduler.annealing import OneCycleLR, _each
from gradviz.optim.lr_scheduler.schedule import LRScheduler, checked

_SCALES = {
    "triangular": ("cycle", lambda x, gamma: 1.0),
    "triangular2": ("cycle", lambda x, gamma: 1 / (2.0 ** (x - 1))),
    "exp_range": ("iterations", lambda x, gamma: gamma**x),
}


class CyclicLR(OneCycleLR):
    """From base_lr up to max_lr and back, cycle by cycle; momentum the other way."""

    def __init__(
        self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0,
        scale_fn=None, scale_mode="cycle", cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1,
    ):  # fmt: skip
        self.optimizer = checked(optimizer)
        lowest = _each("base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for rate, group in zip(lowest, optimizer.param_groups, strict=True):
                group["lr"] = rate
        self.max_lrs = _each("max_lr", max_lr, optimizer)
        self.total_size = float(step_size_up) + float(step_size_up if step_size_down is None else step_size_down)
        self.step_ratio = float(step_size_up) / self.total_size
        if mode not in _SCALES and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode, self.gamma, self.scale_mode, self._scale_fn_custom = mode, gamma, scale_mode, scale_fn
        if scale_fn is None:
            self.scale_mode = _SCALES[mode][0]
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = _each("base_momentum", base_momentum, optimizer)
            self.max_momentums = _each("max_momentum", max_momentum, optimizer)
            self._begin_momentum(max_momentum, base_momentum, last_epoch)
        LRScheduler.__init__(self, optimizer, last_epoch)
        self.base_lrs = lowest

    def scale_fn(self, x):
        """How much of the way up a cycle (or a step) goes."""
        return _SCALES[self.mode][1](x, self.gamma) if self._scale_fn_custom is None else self._scale_fn_custom(x)

    def get_lr(self):
        """The rate of the place in the cycle that the step is in; sets the momentum too."""
        self._warn_if_asked()
        cycle = floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        share = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            pairs = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in pairs:
                self._set_momentum(group, high - (high - low) * share * scale)
        return [low + (high - low) * share * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]
