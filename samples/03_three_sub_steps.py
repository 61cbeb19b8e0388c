"""The same kind of loss in three named steps: does giving names to the steps in between cost memory?

Look for, in the table:
- the names: each row bears the name of the variable that its result was assigned to;
- `error`: its values are kept twice over, by you (the variable) and by PowBackward0 (saved for backward).
  It is one buffer, so its bytes are counted once;
- the gradients: `error` asked for its own by retain_grad(), `prediction` did not. Gradients of results
  in between are handed on and forgotten; only leaves keep theirs;
- the end: backward has freed what the nodes saved, yet `error` is still alive, since your variable holds it.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0])
y = torch.tensor([3.0, 5.0, 7.0])
w = torch.tensor(1.0, requires_grad=True)

prediction = w * x
error = prediction - y
error.retain_grad()
loss = error.pow(2).sum()
loss.backward()

print("prediction", prediction.tolist(), " leaf:", prediction.is_leaf)
print("error     ", error.tolist(), " its grad:", error.grad.tolist())
print("w.grad    ", w.grad.item())
