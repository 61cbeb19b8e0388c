"""GV112 stays silent: new tensors, none of which the optimizer should have had.

Look for: a layer replaced before the optimizer was made, one that was added to it, inputs that require grad, and a
copy of w that another loss uses.
"""

import gradviz as torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
model[2] = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    x = torch.randn(4, 2, requires_grad=True)
    if step == 1:
        model[2] = torch.nn.Linear(3, 1)
        optimizer.add_param_group({"params": list(model[2].parameters())})
    optimizer.zero_grad()
    model(x).pow(2).mean().backward()
    optimizer.step()

w = torch.tensor(0.5, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    (w - 1).pow(2).backward()
    optimizer.step()
    copy = w.detach().clone().requires_grad_()
    (copy * 2).backward()
print(f"w {w.item():.4f}")
