"""GV105: four parameters that an optimizer is to move, and why no gradient comes to them.

Look for: a reason and a line for each. `spare` is used nowhere; the way of `scale` to the loss is cut by detach();
`shift` never required grad; `gate` is multiplied by zeros.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
y = torch.tensor([2.0, 4.0, 6.0])
w = torch.tensor(0.5, requires_grad=True)
spare = torch.tensor(1.0, requires_grad=True)
scale = torch.tensor(1.0, requires_grad=True)
shift = torch.tensor(0.0)
gate = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
closed = torch.zeros(3)
optimizer = torch.optim.SGD([w, spare, scale, shift, gate], lr=0.01)

for _ in range(3):
    factor = (scale * 2).detach()
    prediction = w * factor * x + shift + gate * closed
    loss = ((prediction - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.4f}")
