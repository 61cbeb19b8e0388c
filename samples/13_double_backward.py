"""A derivative of a derivative: with create_graph=True, backward itself is recorded.

y = x**3, so dy/dx = 3 x**2, and d2y/dx2 = 6 x.

Look for, in the table:
- the ops between `y` and `second` that no line of the forward wrote: they are the arithmetic of the first
  backward, recorded because it will be run backward in its turn. Their source line is that of grad();
- `slope` has a grad_fn, as any result has. Without create_graph=True it would be a plain number, and
  the second call would fail;
- what is saved: create_graph retains the graph, and the second call needs the saved x of the first.
"""

import gradviz as torch

x = torch.tensor(1.5, requires_grad=True)
y = x**3

(slope,) = torch.autograd.grad(y, x, create_graph=True)
(second,) = torch.autograd.grad(slope, x)

print("y     ", y.item())
print("slope ", slope.item(), " requires_grad:", slope.requires_grad)
print("second", second.item(), " requires_grad:", second.requires_grad)
