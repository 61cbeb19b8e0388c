"""autograd.grad to one of several inputs: the way there runs, the rest is untouched.

Look for, in the table and the picture:
- three nodes are *untouched*: they lie between the loss and the weights of other layers only. What they saved is kept;
- the matmul that ran computed one of its two gradients, the one on the way;
- .grad of every weight is None: the gradient was returned, not stored;
- a backward() afterwards fails where nodes on that way are freed, unless retain_graph was set, as it is here.
"""

import gradviz as torch

x = torch.tensor([[1.0, 2.0]])
first = torch.tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
second = torch.tensor([[0.5], [0.6]], requires_grad=True)
scale = torch.tensor(2.0, requires_grad=True)

hidden = torch.tanh(x @ first)
penalty = torch.exp(scale)
loss = (hidden @ second).sum() * penalty

(only,) = torch.autograd.grad(loss, second, retain_graph=True)
print("gradient of second", [round(value[0], 4) for value in only.tolist()])
print("stored:", first.grad, second.grad, scale.grad)
