"""Logistic regression: two clouds of points, a line between them, and a loss that takes raw scores.

Look for:
- the loss: one node for sigmoid and cross-entropy together. It saves the scores and the labels, not
  the probabilities, which it can compute again without ever taking the logarithm of zero;
- Linear saves the points for the gradient of its weight, but not its weight: the points want no gradient;
- squeeze: it has a node, saves nothing, and moves no data;
- the penalty: a second path from the weight to the loss. In the picture both meet in the last addition, and
  the weight's gradient is the sum of what comes back along them.
"""

import gradviz as torch
from gradviz import nn, optim
from gradviz.nn import functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
labels = (torch.arange(100) % 2).to(torch.float64)
points = torch.randn(100, 2) + torch.stack([3 * labels - 1, 1 - 2 * labels], dim=1)

model = nn.Linear(2, 1)
optimizer = optim.SGD(model.parameters(), lr=0.5)

for step in range(1, 31):
    optimizer.zero_grad()
    scores = model(points).squeeze(1)
    penalty = 0.01 * (model.weight**2).sum()
    loss = F.binary_cross_entropy_with_logits(scores, labels) + penalty
    loss.backward()
    optimizer.step()
    if step in (1, 5, 10, 30):
        right = ((scores > 0) == (labels > 0.5)).sum().item()
        print(f"step {step:2}  loss {loss.item():.4f}  {right} of 100 right")

across, up = model.weight.detach().flatten().tolist()
print(f"the line: {across:.3f} x + {up:.3f} y + {model.bias.item():.3f} = 0")
