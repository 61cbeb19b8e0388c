"""A graph that saved nothing can run backward as often as you like, without retain_graph.

Look for, in the table:
- the column of saved tensors is empty: the gradients of +, - and a sum don't depend on any values;
- the states: no node is `saved freed`, since backward had nothing to free;
- the gradients: each of the three calls added its own.

So "Trying to backward through the graph a second time" is not about the graph, but about what it saved.
Then try it with `2 * a` in place of `a + a`: a product saves its factor, and the second call fails.
"""

import gradviz as torch

a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0], requires_grad=True)

total = (a + a - b).sum()

for call in (1, 2, 3):
    total.backward()
    print("after backward", call, " a.grad", a.grad.tolist(), " b.grad", b.grad.tolist())
