"""detach: the same memory, no graph; what it cuts off, backward never reaches.

Look for:
- `target` shares the buffer of `teacher` (0 more bytes), but has no grad_fn;
- in the picture, no gradient passes `target`, and v.grad stays None: what made `teacher` is a graph of its own, which
  `--graph 1` shows;
- no backward ever runs in that graph, so nothing frees what it saved but its own end: `del teacher` would do. Under
  no_grad it would not have been saved at all (sample 32).
"""

import gradviz as torch

x = torch.tensor([0.5, 1.0])
w = torch.tensor(1.0, requires_grad=True)
v = torch.tensor(2.0, requires_grad=True)

teacher = torch.tanh(v * x)
target = teacher.detach()
loss = ((w * x - target) ** 2).sum()
loss.backward()

print(f"w.grad {w.grad.item():.4f}   v.grad {v.grad}")
print("the same memory:", target.data_ptr() == teacher.data_ptr())
