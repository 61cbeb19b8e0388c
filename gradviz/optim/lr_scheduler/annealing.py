"""Learning rates that come down along curves: cosines, with and without restarts, and one cycle."""

from math import cos, floor, log, pi

from gradviz.optim.lr_scheduler.schedule import LRScheduler, checked


class CosineAnnealingLR(LRScheduler):
    """Down to eta_min along half a cosine of T_max epochs, and up again: Loshchilov and Hutter, SGDR (2016)."""

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The next rate, from the last one."""
        self._warn_if_asked()
        epoch, half, least = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return self._current()
        if self._step_count == 1 and epoch > 0:
            return self._get_closed_form_lr()
        if (epoch - 1 - half) % (2 * half) == 0:  # the last rate was eta_min: nothing to scale
            pairs = zip(self.base_lrs, self._current(), strict=True)
            return [rate + (base - least) * (1 - cos(pi / half)) / 2 for base, rate in pairs]
        share = (1 + cos(pi * epoch / half)) / (1 + cos(pi * (epoch - 1) / half))
        return [share * (rate - least) + least for rate in self._current()]

    def _get_closed_form_lr(self):
        least = self.eta_min
        return [least + (base - least) * (1 + cos(pi * self.last_epoch / self.T_max)) / 2 for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down along half a cosine of T_0 epochs, again and again, each time T_mult times as long: SGDR (2016)."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rate T_cur epochs after the last restart."""
        self._warn_if_asked()
        least = self.eta_min
        return [least + (base - least) * (1 + cos(pi * self.T_cur / self.T_i)) / 2 for base in self.base_lrs]

    def step(self, epoch=None):
        """Sets the next learning rates; `epoch`, which may be a fraction, says where to be."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur = self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        else:
            self._jump(epoch)
        self.last_epoch = floor(epoch)
        with self._asking():
            rates = self.get_lr()
        self._set(rates)

    def _jump(self, epoch):
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            n = int(log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**n


def _each(name, given, optimizer):
    """A value for each group; ValueError when there are more or fewer."""
    count = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [given] * count
    if len(given) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(given)} values, param_groups "
            f"has {count}."
        )
    return list(given)


def _along_cosine(start, end, share):
    return end + (start - end) / 2.0 * (cos(pi * share) + 1)


def _along_line(start, end, share):
    return (end - start) * share + start


class OneCycleLR(LRScheduler):
    """Up to max_lr and down to far below where it began, momentum the other way: Smith and Topin (2017)."""

    def __init__(
        self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
        anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0,
        final_div_factor=1e4, three_phase=False, last_epoch=-1,
    ):  # fmt: skip
        self.optimizer = checked(optimizer)
        self.total_steps = _count_of_steps(total_steps, epochs, steps_per_epoch)
        self._schedule_phases = _phases(pct_start, self.total_steps, three_phase)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        highest = _each("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for rate, group in zip(highest, optimizer.param_groups, strict=True):
                group["initial_lr"], group["max_lr"] = rate / div_factor, rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(max_momentum, base_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _begin_momentum(self, max_momentum, base_momentum, last_epoch):
        optimizer = self.optimizer
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in optimizer.defaults
        high = _each("max_momentum", max_momentum, optimizer)
        low = _each("base_momentum", base_momentum, optimizer)
        if last_epoch == -1:
            for most, least, group in zip(high, low, optimizer.param_groups, strict=True):
                self._set_momentum(group, most)
                group["max_momentum"], group["base_momentum"] = most, least

    def _set_momentum(self, group, value):
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value

    def get_lr(self):
        """The rate of the phase that the step is in; sets the momentum too."""
        self._warn_if_asked()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        phases = self._schedule_phases
        number = next((k for k, each in enumerate(phases) if step <= each["end_step"]), len(phases) - 1)
        phase, start = phases[number], phases[number - 1]["end_step"] if number else 0.0
        share = (step - start) / (phase["end_step"] - start)
        between = _along_cosine if self._anneal_func_type == "cos" else _along_line
        for group in self.optimizer.param_groups if self.cycle_momentum else ():
            self._set_momentum(group, between(group[phase["start_momentum"]], group[phase["end_momentum"]], share))
        return [between(group[phase["start_lr"]], group[phase["end_lr"]], share) for group in self.optimizer.param_groups]  # noqa: E501


def _count_of_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is not None:
        if total_steps <= 0 or not isinstance(total_steps, int):
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        return total_steps
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, each in (("epochs", epochs), ("steps_per_epoch", steps_per_epoch)):
        if not isinstance(each, int) or each <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {each}")
    return epochs * steps_per_epoch


def _phase(end, rates, momentums):
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return dict(zip(names, (end, *rates, *momentums), strict=True))


def _phases(pct_start, total_steps, three_phase):
    """Up, down and below; or up and down at once below."""
    rise, high, low = float(pct_start * total_steps) - 1, "max_momentum", "base_momentum"
    up = _phase(rise, ("initial_lr", "max_lr"), (high, low))
    if not three_phase:
        return [up, _phase(total_steps - 1, ("max_lr", "min_lr"), (low, high))]
    down = _phase(float(2 * pct_start * total_steps) - 2, ("max_lr", "initial_lr"), (low, high))
    return [up, down, _phase(total_steps - 1, ("initial_lr", "min_lr"), (high, high))]
