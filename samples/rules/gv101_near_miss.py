"""GV101 stays silent: several backward calls through shared graphs, each of which may be.

Look for: the state is detached after each pass; the first of two calls retains the graph; what two losses share has
saved nothing.
"""

import gradviz as torch

torch.manual_seed(0)
w = torch.randn(3, 3, requires_grad=True)

state = torch.zeros(3)
for x in torch.randn(4, 3):
    state = torch.tanh(w @ state + x)
    (state**2).sum().backward()
    state = state.detach()

hidden = w.exp()
first, second = hidden.sum(), hidden.mean()
first.backward(retain_graph=True)
second.backward()

shifted = w + 1
shifted.sum().backward()
shifted.mean().backward()
print(f"w.grad adds up to {w.grad.sum().item():.4f}")
