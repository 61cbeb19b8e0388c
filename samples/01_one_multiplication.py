"""One multiplication, and what it must remember to be able to run backward.

Look for, in the table:
- the leaves `a` and `b`: you made them, and they are where gradients arrive (by AccumulateGrad);
- `product`: its grad_fn, MulBackward0, saved both factors: the gradient of a is b, and that of b is a;
- `product` after backward: the node is still there (the variable holds it), its saved tensors are freed.

In the picture, compare the panels: the saved tensors are there after forward and freed after backward;
the gradients of a and b are there only after backward.

Then try it without `requires_grad=True` on b: only b is saved, since only the gradient of a is asked for.
"""

import gradviz as torch

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)

product = a * b
product.backward()

print("product", product.item())
print("a.grad ", a.grad.item(), "  (the value of b)")
print("b.grad ", b.grad.item(), "  (the value of a)")
