"""The same step, dynamic and static: one graph a call beside one graph for all calls.

`dynamic` is a plain function: each call builds a new graph, and backward frees it. `gradviz.static` captures a function
at its first call; later calls replay that one graph with planned memory. On PyTorch, which has no `static`, both are
dynamic. Both train the same model, to the last bit.

Look for, in `gradviz graphs`: three graphs of `dynamic`, each built, freed and gone; then one graph "ran ×3", built
once, whose saved tensors were never freed, and for each of its calls a single StaticBackward0. In the picture of the
static graph (`gradviz render --graph 4`), the last panel shows nodes that are still live after three backward calls.
"""

import gradviz as torch

x = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])
target = torch.tensor([[1.0], [0.0], [1.0]])


def model():
    return torch.full((2, 1), 0.5, requires_grad=True), torch.zeros(1, requires_grad=True)


def trained(name, loss_of, parameters):
    for step in range(3):
        loss = loss_of(x, target)
        loss.backward()
        with torch.no_grad():
            for each in parameters:
                each -= 0.1 * each.grad
                each.grad = None
        print(f"{name} {step}: loss {loss.item():.6f}")
    return parameters


w, b = model()


def dynamic(x, target):
    return ((torch.tanh(x @ w + b) - target) ** 2).mean()


v, c = model()


def captured(x, target):
    return ((torch.tanh(x @ v + c) - target) ** 2).mean()


static = getattr(torch, "static", lambda function: function)(captured)

trained("dynamic", dynamic, (w, b))
trained("static ", static, (v, c))
print("the same bits:", bool((w == v).all()), bool((b == c).all()))
