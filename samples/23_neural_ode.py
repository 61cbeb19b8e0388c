"""A differential equation with a learned right side: one function, twenty Euler steps, one gradient.

Look for:
- twenty times the same few ops in a row: Linear, Tanh, Linear, and `state + STEP * change`, which is Euler's step;
- the weights: four leaves, each used in all of the steps, each with one gradient, the sum over them;
- what grows: the saved tensors, with the number of steps. The adjoint method of neural ODEs exists to avoid
  just this;
- the picture: a long chain with a straight way along the additions. No gradient is lost on it.
"""

import gradviz as torch
from gradviz import nn, optim

STEP = 0.1

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
field = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = optim.Adam(field.parameters(), lr=0.07)
here = torch.randn(8, 2)
there = here.flip(1) * torch.tensor([-1.0, 1.0])  # a quarter turn on

for step in range(1, 16):
    optimizer.zero_grad()
    state = here
    for _ in range(20):
        state = state + STEP * field(state)
    loss = ((state - there) ** 2).mean()
    loss.backward()
    optimizer.step()
    if step in (1, 5, 10, 15):
        print(f"step {step:2}  loss {loss.item():.4f}")

far = (there - here).norm(dim=1).mean().item()
left = (there - state.detach()).norm(dim=1).mean().item()
print(f"mean distance to the goal: {far:.3f} at the start, {left:.3f} where they arrive")
