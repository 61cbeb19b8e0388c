"""GV104 stays silent: .grad of leaves, of what retains it, and of what requires none.

Look for: None may also mean that backward did not run yet.
"""

import gradviz as torch

w = (torch.ones(3) * 0.1).requires_grad_()
print("before backward:", w.grad)
hidden = torch.tanh(w)
hidden.retain_grad()
print("retained, before backward:", hidden.grad)
hidden.sum().backward()
print("hidden", hidden.grad.tolist())
print("a result outside any graph:", hidden.detach().grad)
