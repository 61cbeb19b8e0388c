"""MyGrad: tensors on NumPy with `backward`."""

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu, softmax
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

LACKS = {}


def chain(start, factor, offset, ops):
    """As torch_like.chain."""

    def run():
        x = mg.tensor(start)
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = mg.tanh(y)
            y = y - x
        y.sum().backward()
        return x.grad.reshape(-1).tolist()

    return run


def regression(points, heights, weights):
    """As torch_like.regression."""
    return _trained(lambda given: mg.mean((_network(points, given, mg.tanh) - heights) ** 2), weights, 0.01)


def classifier(images, labels, weights):
    """As torch_like.classifier."""
    return _trained(lambda given: softmax_crossentropy(_network(images, given, relu), labels), weights, 0.1)


def elementwise(start, weight):
    """As torch_like.elementwise."""

    def run():
        x = mg.tensor(start)
        y = x
        for _ in range(2):
            y = y * weight
            y = y + x
            y = mg.tanh(y)
            y = y - weight
            y = y * y
            y = -y
            y = mg.exp(y)
            y = y + weight
            y = y / weight
            y = mg.sqrt(y)
        total = y.sum()
        total.backward()
        return [total.item() / len(start), *x.grad[:3].tolist()]

    return run


def convnet(images, labels, kernels, weights):
    """As torch_like.convnet."""
    count = len(kernels)

    def loss(given):
        value = images
        for kernel, bias in given[:count]:
            value = relu(conv_nd(value, kernel, stride=1) + bias.reshape(1, -1, 1, 1))
        value = max_pool(value, (2, 2), 2)
        return softmax_crossentropy(_network(value.reshape(len(images), -1), given[count:], relu), labels)

    return _trained(loss, [*kernels, *weights], 0.05)


def attention(start, into, out, heads):
    """As torch_like.attention."""
    batch, length, dim = start.shape
    scale = np.float32((dim // heads) ** -0.5)

    def run():
        x, first, last = mg.tensor(start), mg.tensor(into), mg.tensor(out)
        parts = mg.transpose((x @ first).reshape(batch, length, 3, heads, dim // heads), (2, 0, 3, 1, 4))
        q, k, v = parts[0], parts[1], parts[2]
        weights = softmax(q @ mg.swapaxes(k, -2, -1) * scale, axis=-1)
        mixed = mg.swapaxes(weights @ v, 1, 2).reshape(batch, length, dim)
        loss = mg.mean((x + mixed @ last) ** 2)
        loss.backward()
        return [loss.item(), *first.grad[0, :3].tolist(), *(100 * x.grad[0, 0, :3]).tolist()]

    return run


def _network(value, weights, activation):
    for weight, bias in weights[:-1]:
        value = activation(value @ weight + bias)
    return value @ weights[-1][0] + weights[-1][1]


def _trained(loss, weights, rate):
    weights = [[mg.tensor(weight), mg.tensor(bias)] for weight, bias in weights]

    def run():
        found = loss(weights)
        found.backward()
        for layer in weights:
            for each in layer:
                each.data -= np.float32(rate) * each.grad
                each.null_grad()
        return [found.item()]

    return run
