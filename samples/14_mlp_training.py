"""A small network learns exclusive or: one graph a step, built and freed each time.

Look for:
- in the summary: a graph and a backward call for each step. The table shows the last; `--graph 1`
  shows the first;
- what a layer saves: Linear its input and its weight (only where their gradients are asked for: not for the
  first layer's input), Tanh its result, and the loss its log-probabilities;
- the parameters' names, as the model knows them;
- the states: the graphs of the earlier steps are gone when `loss` is assigned anew. The last one is
  held by `loss` and `scores`, without its saved tensors;
- SGD.step: it changes the parameters in place, under no_grad, so it is no part of any graph.
"""

import gradviz as torch
from gradviz import nn, optim
from gradviz.nn import functional as F

torch.manual_seed(0)
points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
labels = torch.tensor([0, 1, 1, 0])

model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = optim.SGD(model.parameters(), lr=1.0, momentum=0.5)

for step in range(1, 21):
    optimizer.zero_grad()
    scores = model(points)
    loss = F.cross_entropy(scores, labels)
    loss.backward()
    optimizer.step()
    if step in (1, 5, 10, 20):
        print(f"step {step:2}  loss {loss.item():.4f}")

right = (scores.argmax(dim=1) == labels).sum().item()
print(f"{right} of 4 points right")
