"""A tensor as text, as PyTorch prints it (torch/_tensor_str.py is the model, with its default options)."""

import math

import numpy as np

from gradviz.engine import backend, dtypes
from gradviz.engine.switches import mode


class Options:
    """How tensors are printed; see set_printoptions."""

    __slots__ = ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")


options = Options()
PROFILES = {  # precision, threshold, edgeitems, linewidth
    "default": (4, 1000, 3, 80),
    "short": (2, 1000, 2, 80),
    "full": (4, math.inf, 3, 80),
}


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
):  # fmt: skip
    """Sets digits, the size from which only edges are printed, how many, and the width of a line; None leaves one.

    profile: "default", "short" or "full" sets all of them. sci_mode: whether to write 1e2; None lets the values choose.
    """
    if profile in PROFILES:
        options.precision, options.threshold, options.edgeitems, options.linewidth = PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None:
            setattr(options, name, value)
    options.sci_mode = sci_mode


set_printoptions(profile="default")


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
        return "" if tensor.grad_fn is None else tensor.grad_fn.name().rpartition("::")[2]
    except RuntimeError:  # a view that must not follow a change of its base
        return "Invalid"


def body_text(array, indent):
    """The values between the brackets, summarised above 1,000 elements unless told otherwise."""
    summarize = array.size > options.threshold
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
        if self._floating and options.sci_mode is not None:
            self._scientific = options.sci_mode
        self.width = max((len(self._unpadded(v)) for v in chosen), default=1)

    def _unpadded(self, value):
        if not self._floating or not math.isfinite(value):
            return str(value)
        if self._scientific:
            return f"{value:.{options.precision}e}"
        return f"{value:.0f}." if self._whole else f"{value:.{options.precision}f}"

    def __call__(self, value):
        return self._unpadded(value).rjust(self.width)


def _corners(array):
    edge = options.edgeitems
    picks = [[*range(edge), *range(n - edge, n)] if n > 2 * edge else list(range(n)) for n in array.shape]
    return array[np.ix_(*picks)] if array.ndim else array


def _nested(array, formatter, indent, summarize):
    if array.ndim == 0:
        return formatter(array.item())
    if array.ndim == 1:
        return _row(array, formatter, indent, summarize)
    if summarize and array.shape[0] > 2 * options.edgeitems:
        edge, count = options.edgeitems, array.shape[0]
        parts = [_nested(array[i], formatter, indent + 1, summarize) for i in range(edge)]
        parts.append("...")
        parts += [_nested(array[i], formatter, indent + 1, summarize) for i in range(count - edge, count)]
    else:
        parts = [_nested(each, formatter, indent + 1, summarize) for each in array]
    separator = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + separator.join(parts) + "]"


def _row(array, formatter, indent, summarize):
    per_line = max(1, (options.linewidth - indent) // (formatter.width + 2))
    edge = options.edgeitems
    if summarize and array.size > 2 * edge:
        ends = [[formatter(v) for v in part.tolist()] for part in (array[:edge], array[-edge:])]
        cells = [*ends[0], " ...", *ends[1]]
    else:
        cells = [formatter(v) for v in array.tolist()]
    lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _with_suffixes(body, suffixes, indent):
    pieces = [body]
    last = len(body) - body.rfind("\n") + 1
    for suffix in suffixes:
        if last + len(suffix) + 2 > options.linewidth:
            pieces.append(",\n" + " " * indent + suffix)
            last = indent + len(suffix)
        else:
            pieces.append(", " + suffix)
            last += len(suffix) + 2
    return "".join(pieces) + ")"
