"""An op of your own: a Function decides by itself what it saves.

Swish, x * sigmoid(x), is computed twice: from ready-made ops, and as one Function that saves x alone and
works the rest out again in backward. The gradients agree; what is saved does not.

Look for, in the table:
- `composed`: two nodes, and between them they save x, and sigmoid's result (one buffer, kept by both);
- `custom`: one node, SwishBackward, named after the class. It saves x and nothing else: less memory for more
  arithmetic, the trade that checkpointing makes on a larger scale;
- the ops inside `forward`: they ran where no graph is built, so they have no grad_fn and save nothing.
"""

import gradviz as torch


class Swish(torch.autograd.Function):
    """x * sigmoid(x), saving only x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s + x * s * (1 - s))


x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)

composed = x * torch.sigmoid(x)
custom = Swish.apply(x)
loss = composed.sum() + custom.sum()
loss.backward()

print("composed", [f"{value:.4f}" for value in composed.tolist()])
print("custom  ", [f"{value:.4f}" for value in custom.tolist()])
print("x.grad  ", [f"{value:.4f}" for value in x.grad.tolist()], " both ways together")
