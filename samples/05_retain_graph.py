"""retain_graph=True: backward twice through one graph.

Look for:
- in the summary: the first backward call frees nothing, because of retain_graph; the second frees all;
- in the table: w.grad is twice the gradient, since backward adds to what is there;
- the memory: between the two calls everything that the graph saved stays alive. On a large model that is
  most of the memory there is, so retain the graph only when you will run it again.

Compare with 06_second_backward.py, where the graph was not retained.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor(0.5, requires_grad=True)

loss = torch.exp(w * x).sum()

loss.backward(retain_graph=True)
print(f"after the first backward   w.grad {w.grad.item():.4f}")

loss.backward()
print(f"after the second backward  w.grad {w.grad.item():.4f}")
