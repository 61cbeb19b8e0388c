"""retain_graph through a shared subgraph: what each of two backward calls frees.

Two losses share the hidden layer. The first call must retain the graph, for the second still needs the shared part.

Look for:
- in the summary: the first backward call frees nothing, the second only what is on its own way;
- in the table and the picture: `fit`'s own node ran in the first call alone, which retained it, so what it saved is
  still kept. It costs memory for as long as `fit` lives.

One call frees everything: `(fit + size).backward()`. So does summing the losses first.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0])
w = torch.tensor(0.5, requires_grad=True)

hidden = torch.tanh(w * x)
fit = (hidden * hidden).sum()
size = hidden.exp().sum()

fit.backward(retain_graph=True)
print(f"after the first backward   w.grad {w.grad.item():.4f}")
size.backward()
print(f"after the second backward  w.grad {w.grad.item():.4f}")
