"""GV105 stays silent: no gradient comes where none is asked for, or it comes late.

Look for: the first layer is frozen on purpose, the teacher is in no optimizer, what is detached in one loss gets its
gradient from another, and the second branch is used in the last iteration only.
"""

import gradviz as torch
from gradviz import nn

torch.manual_seed(0)
x = torch.randn(4, 2)
model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
model[0].requires_grad_(False)
branch = nn.Linear(1, 1)
teacher = nn.Linear(2, 1)
optimizer = torch.optim.SGD([*model.parameters(), *branch.parameters()], lr=0.1)

with torch.no_grad():
    target = teacher(x)
for step in range(3):
    out = model(x)
    loss = ((out - target) ** 2).mean() + (out.detach() ** 2).mean()
    if step == 2:
        loss = loss + branch(out.detach()).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("trained", [name for name, each in model.named_parameters() if each.grad is not None])
