"""What was saved of a mean and a deviation, as functions of the input that they come from.

known_mean and known_rstd stand for the ops that make them, so that one formula serves the plain backward and,
differentiated again, every order. A group norm's are outputs of its node, as in PyTorch.
"""

from math import prod

from gradviz.engine.op import op, vjp


def _mean_gradient(ops, grad, input, dim):
    return ops.expand(grad, size=tuple(input.shape)) / prod(input.shape[each] for each in dim)


@op(input=vjp("1 / (elements of the dims)", _mean_gradient))
def known_mean(xp, input, mean, *, dim):
    """The mean over dims that is known already."""
    return mean


def _rstd_gradient(ops, grad, input, rstd, dim):
    spread = _mean_gradient(ops, grad * -(rstd * rstd * rstd), input, dim)
    return spread * (input - ops.mean_dim(input, dim=dim, keepdim=True))


@op(
    input=vjp(
        "-result**3 * (input - mean) / (elements of the dims)",
        lambda ops, grad, input, result, dim: _rstd_gradient(ops, grad, input, result, dim),
    ),
)
def known_rstd(xp, input, rstd, *, dim):
    """`1 / sqrt(variance + eps)` over dims that is known already."""
    return rstd


# -- of a group norm ---------------------------------------------------------------------------------


def of_statistics(ops, of_mean, of_rstd, input, rstd, N, group):
    """The gradient for input of what arrived for its groups' mean and rstd; None where nothing did."""
    grouped = ops.reshape_raw(input, size=(N, group, prod(input.shape[1:]) // group))
    of_mean, of_rstd, rstd = (
        None if each is None else ops.reshape_raw(each, size=(N, group, 1)) for each in (of_mean, of_rstd, rstd)
    )
    first = None if of_mean is None else _mean_gradient(ops, of_mean, grouped, (2,))
    total = added(first, None if of_rstd is None else _rstd_gradient(ops, of_rstd, grouped, rstd, (2,)))
    return None if total is None else ops.reshape_raw(total, size=tuple(input.shape))


def added(one, other):
    """The sum of two gradients, where None is none."""
    return one if other is None else other if one is None else one + other


def group_gradients(ops, needed, grads, input, weight, result1, result2, N, C, HxW, group, eps):
    """All three, step by step as PyTorch: functions of mean and rstd, which are outputs of the node too."""
    grad, of_mean, of_rstd = (*grads, None, None)[:3]
    found = [None] * 3
    if needed[0]:
        found[0] = of_statistics(ops, of_mean, of_rstd, input, result2, N, group)
    if grad is None:
        return found
    sizes = N, group, C // group, HxW
    along, values = (ops.reshape_raw(each, size=sizes) for each in (grad, input))
    mean, rstd = (ops.reshape_raw(each, size=(N, group, 1, 1)) for each in (result1, result2))
    ds, db = (ops.unsqueeze_in_place(ops.sum_dim(each, dim=(3,)), dim=3) for each in (along * values, along))
    if needed[0]:
        gamma = None if weight is None else ops.reshape_raw(weight, size=(1, group, C // group, 1))
        passed = ops.reshape_raw(_group_slope(ops, along, values, mean, rstd, ds, db, gamma), size=tuple(input.shape))
        found[0] = added(passed, found[0])
    if needed[1]:
        found[1] = ops.reshape_raw(ops.sum_dim((ds - db * mean) * rstd, dim=(0,)), size=(C,))
    if needed[2]:
        found[2] = ops.reshape_raw(ops.sum_dim(db, dim=(0,)), size=(C,))
    return found


def _group_slope(ops, along, values, mean, rstd, ds, db, gamma):
    share = 1 / max(prod(values.shape[2:]), 1)
    cube = rstd * rstd * rstd
    scale = rstd if gamma is None else rstd * gamma
    b, c = (
        ops.unsqueeze_in_place(ops.sum_dim(each if gamma is None else each * gamma, dim=(2,)), dim=2)
        for each in (ds, db)
    )
    b = (c * mean - b) * cube * share
    c = -b * mean - c * rstd * share
    return scale * along + b * values + c
