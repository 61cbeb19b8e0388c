"""The error that everybody meets once: a second backward through a graph whose saved tensors are freed.

Look for, in the table:
- the states: every node that saved something is `saved freed`. That is what the second call ran into;
- `product + 1` saved nothing, so there is nothing it could miss: see 07_saves_nothing_runs_twice.py;
- the gradients: those of the first call. The second call failed before it reached a leaf.

In the summary, the second backward call is marked as failed.
"""

import gradviz as torch

w = torch.tensor(2.0, requires_grad=True)

product = w * w
loss = torch.exp(product + 1)
loss.backward()
print(f"first backward: w.grad {w.grad.item():.2f}")

try:
    loss.backward()
except RuntimeError as error:
    print("second backward:", str(error).split(".")[0])

print(f"w.grad is still {w.grad.item():.2f}")
