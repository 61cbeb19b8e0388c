"""GV101: a state carries the graph of one pass into the next, and the second backward meets what the first one freed.

Look for: the finding names the node, the backward that freed what it had saved, and the variable to detach.
"""

import gradviz as torch

torch.manual_seed(0)
w = torch.randn(3, 3, requires_grad=True)
inputs = torch.randn(4, 3)

state = torch.zeros(3)
for x in inputs:
    state = torch.tanh(w @ state + x)
    loss = (state**2).sum()
    loss.backward()
    print(f"loss {loss.item():.4f}")
