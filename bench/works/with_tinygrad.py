"""tinygrad on the CPU, without its JIT: lazy tensors, so each run ends by reading its results."""

import os

os.environ.setdefault("DEV", "CPU")  # read when it is imported

from tinygrad import Tensor  # noqa: E402

LACKS = {}


def chain(start, factor, offset, ops):
    """As torch_like.chain."""
    x, factor, offset = _realized(start, factor, offset)

    def run():
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = y.tanh()
            y = y - x
        (grad,) = y.sum().gradient(x)
        return grad.reshape(-1).tolist()

    return run


def regression(points, heights, weights):
    """As torch_like.regression."""
    points, heights = _realized(points, heights)
    return _trained(lambda *given: ((_network(points, given, Tensor.tanh) - heights) ** 2).mean(), weights, 0.01)


def classifier(images, labels, weights):
    """As torch_like.classifier."""
    images, labels = _realized(images, labels)
    loss = lambda *given: _network(images, given, Tensor.relu).sparse_categorical_crossentropy(labels)  # noqa: E731
    return _trained(loss, weights, 0.1)


def elementwise(start, weight):
    """As torch_like.elementwise."""
    x, weight = _realized(start, weight)

    def run():
        y = x
        for _ in range(2):
            y = y * weight
            y = y + x
            y = y.tanh()
            y = y - weight
            y = y * y
            y = -y
            y = y.exp()
            y = y + weight
            y = y / weight
            y = y.sqrt()
        total = y.sum()
        (grad,) = total.gradient(x)
        Tensor.realize(total, grad)
        return [total.item() / len(start), *grad[:3].tolist()]

    return run


def convnet(images, labels, kernels, weights):
    """As torch_like.convnet."""
    images, labels = _realized(images, labels)
    count = 2 * len(kernels)

    def loss(*given):
        value = images
        for kernel, bias in zip(given[:count:2], given[1:count:2], strict=True):
            value = value.conv2d(kernel, bias).relu()
        value = _network(value.max_pool2d((2, 2)).flatten(1), given[count:], Tensor.relu)
        return value.sparse_categorical_crossentropy(labels)

    return _trained(loss, [*kernels, *weights], 0.05)


def attention(start, into, out, heads):
    """As torch_like.attention."""
    batch, length, dim = start.shape
    x, into, out = _realized(start, into, out)

    def run():
        parts = (x @ into).reshape(batch, length, 3, heads, dim // heads).permute(2, 0, 3, 1, 4)
        q, k, v = parts[0], parts[1], parts[2]
        weights = (q @ k.transpose(-2, -1) * (dim // heads) ** -0.5).softmax(-1)
        mixed = (weights @ v).transpose(1, 2).reshape(batch, length, dim)
        loss = ((x + mixed @ out) ** 2).mean()
        of_x, of_into, of_out = loss.gradient(x, into, out)
        Tensor.realize(loss, of_x, of_into, of_out)
        return [loss.item(), *of_into[0, :3].tolist(), *(100 * of_x[0, 0, :3]).tolist()]

    return run


def _realized(*arrays):
    return [Tensor(each).realize() for each in arrays]


def _network(value, weights, activation):
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        value = activation(value @ weight + bias)
    return value @ weights[-2] + weights[-1]


def _trained(loss, weights, rate):
    weights = _realized(*(each for layer in weights for each in layer))

    def run():
        found = loss(*weights)
        grads = found.gradient(*weights)
        moved = [weight - rate * grad for weight, grad in zip(weights, grads, strict=True)]
        Tensor.realize(found, *moved)
        weights[:] = moved
        return [found.item()]

    return run
