"""gradviz with the loss captured once by `gradviz.static`; backward and the step of SGD are called as ever."""

import gradviz as torch
from bench.works.torch_like import network


def regression(points, heights, weights):
    """A step of SGD on a tanh network with mean squared error; each call goes on from the one before."""
    return _steps(weights, torch.nn.Tanh, torch.nn.functional.mse_loss, 0.01, (points, heights))


def classifier(images, labels, weights):
    """A step of SGD on a relu network with cross-entropy; each call goes on from the one before."""
    return _steps(weights, torch.nn.ReLU, torch.nn.functional.cross_entropy, 0.1, (images, labels))


def _steps(weights, activation, criterion, lr, arrays):
    inputs, targets = map(torch.from_numpy, arrays)
    model = network(torch, weights, activation)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    loss_of = torch.static(lambda inputs, targets: criterion(model(inputs), targets))

    def run():
        optimizer.zero_grad()
        loss = loss_of(inputs, targets)
        loss.backward()
        optimizer.step()
        return [loss.item()]

    return run
