"""Losses scaled so that small gradients don't vanish, as `torch.amp`; and autocast, to be left off."""

import warnings
from contextlib import ContextDecorator

import numpy as np

from gradviz import cuda
from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import float32
from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.engine.versions import bump

READY, UNSCALED, STEPPED = range(3)
_FIX = "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the iteration."


class autocast(ContextDecorator):
    """Half precision inside, in PyTorch; here RuntimeError, unless `enabled` is False or the device isn't there."""

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if enabled and device_type == "cuda" and not cuda.is_available():
            warnings.warn("CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2)
            enabled = False
        if enabled:
            raise RuntimeError(
                "autocast is not supported by gradviz, which computes in the dtypes that the tensors have: use "
                "autocast(..., enabled=False)"
            )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        """Nothing to leave."""


class _Stage:
    """Where an optimizer is between two updates, and whether a gradient wasn't finite."""

    def __init__(self):
        self.reached, self.found = READY, None


class GradScaler:
    """Multiplies losses by a scale, and divides gradients by it before a step; a step without finite ones is left out.

    The scale shrinks after such a step, and grows after `growth_interval` others.
    """

    def __init__(
        self, device="cuda", init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000,
        enabled=True,
    ):  # fmt: skip
        if device == "cuda" and enabled and not cuda.is_available():
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.", stacklevel=2
            )
            enabled = False
        self._enabled = enabled
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale, self._growth_tracker, self._scale = init_scale, 0, None
        self._growth_factor, self._backoff_factor, self._growth_interval = growth_factor, backoff_factor, growth_interval  # noqa: E501
        self._stages = {}

    def is_enabled(self):
        """Whether anything is scaled."""
        return self._enabled

    def scale(self, outputs):
        """A tensor, or several, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if self._scale is None:
                xp = module_of(outputs._array)
                self._scale = Tensor(xp.asarray(self._init_scale, float32.numpy))
            return outputs * self._scale
        if not hasattr(outputs, "__iter__"):
            raise ValueError("outputs must be a Tensor or an iterable of Tensors")
        scaled = map(self.scale, outputs)
        return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else scaled

    def _check_scale(self, name):
        if self._scale is None:
            raise AssertionError(f"Attempted {name} but _scale is None.  {_FIX}")

    def unscale_(self, optimizer):
        """Divides the gradients by the scale, in place."""
        if not self._enabled:
            return
        self._check_scale("unscale_")
        stage = self._stages.setdefault(optimizer, _Stage())
        if stage.reached == UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if stage.reached == STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        grads = [each._grad for group in optimizer.param_groups for each in group["params"] if each._grad is not None]
        factor = np.float32(1 / float(self._scale))
        for each in grads:
            if each._array.dtype.itemsize == 2:
                raise ValueError("Attempting to unscale FP16 gradients.")
            whole = bool(module_of(each._array).isfinite(each._array).all())
            stage.found = bool(stage.found) or not whole
            each._array *= each._array.dtype.type(factor)
            bump(each._array)
        stage.reached = UNSCALED

    def step(self, optimizer, *args, **kwargs):
        """optimizer.step, if all gradients are finite; they are unscaled before, unless that is done."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_scale("step")
        stage = self._stages.setdefault(optimizer, _Stage())
        if stage.reached == STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if stage.reached == READY:
            self.unscale_(optimizer)
        if stage.found is None:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None if stage.found else optimizer.step(*args, **kwargs)
        stage.reached = STEPPED
        return result

    def update(self, new_scale=None):
        """Sets the scale, or lets it grow or shrink by what the steps came to."""
        if not self._enabled:
            return
        self._check_scale("update")
        found = [stage.found for stage in self._stages.values() if stage.found is not None]
        if new_scale is not None:
            with no_grad():
                self._scale.fill_(float(new_scale))
        elif not found:
            raise AssertionError("No inf checks were recorded prior to update.")
        elif any(found):
            self._scale._array *= np.float32(self._backoff_factor)
            self._growth_tracker = 0
        else:
            self._grow()
        self._stages = {}

    def _grow(self):
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            grown = np.float32(float(self._scale)) * np.float32(self._growth_factor)
            if np.isfinite(grown):
                self._scale._array[...] = grown
            self._growth_tracker = 0

    def get_scale(self):
        """The scale; 1 where nothing is scaled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else float(self._scale)

    def get_growth_factor(self):
        """By what the scale grows."""
        return self._growth_factor

    def get_backoff_factor(self):
        """By what the scale shrinks."""
        return self._backoff_factor

    def get_growth_interval(self):
        """After how many whole steps the scale grows."""
        return self._growth_interval

    def set_growth_factor(self, new_factor):
        """Sets by what the scale grows."""
        self._growth_factor = new_factor

    def set_backoff_factor(self, new_factor):
        """Sets by what the scale shrinks."""
        self._backoff_factor = new_factor

    def set_growth_interval(self, new_interval):
        """Sets after how many whole steps the scale grows."""
        self._growth_interval = new_interval

    def state_dict(self):
        """What load_state_dict takes; nothing where nothing is scaled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(), "growth_factor": self._growth_factor, "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval, "_growth_tracker": self._growth_tracker,
        }  # fmt: skip

    def load_state_dict(self, state_dict):
        """Takes over what state_dict gave."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale._array[...] = state_dict["scale"]
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval, self._growth_tracker = state_dict["growth_interval"], state_dict["_growth_tracker"]
