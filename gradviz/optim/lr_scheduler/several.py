"""Schedulers of schedulers: one after the other, or all at once."""

from bisect import bisect_right

from gradviz.optim.lr_scheduler.plateau import ReduceLROnPlateau
from gradviz.optim.lr_scheduler.schedule import LRScheduler


class _Several(LRScheduler):
    def _take(self, schedulers):
        """The schedulers; ValueError or TypeError for those that can't go together."""
        name = type(self).__name__
        for place, each in enumerate(schedulers):
            if not hasattr(each, "optimizer"):
                raise TypeError(f"{name} at index {place} should have `optimizer` as its attribute.")
            if isinstance(each, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
                    f"specified when calling `step`, but got one at index {place} in the given schedulers sequence."
                )
            if each.optimizer is not self.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(each).__name__} at index {place} has {each.optimizer}, which is different from "
                    f"{type(self.optimizer).__name__}."
                )
        self._schedulers = schedulers

    def state_dict(self):
        """What it holds itself, and the state of each scheduler."""
        held = {name: value for name, value in self.__dict__.items() if name not in ("optimizer", "_schedulers")}
        return {**held, "_schedulers": [each.state_dict() for each in self._schedulers]}

    def load_state_dict(self, state_dict):
        """Takes over what state_dict gave."""
        self.__dict__.update({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for each, held in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            each.load_state_dict(held)


class SequentialLR(_Several):
    """One scheduler after the other, the next one from each milestone on."""

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        if len(schedulers) < 1:
            raise ValueError("SequentialLR expects at least one scheduler, but got no scheduler.")
        self.optimizer = optimizer
        self._take(schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to be "
                f"equal to {len(milestones)}"
            )
        self._milestones, self.last_epoch = milestones, last_epoch + 1
        for group in optimizer.param_groups:  # as if none of them had begun
            group["lr"] = group["initial_lr"]
        for each in schedulers:
            each._undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _undo(self):
        for each in self._schedulers:
            each._undo()

    def step(self):
        """A step of the scheduler whose turn it is."""
        self.last_epoch += 1
        number = bisect_right(self._milestones, self.last_epoch)
        now = self._schedulers[number]
        if number and self._milestones[number - 1] == self.last_epoch:
            now._update_lr(0)
        else:
            now.step()
        self._last_lr = now.get_last_lr()


class ChainedScheduler(_Several):
    """Several schedulers, a step of each."""

    def __init__(self, schedulers, optimizer=None):
        if len(schedulers) < 1:
            raise ValueError(
                "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler."
            )
        self.optimizer = optimizer or schedulers[0].optimizer
        self._take(schedulers)
        self._last_lr = self._current()

    def _undo(self):
        for each in self._schedulers:
            each._undo()

    def step(self):
        """A step of each scheduler."""
        for each in self._schedulers:
            each.step()
        self._last_lr = self._current()
