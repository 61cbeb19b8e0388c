"""DeZero: variables on NumPy with `backward`, and its own functions."""

import numpy as np

if not hasattr(np, "int"):
    np.int = int  # DeZero was written for a NumPy that had it

import dezero.functions as F  # noqa: E402
from dezero import Variable  # noqa: E402

LACKS = {"attention": "it has no batched matrix product"}


def chain(start, factor, offset, ops):
    """As torch_like.chain."""

    def run():
        x = Variable(start)
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = F.tanh(y)
            y = y - x
        F.sum(y).backward()
        return np.reshape(x.grad.data, -1).tolist()

    return run


def regression(points, heights, weights):
    """As torch_like.regression."""
    return _trained(lambda given: F.mean_squared_error(_network(points, given, F.tanh), heights), weights, 0.01)


def classifier(images, labels, weights):
    """As torch_like.classifier."""
    return _trained(lambda given: F.softmax_cross_entropy(_network(images, given, F.relu), labels), weights, 0.1)


def elementwise(start, weight):
    """As torch_like.elementwise."""

    def run():
        x = Variable(start)
        y = x
        for _ in range(2):
            y = y * weight
            y = y + x
            y = F.tanh(y)
            y = y - weight
            y = y * y
            y = -y
            y = F.exp(y)
            y = y + weight
            y = y / weight
            y = y**0.5
        total = F.sum(y)
        total.backward()
        return [float(total.data) / len(start), *x.grad.data[:3].tolist()]

    return run


def convnet(images, labels, kernels, weights):
    """As torch_like.convnet."""
    count = len(kernels)

    def loss(given):
        value = images
        for kernel, bias in given[:count]:
            value = F.relu(F.conv2d(value, kernel, bias))
        value = F.reshape(F.pooling(value, 2, 2), (len(images), -1))
        return F.softmax_cross_entropy(_network(value, given[count:], F.relu), labels)

    return _trained(loss, [*kernels, *weights], 0.05)


def _network(value, weights, activation):
    for weight, bias in weights[:-1]:
        value = activation(F.linear(value, weight, bias))
    return F.linear(value, *weights[-1])


def _trained(loss, weights, rate):
    weights = [[Variable(weight.copy()), Variable(bias.copy())] for weight, bias in weights]

    def run():
        for layer in weights:
            for each in layer:
                each.cleargrad()
        found = loss(weights)
        found.backward()
        for layer in weights:
            for each in layer:
                each.data -= np.float32(rate) * each.grad.data
        return [float(found.data)]

    return run
