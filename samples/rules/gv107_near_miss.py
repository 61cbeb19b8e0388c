"""GV107 stays silent: each retained graph is used again.

Look for: a second backward through the same loss, two losses that share a part, and a loop in which only the last call
had nothing left to retain for.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor(0.5, requires_grad=True)

loss = torch.exp(w * x).sum()
loss.backward(retain_graph=True)
loss.backward()

shared = torch.exp(w * x)
shared.sum().backward(retain_graph=True)
torch.autograd.grad(shared.mean(), w)

outputs = torch.tanh(w * x)
for output in outputs:
    output.backward(retain_graph=True)
print(f"w.grad {w.grad.item():.4f}")
