"""Gradients add up until you clear them; detach() cuts a tensor off from its graph.

Look for:
- w.grad after two backward calls: the sum of both. In the table its row shows the last value; the
  summary has one line for each call;
- w.grad.zero_(): an in-place change of the gradient, and no op of any graph;
- `target = prediction.detach()`: a new tensor on the same buffer, without a grad_fn. No gradient flows
  through it: the last loss moves the prediction towards the target and not the target towards it.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0])
w = torch.tensor(3.0, requires_grad=True)

(w * x).sum().backward()
print("after one backward ", w.grad.item())
(w * x).sum().backward()
print("after two          ", w.grad.item())
w.grad.zero_()
print("after zero_        ", w.grad.item())

prediction = w * x
target = prediction.detach()
loss = (prediction * target).sum()
loss.backward()
print("through one factor ", w.grad.item(), " (sum of x * target; without detach it would be twice that)")
