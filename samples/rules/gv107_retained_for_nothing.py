"""GV107: retain_graph=True in every iteration, though each one makes a graph of its own.

Look for: the bytes that each graph kept after its backward, and no later call that needed them.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor(0.5, requires_grad=True)

for _ in range(3):
    loss = torch.exp(w * x).sum()
    loss.backward(retain_graph=True)
    with torch.no_grad():
        w -= 0.01 * w.grad
    w.grad = None
    print(f"loss {loss.item():.4f}")
