"""no_grad: the same op, once watched by autograd and once not.

Look for, in the table:
- `prediction` and `checked` are computed alike, but only `prediction` has a grad_fn, keeps saved tensors
  and requires grad;
- the op under no_grad is marked: nothing was saved for it, so there is nothing to free, and its result can
  be thrown away at once;
- the update of w: it must be under no_grad too, since changing a leaf in place is no part of the graph.

In the picture, no gradient comes through the ops that ran under no_grad.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor(2.0, requires_grad=True)

prediction = w * x
loss = prediction.sum()
loss.backward()

with torch.no_grad():
    w -= 0.1 * w.grad
    checked = w * x

print("prediction", prediction.tolist(), " requires_grad:", prediction.requires_grad)
print("checked   ", [round(value, 4) for value in checked.tolist()], " requires_grad:", checked.requires_grad)
print(f"w moved from 2 to {w.item():.1f}")
