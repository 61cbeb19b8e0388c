"""The line search of L-BFGS: a step that meets the strong Wolfe conditions: Nocedal and Wright (2006), algorithm 3.5.

As in PyTorch, which has it from minFunc (Schmidt, 2005): brackets grow and shrink by cubic interpolation.
"""

from typing import NamedTuple

from gradviz.engine.tensor import Tensor

DECREASE, CURVATURE = 1e-4, 0.9  # c1 and c2 of the conditions


class Point(NamedTuple):
    """A step along the direction, the loss there, its gradient, and the gradient's part along the direction."""

    step: Tensor | float
    loss: float
    gradient: Tensor
    slope: Tensor


def strong_wolfe(evaluate, start, step, reach, least, most):
    """(the best Point found, how many were evaluated), from `evaluate(step)`.

    start: the Point of step 0. reach: the direction's greatest element; least: the smallest change of a parameter
    that is worth another step. most: how many steps may be tried after the first.
    """
    ends, count, done = _bracket(evaluate, start, step, most)
    return (ends[0], count + 1) if done else _zoom(evaluate, start, ends, (reach, least), count, most)


def _too_high(point, start):
    return point.loss > start.loss + DECREASE * point.step * start.slope


def _is_flat(point, start):
    return abs(point.slope) <= -CURVATURE * start.slope


def _bracket(evaluate, start, step, most):
    """(the ends of an interval that holds a good step, how many steps were tried, False), or ([Point], ..., True)."""
    before, new, count = start, evaluate(step), 0
    while count < most:
        if _too_high(new, start) or (count > 1 and new.loss >= before.loss):
            return [before, new], count, False
        if _is_flat(new, start):
            return [new], count, True
        if new.slope >= 0:
            return [before, new], count, False
        bounds = new.step + 0.01 * (new.step - before.step), new.step * 10
        before, new, count = new, evaluate(_lowest(before, new, *bounds)), count + 1
    return [start, new], count, False


def _zoom(evaluate, start, ends, tolerance, count, most):
    """The interval made smaller until a step in it is good."""
    stuck, (reach, least) = False, tolerance
    low, high = _ordered(ends)
    while count < most and abs(ends[1].step - ends[0].step) * reach >= least:
        step = _lowest(*ends, *sorted(each.step for each in ends))
        step, stuck = _inside(step, [each.step for each in ends], stuck)
        new, count = evaluate(step), count + 1
        if _too_high(new, start) or new.loss >= ends[low].loss:
            ends[high] = new
            low, high = _ordered(ends)
            continue
        done = _is_flat(new, start)
        if not done and new.slope * (ends[high].step - ends[low].step) >= 0:
            ends[high] = ends[low]
        ends[low] = new
        if done:
            break
    return ends[low], count + 1


def _ordered(ends):
    return (0, 1) if ends[0].loss <= ends[1].loss else (1, 0)


def _inside(step, ends, stuck):
    """(the step, or one a tenth away from the end that it is stuck at; whether it came too near to an end)."""
    margin = 0.1 * (max(ends) - min(ends))
    if min(max(ends) - step, step - min(ends)) >= margin:
        return step, False
    if not (stuck or step >= max(ends) or step <= min(ends)):
        return step, True
    nearer_the_upper = abs(step - max(ends)) < abs(step - min(ends))
    return (max(ends) - margin if nearer_the_upper else min(ends) + margin), False


def _lowest(one, two, least, most):
    """Where the cubic through two points, with their slopes, is lowest between two steps."""
    x1, f1, _, g1 = one
    x2, f2, _, g2 = two
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if not square >= 0:
        return (least + most) / 2.0
    d2 = square.sqrt()
    if x1 <= x2:
        found = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        found = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(found, least), most)
