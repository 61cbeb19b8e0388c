"""GV104: .grad of what an op made: None, with a warning.

Look for: `hidden` is to retain its gradient; `w` was meant to be a leaf, and is one if requires_grad comes last.
"""

import warnings

import gradviz as torch

warnings.simplefilter("ignore")  # PyTorch's own, which names the reading line alone
w = torch.ones(3, requires_grad=True) * 0.1
hidden = torch.tanh(w)
hidden.sum().backward()
print("hidden", hidden.grad)
for _ in range(2):
    print("w", w.grad)
