"""retain_grad: .grad of a result that is no leaf.

Look for, in the column grad:
- `hidden` asked for its gradient: it is stored, as a leaf's is;
- `shifted` did not: in brackets stands what flowed through its node and was dropped, and its .grad is None;
- the same gradient flows either way. retain_grad costs one copy, which lives as long as `hidden`.

In the last picture, `hidden` has a line for its .grad.
"""

import gradviz as torch

x = torch.tensor([1.0, -2.0, 3.0])
w = torch.tensor(2.0, requires_grad=True)

hidden = w * x
hidden.retain_grad()
shifted = hidden + 1
loss = (shifted * shifted).mean()
loss.backward()

print("hidden.grad is kept: ", [round(value, 4) for value in hidden.grad.tolist()])
print("hidden.is_leaf:", hidden.is_leaf, " hidden.retains_grad:", hidden.retains_grad)
print("shifted.retains_grad:", shifted.retains_grad)
