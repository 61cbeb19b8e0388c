"""GV102 stays silent: changes in place that no backward minds.

Look for: add saves nothing; a clone is changed in place of what was saved; parameters change after backward.
"""

import gradviz as torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    total = w + 1
    total += 1
    scaled = total.exp()
    shown = scaled.detach().clone()
    shown.mul_(100)
    loss = scaled.sum()
    loss.backward()
    optimizer.step()
    scaled.detach().zero_()  # saved by exp, but backward is over
print(f"w {w[0].item():.4f} {w[1].item():.4f}")
