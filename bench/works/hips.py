"""HIPS autograd: functions of arrays, differentiated by `value_and_grad`."""

from autograd import numpy as np
from autograd import value_and_grad

LACKS = {"convnet": "it has no pooling, and a convolution only by way of SciPy"}


def chain(start, factor, offset, ops):
    """As torch_like.chain."""

    def total(x):
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = np.tanh(y)
            y = y - x
        return np.sum(y)

    gradient = value_and_grad(total)
    return lambda: gradient(start)[1].reshape(-1).tolist()


def regression(points, heights, weights):
    """As torch_like.regression."""
    return _trained(lambda given: np.mean((_network(points, given, np.tanh) - heights) ** 2), weights, 0.01)


def classifier(images, labels, weights):
    """As torch_like.classifier."""
    rows = np.arange(len(labels))

    def loss(given):
        logits = _network(images, given, lambda value: np.maximum(value, 0))
        logits = logits - np.max(logits, axis=1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[rows, labels])

    return _trained(loss, weights, 0.1)


def elementwise(start, weight):
    """As torch_like.elementwise."""

    def total(x):
        y = x
        for _ in range(2):
            y = y * weight
            y = y + x
            y = np.tanh(y)
            y = y - weight
            y = y * y
            y = -y
            y = np.exp(y)
            y = y + weight
            y = y / weight
            y = np.sqrt(y)
        return np.sum(y)

    def run():
        found, grad = value_and_grad(total)(start)
        return [float(found) / len(start), *grad[:3].tolist()]

    return run


def attention(start, into, out, heads):
    """As torch_like.attention."""
    batch, length, dim = start.shape
    scale = np.float32((dim // heads) ** -0.5)

    def loss(given):
        x, into, out = given
        q, k, v = np.transpose(np.reshape(np.dot(x, into), (batch, length, 3, heads, dim // heads)), (2, 0, 3, 1, 4))
        scores = np.matmul(q, np.swapaxes(k, -2, -1)) * scale
        raised = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        mixed = np.matmul(raised / np.sum(raised, axis=-1, keepdims=True), v)
        mixed = np.reshape(np.swapaxes(mixed, 1, 2), (batch, length, dim))
        return np.mean((x + np.dot(mixed, out)) ** 2)

    def run():
        found, (of_x, of_into, _) = value_and_grad(loss)((start, into, out))
        return [float(found), *of_into[0, :3].tolist(), *(100 * of_x[0, 0, :3]).tolist()]

    return run


def _network(value, weights, activation):
    for weight, bias in weights[:-1]:
        value = activation(np.dot(value, weight) + bias)
    return np.dot(value, weights[-1][0]) + weights[-1][1]


def _trained(loss, weights, rate):
    weights = [[weight.copy(), bias.copy()] for weight, bias in weights]
    gradient = value_and_grad(loss)

    def run():
        found, grads = gradient(weights)
        for layer, of_layer in zip(weights, grads, strict=True):
            for each, grad in zip(layer, of_layer, strict=True):
                each -= np.float32(rate) * grad
        return [float(found)]

    return run
