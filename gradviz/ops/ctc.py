"""Connectionist temporal classification: Graves et al., ICML 2006. Equations are numbered as there.

All probabilities are logarithms. A target's labels are those of the paper's l': blanks before, between and behind.
`reduction` is PyTorch's number: 0 none, 1 mean, 2 sum.
"""

from math import inf

from gradviz.engine.backend import module_of
from gradviz.engine.dtypes import int64
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, pointwise, reduction, reshaping
from gradviz.ops.refusals import invalid_combination, no_derivative, refuse_half, refuse_kinds

# -- what fits ---------------------------------------------------------------------------------------

_CHECKED = "(while checking arguments for ctc_loss_allocate_outputs)"


def _expect(holds, said):
    if not holds:
        raise RuntimeError(f"Expected {said} {_CHECKED}")


def _check(log_probs, targets, input_lengths, target_lengths, blank):
    if not log_probs.size:
        raise RuntimeError("log_probs tensor must not be empty")
    _expect(log_probs.ndim == 3, f"3-dimensional tensor, but got {log_probs.ndim}-dimensional tensor for argument #1 'log_probs'")  # noqa: E501
    _expect(targets.ndim in (1, 2), f"1 to 2 dimensions, but got {targets.ndim}-dimensional tensor for argument #2 'targets'")  # noqa: E501
    steps, count, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if len(lengths) != count:
            raise RuntimeError(f"{name} must be of size batch_size")
    _check_lengths("target_lengths", target_lengths, None)
    rows = sum(target_lengths) if targets.ndim == 1 else count
    _expect(targets.shape[0] == rows, f"tensor to have size {rows} at dimension 0, but got size {targets.shape[0]} for argument #2 'targets'")  # noqa: E501
    longest, wide = max(target_lengths), targets.shape[-1]
    _expect(targets.ndim == 1 or wide >= longest, f"tensor to have size at least {longest} at dimension 1, but got size {wide} for argument #2 'targets'")  # noqa: E501
    _check_lengths("input_lengths", input_lengths, steps)


def _check_lengths(name, lengths, most):
    for each in lengths:
        _expect(each >= 0, f"{name} to have value at least 0, but got value {each}")
        _expect(most is None or each <= most, f"{name} to have value at most {most}, but got value {each}")


# -- forward and backward variables ------------------------------------------------------------------


def _labels(xp, targets, lengths, blank):
    """Each target with blanks around its labels, (N, 2 * longest + 1); behind its end only blanks."""
    place, size = xp.arange(max(lengths)), xp.asarray(lengths)[:, None]
    if targets.ndim == 1:
        starts = xp.cumsum(size, axis=0) - size
        rows = targets[xp.minimum(starts + place, max(len(targets) - 1, 0))]
    else:
        rows = targets[:, : len(place)]
    out = xp.full((len(lengths), 2 * len(place) + 1), blank, xp.int64)
    out[:, 1::2] = xp.where(place < size, rows, blank)
    return out


def _emitted(xp, log_probs, labels):
    """The log-probability of each label at each step, (N, T, labels)."""
    rows = xp.moveaxis(log_probs, 1, 0)
    return xp.take_along_axis(rows, xp.broadcast_to(labels[:, None], (*rows.shape[:2], labels.shape[1])), axis=2)


def _behind(xp, array, by):
    """An array (N, labels) moved by some labels to the right, with nothing, log(0), before it."""
    out = xp.full(array.shape, -inf, array.dtype)
    out[:, by:] = array[:, : max(array.shape[1] - by, 0)]
    return out


def _stepped(xp, labels, before):
    """The sum over the ways into each label, (N, labels): from itself, the one before, and over a blank (6, 7)."""
    far = _behind(xp, before, 2)
    far[:, 2:] = xp.where(labels[:, 2:] == labels[:, :-2], far.dtype.type(-inf), far[:, 2:])
    near = _behind(xp, before, 1)
    greatest = xp.maximum(xp.maximum(before, near), far)
    greatest = xp.where(greatest == -inf, greatest.dtype.type(0), greatest)
    return xp.log(xp.exp(before - greatest) + xp.exp(near - greatest) + xp.exp(far - greatest)) + greatest


def _ends(xp, labels, target_lengths):
    """Where a target may end, (N, labels): at its last label or the blank behind it."""
    left = 2 * xp.asarray(target_lengths)[:, None] - xp.arange(labels.shape[1])
    return (left == 0) | (left == 1)


@op(
    title="_ctc_loss",
    grad_fn="CtcLossBackward0",
    result="result0",
    log_probs=vjp(
        "exp(self) - (probability of the places that pass the class), else 0 behind the end",
        lambda ops, grad, log_probs, targets, result0, result1, input_lengths, target_lengths, blank, zero_infinity: (
            ops.ctc_loss_backward(
                grad, log_probs, targets, result0, result1, input_lengths=input_lengths,
                target_lengths=target_lengths, blank=blank, zero_infinity=zero_infinity,
            )
        ),
    ),
    intermediates=("result1",),
)  # fmt: skip
def ctc_loss_of(xp, log_probs, targets, *, input_lengths, target_lengths, blank, zero_infinity):
    """Minus the log-likelihood of each target, (N,), and the forward variables (N, T, labels): equations 6 to 8."""
    _check(log_probs, targets, input_lengths, target_lengths, blank)
    refuse_kinds("ctc_loss_cpu", log_probs, "biu")
    refuse_half("ctc_loss_cpu", log_probs)
    labels = _labels(xp, targets, target_lengths, blank)
    emitted = _emitted(xp, log_probs, labels)
    alpha = xp.full(emitted.shape, -inf, log_probs.dtype)
    size = xp.asarray(target_lengths)
    alpha[:, 0, 0] = emitted[:, 0, 0]
    if labels.shape[1] > 1:
        alpha[:, 0, 1] = xp.where(size > 0, emitted[:, 0, 1], alpha.dtype.type(-inf))
    for t in range(1, emitted.shape[1]):
        alpha[:, t] = _stepped(xp, labels, alpha[:, t - 1]) + emitted[:, t]
    steps = xp.asarray(input_lengths)
    last = alpha[xp.arange(len(alpha)), xp.maximum(steps - 1, 0)]
    last = xp.where(_ends(xp, labels, target_lengths), last, last.dtype.type(-inf))
    greatest = xp.maximum(last.max(axis=1), xp.finfo(last.dtype).min)
    likely = xp.log(xp.exp(last - greatest[:, None]).sum(axis=1)) + greatest
    nothing = xp.where(size == 0, 0.0, -inf).astype(alpha.dtype)
    return -xp.where(steps == 0, nothing, likely), alpha


_REFUSED = {
    name: vjp("none, as in PyTorch", lambda grad: no_derivative("_ctc_loss_backward")) for name in ("self", "log_probs")
}


@op(grad_fn="NotImplemented", **_REFUSED)
def ctc_loss_backward(
    xp, self, log_probs, targets, result0, result1, *, input_lengths, target_lengths, blank, zero_infinity
):
    """The gradient of ctc_loss_of: `self` is the incoming gradient, result0 the loss, result1 the forward variables."""
    labels = _labels(xp, targets, target_lengths, blank)
    emitted = _emitted(xp, log_probs, labels)
    both = result1 + _backward_variables(xp, labels, emitted, input_lengths, target_lengths)
    rows = xp.moveaxis(log_probs, 1, 0)
    passed = _by_class(xp, labels, both, rows.shape[2])
    slope = xp.exp(rows) - xp.exp(passed + result0[:, None, None] - rows)
    beyond = xp.arange(rows.shape[1]) >= xp.asarray(input_lengths)[:, None]
    if zero_infinity:
        beyond = beyond | (result0 == inf)[:, None]
    out = xp.where(beyond[:, :, None], slope.dtype.type(0), slope * self[:, None, None])
    return xp.ascontiguousarray(xp.moveaxis(out, 0, 1))


def _backward_variables(xp, labels, emitted, input_lengths, target_lengths):
    """The likelihood of what comes after each label at each step, (N, T, labels): equations 9 to 11."""
    beta = xp.full(emitted.shape, -inf, emitted.dtype)
    turned, after = labels[:, ::-1], beta[:, 0, ::-1]
    begin = xp.where(_ends(xp, labels, target_lengths), 0.0, -inf).astype(beta.dtype)
    last = xp.asarray(input_lengths)[:, None] - 1
    for t in reversed(range(emitted.shape[1])):
        after = _stepped(xp, turned, after)
        beta[:, t] = xp.where(last == t, begin, after[:, ::-1]) + emitted[:, t]
        after = beta[:, t, ::-1]
    return beta


def _by_class(xp, labels, both, classes):
    """What stands at the labels of each class added up, as logarithms: (N, T, labels) to (N, T, classes), (15)."""
    out = xp.full((*both.shape[:2], classes), -inf, both.dtype)
    every = xp.arange(len(labels))
    for place in reversed(range(labels.shape[1])):
        found = every, slice(None), labels[:, place]
        out[found] = xp.logaddexp(out[found], both[:, :, place])
    return out


# -- the loss ----------------------------------------------------------------------------------------


def _lengths(given):
    """(input_lengths, target_lengths) as tuples of ints; two tensors, or two sequences of ints."""
    if all(isinstance(each, Tensor) for each in given):
        for name, each in zip(("input_lengths", "target_lengths"), given, strict=True):
            if each._array.dtype.kind not in "iu":
                raise RuntimeError(f"{name} must be integral")
        return [tuple(each.reshape(-1).tolist()) for each in given]
    return [tuple(each) for each in given]


@composed("ctc_loss")
def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction=0, zero_infinity=False):
    """Minus the log-likelihood of targets, (N, S) or one after the other, in log_probs (T, N, C) of all alignments.

    reduction 1 divides each by its target's length and takes the mean. zero_infinity: 0 for a target that is too long.
    """
    given = log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity
    tensors = [isinstance(each, Tensor) for each in given[2:4]]
    if not isinstance(targets, Tensor) or any(tensors) != all(tensors) or any(isinstance(each, int) for each in given[2:4]):  # noqa: E501
        raise invalid_combination("ctc_loss", *given)
    steps, sizes = _lengths(given[2:4])
    alone = log_probs.ndim != 3
    found = ctc_loss_of(
        composite.unsqueeze(log_probs, 1) if alone else log_probs, composite.to(targets, int64),
        input_lengths=steps, target_lengths=sizes, blank=blank, zero_infinity=zero_infinity,
    )  # fmt: skip
    return _reduced(found, sizes, alone, reduction, zero_infinity)


def _reduced(found, sizes, alone, number, zero_infinity):
    xp, dtype = module_of(found._array), found._array.dtype
    if zero_infinity:
        found = pointwise.where(pointwise.eq(found, inf), Tensor(xp.zeros((), dtype)), found)
    if number == 1:
        return reduction.mean(pointwise.div(found, Tensor(xp.maximum(xp.asarray(sizes), 1).astype(dtype))))
    if number == 2:
        return reduction.sum(found)
    return reshaping.squeeze(found, 0) if alone else found


__all__ = ["ctc_loss"]
METHODS = []
