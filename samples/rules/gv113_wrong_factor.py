"""GV113: a Function whose backward forgot a factor; only `gradviz trace --verify` can know.

The slope of x * x is 2 x, and backward says x. Nothing fails: training merely goes half as fast, here, and astray where
the factor is not the same for all.
"""

import gradviz as torch


class Square(torch.autograd.Function):
    """x * x, with a slip in backward."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * x


x = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
loss = Square.apply(x).sum()
loss.backward()
print("x.grad", x.grad.tolist())
