"""GV114's near misses: pairs that are meant.

All distances between the points of a line, added up; and a kernel, which is (N, N) on its way to a product.
"""

import gradviz as torch

x = torch.linspace(0.0, 1.0, 8).requires_grad_()
y = torch.linspace(1.0, 2.0, 8).reshape(8, 1)

spread = ((x[:, None] - x) ** 2).mean()
kernel = torch.exp(-((x - y) ** 2))
smooth = (kernel @ y).mean()
loss = smooth - spread
loss.backward()
print("loss", f"{loss.item():.4f}")
