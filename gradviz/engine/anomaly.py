"""Anomaly mode: each node remembers the line that made it, and backward tells of it when it fails or meets NaN."""

import sys
import traceback
import warnings
from pathlib import Path

from gradviz.engine.backend import module_of
from gradviz.engine.backward import Backward
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

_OURS = (str(Path(__file__).parents[1]) + "/", "<gradviz ", "<frozen ")
TRACEBACK, PARENT = "traceback_", "parent_"  # PyTorch's keys in a node's metadata


class Anomaly:
    """How anomaly mode is set: whether NaN is looked for, and the node that backward is at."""

    __slots__ = ("check_nan", "at")

    def __init__(self, check_nan):
        self.check_nan = check_nan
        self.at = None

    def remember(self, node, tensors):
        """Notes in a new node's metadata where it was made, and by which node's backward."""
        node.metadata[TRACEBACK] = traceback.format_list(_summary())
        if self.at is not None:
            node.metadata[PARENT] = self.at


class set_detect_anomaly:
    """Switches anomaly mode at once; as a context manager, puts it back at the end."""

    def __init__(self, mode, check_nan=True):
        self._before = _set(Anomaly(check_nan) if mode else None)

    def __enter__(self):
        pass

    def __exit__(self, *exception):
        _set(self._before)


class detect_anomaly:
    """Inside, a failing backward tells the line of the forward that caused it, and NaN is a RuntimeError."""

    def __init__(self, check_nan=True):
        self._check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self):
        self._before = _set(Anomaly(self._check_nan))

    def __exit__(self, *exception):
        _set(self._before)


def is_anomaly_enabled():
    """Whether anomaly mode is on."""
    return mode.anomaly is not None


def is_anomaly_check_nan_enabled():
    """Whether anomaly mode, when on, looks for NaN."""
    return mode.anomaly is None or mode.anomaly.check_nan


class WatchedBackward(Backward):
    """A backward call in anomaly mode."""

    __slots__ = ("_anomaly", "_at_before")

    def __init__(self, *settings):
        super().__init__(*settings)
        self._anomaly, self._at_before = mode.anomaly, mode.anomaly.at

    def __exit__(self, *exception):
        self._anomaly.at = self._at_before
        super().__exit__(*exception)

    def _visit(self, entry):
        self._anomaly.at = entry[0]  # also while what it hands on is added up
        try:
            super()._visit(entry)
        except Exception:
            _tell(entry[0])
            raise

    def _step(self, node, *given):
        outgoing = super()._step(node, *given)
        for position, gradient in enumerate(outgoing if self._anomaly.check_nan else ()):
            array = gradient._array if isinstance(gradient, Tensor) else gradient
            if array is not None and array.dtype.kind == "f" and module_of(array).isnan(array).any():
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {position}th output.")
        return outgoing


def _tell(node):
    """Warns of the lines that led to a node whose backward failed, and to those whose backward made it."""
    name, made_at = node.name(), node.metadata.get(TRACEBACK)
    if made_at is None:
        _warn(
            f"Error detected in {name}. No forward pass information available. Enable detect anomaly during forward "
            "pass for more information."
        )
        return
    _warn(f"Error detected in {name}. Traceback of forward call that caused the error:\n{''.join(made_at)}")
    while (node := node.metadata.get(PARENT)) is not None:
        _warn(
            f"\n\nPrevious calculation was induced by {node.name()}. Traceback of forward call that induced the "
            f"previous calculation:\n{''.join(node.metadata.get(TRACEBACK, ()))}"
        )


def _warn(text):
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, UserWarning, stacklevel=level)


def _summary():
    """The frames of the script, outermost first, without those of what runs it and without gradviz's own."""
    frames = list(traceback.walk_stack(sys._getframe(1)))
    for depth, (frame, _) in enumerate(frames):
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
            frames = frames[: depth + 1]
            break
    ours = [each for each in frames if not each[0].f_code.co_filename.startswith(_OURS)]
    return traceback.StackSummary.extract(reversed(ours))


def _set(wanted):
    """Puts anomaly mode to an Anomaly or None; returns what it was."""
    before, mode.anomaly = mode.anomaly, wanted
    if before is not None:
        mode.births.remove(before.remember)
    if wanted is not None:
        mode.births.insert(0, wanted.remember)
    return before
