"""NumPy without an engine: the derivatives written out, as somebody would who wants it fast."""

import numpy as np

LACKS = {name: "only the large works are written by hand" for name in ("chain", "regression", "convnet", "attention")}


def classifier(images, labels, weights):
    """As torch_like.classifier."""
    weights = [(weight.copy(), bias.copy()) for weight, bias in weights]
    rows = np.arange(len(labels))
    rate = np.float32(0.1)

    def run():
        inputs, value = [], images
        for weight, bias in weights[:-1]:
            inputs.append(value)
            value = value @ weight
            value += bias
            np.maximum(value, 0, out=value)
        inputs.append(value)
        logits = value @ weights[-1][0] + weights[-1][1]
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        total = shares.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - logits[rows, labels]).mean()
        shares /= total
        shares[rows, labels] -= 1
        grad = shares / np.float32(len(rows))
        for position in reversed(range(len(weights))):
            weight, bias = weights[position]
            value = inputs[position]
            of_weight, of_bias = value.T @ grad, grad.sum(axis=0)
            if position:
                grad = grad @ weight.T
                grad *= value > 0
            weight -= rate * of_weight
            bias -= rate * of_bias
        return [float(loss)]

    return run


def elementwise(start, weight):
    """As torch_like.elementwise."""

    def run():
        y, kept = start, []
        for _ in range(2):
            y = y * weight
            y += start
            np.tanh(y, out=y)
            squashed = y
            difference = y - weight
            y = difference * difference
            np.negative(y, out=y)
            np.exp(y, out=y)
            raised = y
            y = y + weight
            y /= weight
            y = np.sqrt(y)
            kept.append((squashed, difference, raised, y))
        total = y.sum()
        grad, of_start = np.float32(0.5), 0
        for squashed, difference, raised, root in reversed(kept):
            grad = grad / root
            grad /= weight
            grad *= raised
            grad *= difference
            grad *= np.float32(-2)
            grad *= 1 - squashed * squashed
            of_start = of_start + grad
            grad *= weight
            if root is not y:
                break
            grad *= np.float32(0.5)
        of_start += grad
        return [float(total) / len(start), *of_start[:3].tolist()]

    return run
