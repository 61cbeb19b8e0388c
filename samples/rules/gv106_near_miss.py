"""GV106 stays silent: what is kept are numbers, or graphs that are still to be used.

Look for: losses as floats, a state that is detached, a running total that backward has not run through yet, and
predictions that were all made before the first backward.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0])
w = torch.tensor(0.5, requires_grad=True)

losses, state = [], torch.zeros(4)
for _ in range(4):
    state = torch.tanh(w * x + state)
    loss = ((state - 1) ** 2).mean()
    loss.backward()
    losses.append(loss.item())
    state = state.detach()

total = 0.0
for factor in (1.0, 2.0, 3.0):
    total = total + (w * factor).exp()
total.backward()

errors = [(w * each - 1) ** 2 for each in x]
for error in errors:
    error.backward()

print(f"{sum(losses):.4f} {total.item():.4f} {sum(error.item() for error in errors):.4f}")
