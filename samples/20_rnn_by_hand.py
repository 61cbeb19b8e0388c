"""A recurrent network of fifty steps, by hand: one weight, used fifty times, with one gradient.

Look for:
- `w`: one leaf with fifty arrows out. Its gradient is the sum over all fifty uses, and there is one
  AccumulateGrad for it, however often it is used;
- each product saves the state that went in; tanh saves its result, which is the very tensor that the next
  product saves. It is counted once;
- the picture: the length of the chain is what backward must walk, last step first;
- the second print: how much the loss at the end still depends on the state at each place. It fades the further
  back one looks: that is the vanishing gradient.
"""

import gradviz as torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
signal = torch.randn(50, 1)
u = torch.randn(1, 4)
w = (0.7 * torch.randn(4, 4)).requires_grad_()

state = torch.zeros(4)
states = []
for value in signal:
    state = torch.tanh(state @ w + value @ u)
    state.retain_grad()
    states.append(state)

loss = ((state - 0.5) ** 2).sum()
loss.backward()

print(f"loss {loss.item():.4f}  length of w's gradient {w.grad.norm().item():.4f}")
for back in (0, 1, 2, 5, 10, 20):
    print(f"{back:2} steps back  {states[-1 - back].grad.norm().item():.2e}")
