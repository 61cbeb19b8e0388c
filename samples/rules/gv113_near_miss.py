"""GV113's near misses: Functions that are right, and one whose backward is not a slope on purpose.

Round's forward is constant in steps, so that its slope is 0 and useless; handing the gradient straight through is the
well-known stand-in. ReLU has no slope at exactly 0, where any choice between 0 and 1 is as good.
"""

import gradviz as torch


class Square(torch.autograd.Function):
    """x * x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * grad * x


class Round(torch.autograd.Function):
    """round(x), with the gradient of x: a straight-through estimator."""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


class Relu(torch.autograd.Function):
    """max(x, 0), with a slope of 0 at 0."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x > 0)


x = torch.tensor([-1.0, 0.0, 2.3], requires_grad=True)
loss = Square.apply(x).sum() + Round.apply(x).sum() + Relu.apply(x).sum()
loss.backward()
print("x.grad", x.grad.tolist())
