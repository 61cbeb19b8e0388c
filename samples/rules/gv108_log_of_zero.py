"""GV108: the first NaN or infinity, and who made it.

The model gives one class a probability of exactly 0, and the loss takes its log. From there on everything is infinite
or NaN, weights too; the table shows dozens of them, the finding the one line where they begin.
"""

import gradviz as torch

x = torch.tensor([[1.0, 2.0], [3.0, -4.0]])
w = torch.tensor([[0.5], [0.5]], requires_grad=True)
p = torch.clamp(x @ w, 0.0, 1.0)
score = torch.log(p)
loss = -score.mean()
loss.backward()
print("loss", loss.item(), "w.grad", w.grad.flatten().tolist())
