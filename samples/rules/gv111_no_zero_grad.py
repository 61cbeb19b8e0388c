"""GV111: a training loop without zero_grad(), and one by hand that forgets w.grad.

Look for: each step moves by the gradients of all iterations before it. The loss goes down all the same, for a while.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
v = torch.tensor(0.0, requires_grad=True)
w = torch.tensor(0.0, requires_grad=True)
optimizer = torch.optim.SGD([v], lr=0.01)

for _ in range(4):
    loss = ((v * x - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.4f}")

for _ in range(4):
    loss = ((w * x - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.01 * w.grad
    print(f"loss {loss.item():.4f}")
