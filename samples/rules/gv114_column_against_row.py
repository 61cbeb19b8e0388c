"""GV114: predictions of shape (N, 1) against targets of shape (N,).

The difference is (N, N): each prediction is compared with every target. It runs, it trains, and the best it can learn
is the mean of the targets.
"""

import gradviz as torch
from gradviz import nn

torch.manual_seed(0)
x = torch.linspace(0.0, 1.0, 8).reshape(8, 1)
y = 3 * x.squeeze(1) + 1

model = nn.Linear(1, 1)
pred = model(x)
loss = ((pred - y) ** 2).mean()
loss.backward()
print("difference", tuple((pred - y).shape), "weight.grad", f"{model.weight.grad.item():.3f}")
