"""A recurrent network of fifty steps, by hand: one weight, used fifty times, with one gradient.

Look for:
- `w`: one leaf with fifty arrows out. It has one AccumulateGrad and one gradient, the sum over all fifty uses.
  In the picture a small `w` with the same number stands for it where an arrow would be too long;
- each product saves the state that went in; tanh saves its result, which is the very tensor that the next
  product saves. It is counted once;
- the numbers on the orange arrows: backward walks the chain from its end, and they shrink as it goes;
- the prints: how much the loss still depends on the state so many steps back. It fades: that is the
  vanishing gradient.
"""

import gradviz as torch

torch.manual_seed(2)
torch.set_default_dtype(torch.float64)
inputs = torch.randn(50, 4)
w = torch.randn(4, 4, requires_grad=True)

state = torch.zeros(1, 4)
states = []
for each in inputs:
    state = torch.tanh(state @ w + each)
    state.retain_grad()
    states.append(state)

loss = ((state - 0.5) ** 2).sum()
loss.backward()

print(f"loss {loss.item():.4f}  length of w's gradient {w.grad.norm().item():.4f}")
for back in (0, 1, 2, 5, 10, 20):
    print(f"{back:2} steps back  {states[-1 - back].grad.norm().item():.2e}")
