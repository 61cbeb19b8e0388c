"""A tensor as text, as PyTorch prints it (torch/_tensor_str.py is the model, with its default options)."""

import math

import numpy as np

from gradviz.engine import backend, dtypes
from gradviz.engine.switches import mode

PRECISION = 4
THRESHOLD = 1000
EDGE = 3
WIDTH = 80


def text(tensor):
    """`tensor([1., 2.], requires_grad=True)` and its like."""
    array = tensor._array
    opening = "Parameter containing:\n" if getattr(tensor, "_is_parameter", False) else ""
    prefix = "tensor("
    host = backend.moved(array, "cpu")
    if array.size == 0:
        body = "[]"
    else:
        body = body_text(host, len(prefix))
    suffixes = []
    device = backend.device_of(array)
    if device != "cpu":
        suffixes.append(f"device='{device}'")
    if array.size == 0 and array.ndim != 1:
        suffixes.append(f"size={tuple(array.shape)}")
    dtype = dtypes.of_array(array)
    implied = dtype in (mode.default_dtype, dtypes.int64, dtypes.bool_)
    if not implied or (array.size == 0 and dtype is not mode.default_dtype):
        suffixes.append(f"dtype={dtype}")
    node = _node_name(tensor)
    if node:
        suffixes.append(f"grad_fn=<{node}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    return opening + _with_suffixes(prefix + body, suffixes, len(prefix))


def _node_name(tensor):
    try:
        return "" if tensor.grad_fn is None else tensor.grad_fn.name()
    except RuntimeError:  # a view that must not follow a change of its base
        return "Invalid"


def body_text(array, indent):
    """The values between the brackets, summarised above 1,000 elements."""
    summarize = array.size > THRESHOLD
    shown = _corners(array) if summarize else array
    return _nested(array, Formatter(shown), indent, summarize)


class Formatter:
    """Chooses one width and notation for all elements, as PyTorch does."""

    def __init__(self, shown):
        values = shown.reshape(-1).tolist()
        self._floating = shown.dtype.kind == "f"
        self._whole, self._scientific = True, False
        # zeros, NaN and infinities don't choose: in PyTorch they may even stand out of line
        chosen = [v for v in values if v != 0 and math.isfinite(v)] if self._floating else values
        if self._floating and chosen:
            smallest, largest = min(map(abs, chosen)), max(map(abs, chosen))
            self._whole = all(v == math.ceil(v) for v in chosen)
            self._scientific = largest / smallest > 1000 or largest > 1e8 or (not self._whole and smallest < 1e-4)
        self.width = max((len(self._unpadded(v)) for v in chosen), default=1)

    def _unpadded(self, value):
        if not self._floating or not math.isfinite(value):
            return str(value)
        if self._scientific:
            return f"{value:.{PRECISION}e}"
        return f"{value:.0f}." if self._whole else f"{value:.{PRECISION}f}"

    def __call__(self, value):
        return self._unpadded(value).rjust(self.width)


def _corners(array):
    picks = [[*range(EDGE), *range(n - EDGE, n)] if n > 2 * EDGE else list(range(n)) for n in array.shape]
    return array[np.ix_(*picks)] if array.ndim else array


def _nested(array, formatter, indent, summarize):
    if array.ndim == 0:
        return formatter(array.item())
    if array.ndim == 1:
        return _row(array, formatter, indent, summarize)
    if summarize and array.shape[0] > 2 * EDGE:
        parts = [_nested(array[i], formatter, indent + 1, summarize) for i in range(EDGE)]
        parts.append("...")
        parts += [
            _nested(array[i], formatter, indent + 1, summarize) for i in range(array.shape[0] - EDGE, array.shape[0])
        ]
    else:
        parts = [_nested(each, formatter, indent + 1, summarize) for each in array]
    separator = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + separator.join(parts) + "]"


def _row(array, formatter, indent, summarize):
    per_line = max(1, (WIDTH - indent) // (formatter.width + 2))
    if summarize and array.size > 2 * EDGE:
        cells = (
            [formatter(v) for v in array[:EDGE].tolist()] + [" ..."] + [formatter(v) for v in array[-EDGE:].tolist()]
        )
    else:
        cells = [formatter(v) for v in array.tolist()]
    lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _with_suffixes(body, suffixes, indent):
    pieces = [body]
    last = len(body) - body.rfind("\n") + 1
    for suffix in suffixes:
        if last + len(suffix) + 2 > WIDTH:
            pieces.append(",\n" + " " * indent + suffix)
            last = indent + len(suffix)
        else:
            pieces.append(", " + suffix)
            last += len(suffix) + 2
    return "".join(pieces) + ")"
