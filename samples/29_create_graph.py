"""create_graph=True: backward builds a graph of its own, on top of the first one.

Look for:
- in the table, the rows of the line of autograd.grad: the arithmetic of the first backward, as ops with nodes of their
  own. `slope` has a grad_fn, and through it holds both graphs;
- in the summary: the first call frees nothing, since create_graph retains the graph;
- the second call runs the arithmetic of the first, then the nodes of the loss, and frees what all of them saved.

In the last picture nothing is left but nodes. Without create_graph, `slope` would be a constant in `penalized`.
"""

import gradviz as torch

w = torch.tensor(2.0, requires_grad=True)
loss = w**3

(slope,) = torch.autograd.grad(loss, w, create_graph=True)
print("slope", slope.item(), " requires_grad:", slope.requires_grad)

penalized = loss + slope**2
penalized.backward()
print("w.grad", w.grad.item(), "= 3 w**2 + 2 * 3 w**2 * 6 w")
