"""What all schedulers of learning rates share."""

import warnings
from contextlib import contextmanager
from functools import wraps
from weakref import ref

from gradviz.optim.optimizer import Optimizer

_ORDER = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call "
    "them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in "
    "PyTorch skipping the first value of the learning rate schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
_ASKED = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."
EPOCH = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed "
    "form is used instead of the new chainable form, where available. Please open an issue if you are unable to "
    "replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose."
)
_RESUMED = (
    "param 'initial_lr' is not specified in param_groups[{}] when resuming scheduler with last_epoch >= 0.\n"
    "This typically happens when:\n"
    "1. You're trying to resume training from a checkpoint but haven't properly loaded the optimizer state\n"
    "2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
)


def checked(optimizer):
    """The optimizer; TypeError where it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def _notice_steps(optimizer):
    """Lets the optimizer remember that it was stepped, whoever wrote its step."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    step, watched = optimizer.step.__func__, ref(optimizer)

    @wraps(step)
    def noticed(*args, **kwargs):
        optimizer = watched()
        optimizer._opt_called = True
        return step(optimizer, *args, **kwargs)

    noticed._wrapped_by_lr_sched = True
    optimizer.step = noticed


class LRScheduler:
    """Sets the learning rates of an optimizer's groups; a subclass says which in get_lr."""

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        self.optimizer = checked(optimizer)
        for place, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(_RESUMED.format(place))
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        _notice_steps(optimizer)
        self._initial_step()

    def _initial_step(self):
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def _undo(self):
        """Takes the first step back: another scheduler begins."""
        self.last_epoch -= 1

    def state_dict(self):
        """Everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict):
        """Takes over what state_dict gave."""
        self.__dict__.update(state_dict)

    def get_last_lr(self):
        """The learning rates that were set last, one a group."""
        return self._last_lr

    def get_lr(self):
        """The learning rates to set next, one a group; written by the subclass."""
        raise NotImplementedError

    def step(self, epoch=None):
        """Sets the next learning rates; call it after the optimizer's step."""
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(_ORDER, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch):
        with self._asking():
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            closed = epoch is not None and hasattr(self, "_get_closed_form_lr")
            rates = self._get_closed_form_lr() if closed else self.get_lr()
        self._set(rates)

    @contextmanager
    def _asking(self):
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False

    def _set(self, rates):
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._current()

    def _current(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def _warn_if_asked(self):
        if not self._get_lr_called_within_step:
            warnings.warn(_ASKED, UserWarning, stacklevel=3)

    def _times(self, factor):
        return [rate * factor for rate in self._current()]
