"""micrograd: single numbers only; its tanh is the one of the lecture that it comes from."""

from math import tanh as tanh_of

from micrograd.engine import Value

LACKS = dict.fromkeys(("classifier", "elementwise", "convnet", "attention"), "it has single numbers only")


def chain(start, factor, offset, ops):
    """As torch_like.chain."""
    if start.ndim:
        raise NotImplementedError("it has single numbers only")
    factor, offset = float(factor), float(offset)

    def run():
        x = Value(float(start))
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = _tanh(y)
            y = y - x
        y.backward()
        return [x.grad]

    return run


def regression(points, heights, weights):
    """As torch_like.regression."""
    weights = [([list(map(Value, row)) for row in w.T.tolist()], list(map(Value, b.tolist()))) for w, b in weights]
    everything = [each for rows, biases in weights for each in [*(v for row in rows for v in row), *biases]]

    def predicted(point):
        values = point
        for position, (rows, biases) in enumerate(weights):
            sums = [
                sum((w * v for w, v in zip(row, values, strict=True)), b) for row, b in zip(rows, biases, strict=True)
            ]
            values = sums if position == len(weights) - 1 else list(map(_tanh, sums))
        return values[0]

    def run():
        for each in everything:
            each.grad = 0
        errors = [predicted(point) - height for point, (height,) in zip(points.tolist(), heights.tolist(), strict=True)]
        loss = sum(each * each for each in errors) / len(errors)
        loss.backward()
        for each in everything:
            each.data -= 0.01 * each.grad
        return [loss.data]

    return run


def _tanh(value):
    out = Value(tanh_of(value.data), (value,), "tanh")

    def backward():
        value.grad += (1 - out.data**2) * out.grad

    out._backward = backward
    return out
