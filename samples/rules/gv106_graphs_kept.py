"""GV106: three ways to keep the graphs of earlier iterations.

Look for: how many nodes and bytes each iteration adds, and who holds them. `losses` keeps nodes, whose saved tensors
backward has freed; `state` was never detached, so that its one graph becomes longer and longer, saved tensors and all;
inside `train`, a list that is gone by the end did the same as `losses`.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0])
w = torch.tensor(0.5, requires_grad=True)


def train():
    kept = []
    for _ in range(4):
        score = (w * x).exp().mean()
        score.backward()
        kept.append(score)
    return sum(each.item() for each in kept)


losses = []
for _ in range(4):
    loss = ((w * x - 1) ** 2).mean()
    loss.backward()
    losses.append(loss)

state = torch.zeros(4)
for _ in range(4):
    state = torch.tanh(w * x + state)
    state.sum().backward(retain_graph=True)

print(f"{sum(each.item() for each in losses):.4f} {state.sum().item():.4f} {train():.4f}")
