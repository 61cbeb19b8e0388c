"""A partial backward through a shared subgraph: what ran, what did not, and what can't run any more.

Look for:
- the states: backward from `first` ran its own nodes and the shared one, and let go of what these had saved. The nodes
  of `second` are *untouched*: what they saved is kept for as long as `second` lives;
- and yet `second.backward()` would fail now: its way to w leads through the shared node, which is freed.

In the picture the untouched nodes are grey; sample 27 shows how to keep the shared part.
"""

import gradviz as torch

w = torch.tensor([0.5, 1.0], requires_grad=True)

shared = torch.exp(w)
first = (shared * 2).sum()
second = torch.sin(shared).sum()

first.backward()
print("w.grad", [round(value, 4) for value in w.grad.tolist()])
print(f"second {second.item():.4f} never ran backward")
