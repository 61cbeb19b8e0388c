"""PyTorch and gradviz: the same code, with the module that it is given as `torch`."""


def chain(torch, start, factor, offset, ops):
    """Dependent ops, forward and backward: product, sum, tanh and difference in turn."""
    x = torch.from_numpy(start).requires_grad_()
    factor, offset = torch.from_numpy(factor), torch.from_numpy(offset)

    def run():
        x.grad = None
        y = x
        for _ in range(ops // 4):
            y = y * factor
            y = y + offset
            y = torch.tanh(y)
            y = y - x
        y.sum().backward()
        return x.grad.reshape(-1).tolist()

    return run


def regression(torch, points, heights, weights):
    """A step of SGD on a tanh network with mean squared error; each call goes on from the one before."""
    points, heights = torch.from_numpy(points), torch.from_numpy(heights)
    model = network(torch, weights, torch.nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def run():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(points), heights)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return run


def classifier(torch, images, labels, weights):
    """A step of SGD on a relu network with cross-entropy; each call goes on from the one before."""
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    model = network(torch, weights, torch.nn.ReLU)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def run():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return run


def elementwise(torch, start, weight):
    """Ten elementwise ops, twice, and the sum of it all; forward and backward."""
    x = torch.from_numpy(start).requires_grad_()
    weight = torch.from_numpy(weight)

    def run():
        x.grad = None
        y = x
        for _ in range(2):
            y = y * weight
            y = y + x
            y = torch.tanh(y)
            y = y - weight
            y = y * y
            y = -y
            y = torch.exp(y)
            y = y + weight
            y = y / weight
            y = torch.sqrt(y)
        total = y.sum()
        total.backward()
        return [total.item() / len(x), *x.grad[:3].tolist()]

    return run


def convnet(torch, images, labels, kernels, weights):
    """A step of SGD on two convolutions, a maximum pool and a linear layer, with cross-entropy."""
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    nn = torch.nn
    convolutions = [nn.Conv2d(kernel.shape[1], kernel.shape[0], 3) for kernel, _ in kernels]
    ((weight, bias),) = weights
    last = nn.Linear(*weight.shape)
    layers = [convolutions[0], nn.ReLU(), convolutions[1], nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), last]
    for layer, (kernel, offset) in zip([*convolutions, last], [*kernels, (weight.T.copy(), bias)], strict=True):
        layer.weight.data, layer.bias.data = torch.from_numpy(kernel), torch.from_numpy(offset)
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def run():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return run


def attention(torch, start, into, out, heads):
    """Self-attention with several heads, its projections and the sum around it; forward and backward."""
    x, into, out = (torch.from_numpy(each).requires_grad_() for each in (start, into, out))
    batch, length, dim = start.shape
    scale = (dim // heads) ** -0.5

    def run():
        x.grad = into.grad = out.grad = None
        q, k, v = (x @ into).reshape(batch, length, 3, heads, dim // heads).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-2, -1) * scale, dim=-1)
        mixed = (weights @ v).transpose(1, 2).reshape(batch, length, dim)
        loss = ((x + mixed @ out) ** 2).mean()
        loss.backward()
        return [loss.item(), *into.grad[0, :3].tolist(), *(100 * x.grad[0, 0, :3]).tolist()]

    return run


def network(torch, weights, activation):
    """Linear layers from (in, out) weights, with an activation between them."""
    layers = []
    for weight, bias in weights:
        layer = torch.nn.Linear(*weight.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias)
        layers += [layer, activation()]
    return torch.nn.Sequential(*layers[:-1])
