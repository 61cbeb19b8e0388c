"""GV112: parameters that were made anew after the optimizer got the old ones.

Look for: three lines: where the optimizer was given w, where another w was made, and the step that moved the wrong one.
The same for a layer that was replaced: its loss stays where it was.
"""

import gradviz as torch

torch.manual_seed(0)
x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor(0.5, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.01)
for _ in range(3):
    loss = ((w * x - 1) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    w = w.detach().clamp(0, 1).requires_grad_()
    print(f"loss {loss.item():.4f}")

model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model[2] = torch.nn.Linear(3, 1)
points = torch.randn(4, 2)
for _ in range(3):
    loss = model(points).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
