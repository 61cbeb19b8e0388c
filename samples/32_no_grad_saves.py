"""no_grad: nodes and bytes that were never built.

Look for:
- the rows under no_grad: no grad_fn, nothing saved, and each result's memory is given back as soon as nobody names it;
- with `gradviz trace --compare-no-grad`: what the same lines would have built with gradients on, counted in a second
  run, and that the update of w can't do without no_grad.
"""

import gradviz as torch

torch.manual_seed(0)
x, y = torch.randn(64, 16), torch.randn(64, 1)
w = (torch.randn(16, 1) * 0.1).requires_grad_()


def error(batch, truth):
    """The mean square error of one batch."""
    return ((torch.tanh(batch @ w) - truth) ** 2).mean()


for _ in range(3):
    loss = error(x, y)
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad = None
    with torch.no_grad():
        checked = error(x, y)

print("a gradient flows from the loss:", loss.requires_grad, " from what was checked:", checked.requires_grad)
