"""autograd.grad: the gradient of one chosen variable, handed back instead of stored.

Look for, in the table:
- the column grad: empty for w and for b. autograd.grad returns the gradient and leaves .grad alone;
- the states: only the nodes between w and the loss ran, so only they let go of what they had saved. The exp
  that leads to b did not run; its saved result is still alive, for as long as `loss` is.

In the picture, the steps of backward go from the loss to w, and nowhere else.
"""

import gradviz as torch

x = torch.tensor(3.0)
w = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(0.5, requires_grad=True)

offset = torch.exp(b)
loss = (w * x - offset) ** 2

(slope,) = torch.autograd.grad(loss, w)

print(f"slope of the loss in w: {slope.item():.4f}")
print("w.grad", w.grad, "  b.grad", b.grad)
