"""A list that was meant to keep numbers keeps whole graphs alive.

Three ways to note down a loss, three fates of its graph:
- `history.append(loss)` after backward: the nodes stay, though backward freed what they had saved;
- `scores.append(score)` without backward: the nodes stay, and every saved tensor stays with them. In a
  validation loop this is how memory grows until it is gone;
- `numbers.append(loss.item())`: a float. The graph goes as soon as `loss` means something else.

Look for, in the summary: what is still alive at the end, and which variable holds it.
In the table (`--graph all`): a state for each fate: saved freed, live, gone.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0])
w = torch.tensor(0.5, requires_grad=True)
history, scores, numbers = [], [], []

for _ in range(2):
    loss = ((w * x - 1) ** 2).mean()
    loss.backward()
    history.append(loss)

for _ in range(2):
    score = ((w * x - 2) ** 2).mean()
    scores.append(score)

for _ in range(2):
    loss = ((w * x - 3) ** 2).mean()
    loss.backward()
    numbers.append(loss.item())

del loss, score
print("history", [f"{each.item():.2f}" for each in history], " graphs without their saved tensors")
print("scores ", [f"{each.item():.2f}" for each in scores], " graphs with all of their saved tensors")
print("numbers", [f"{each:.2f}" for each in numbers], " no graphs")
