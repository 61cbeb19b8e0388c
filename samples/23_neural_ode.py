"""A differential equation with a learned right side: one function, twenty Euler steps, one gradient.

Look for:
- twenty times the same few ops in a row: Linear, Tanh, Linear, and `state + STEP * change`, which is Euler's step;
- the weights: four leaves, each used in all of the steps, each with one gradient, the sum over them;
- what grows: the saved tensors, with the number of steps. The adjoint method of neural ODEs exists to avoid
  just this;
- the picture: a long chain with a straight way along the additions. No gradient is lost on it.
"""

import math

import gradviz as torch
from gradviz import nn, optim

STEP = 0.1

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
field = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = optim.Adam(field.parameters(), lr=0.1)
angles = torch.linspace(0, 2 * math.pi, 9)[:-1]
here = torch.stack([angles.cos(), angles.sin()], dim=1)
there = torch.stack([-angles.sin(), angles.cos()], dim=1)  # a quarter turn on

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

print(f"(1, 0) arrives at ({state[0, 0].item():.2f}, {state[0, 1].item():.2f})")
