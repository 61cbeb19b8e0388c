"""Linear regression by hand: one line of arithmetic becomes a graph of five ops.

Look for, in the table:
- the one line of `loss` makes one row for each of its ops, in the order in which they ran;
- which ops save something. The product saves x, which the gradient of w needs, but not w: x is data and
  wants no gradient. `+ b` and `- y` save nothing: their gradient is 1, whatever the values. `** 2` saves
  what it squared;
- the states at the end: backward freed what was saved, but the nodes live as long as `loss` does.

In the picture, follow the gradient in the second panel from the loss up to w and b. It gets the shape of
what it belongs to: on the way into b, which is a single number, the gradients of three rows are summed.

Then try it with another `loss.backward()` at the end (or see 06_second_backward.py).
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
y = torch.tensor([3.0, 5.0, 7.0])  # the line 2x + 1
w = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)

loss = ((w * x + b - y) ** 2).mean()
loss.backward()

print(f"loss    {loss.item():.4f}")
print(f"w.grad {w.grad.item():.4f}  (negative: a larger w makes the loss smaller)")
print(f"b.grad  {b.grad.item():.4f}")
