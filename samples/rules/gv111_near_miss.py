"""GV111 stays silent: gradients that add up on purpose, and those that are cleared before they are used.

Look for: two batches to a step; two losses to a step; a .grad that decays in place of being cleared; and a second loss
that leaves gradients in the first model, which clears them before its own backward.
"""

import gradviz as torch

torch.manual_seed(0)
x = torch.randn(4, 2)
first, second = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
move_first = torch.optim.SGD(first.parameters(), lr=0.1)
move_second = torch.optim.Adam(second.parameters(), lr=0.1)

for _ in range(3):
    move_first.zero_grad()
    for batch in x.split(2):
        first(batch).pow(2).mean().backward()
    move_first.step()
    move_second.zero_grad()
    second(first(x)).pow(2).mean().backward()
    move_second.step()

w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (w * 2 - 1).pow(2).backward()
    (w - 3).pow(2).backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad *= 0.9
print(f"{w.item():.4f} {second(first(x)).pow(2).mean().item():.4f}")
