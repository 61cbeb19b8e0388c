"""GV109's near miss: as deep, but each layer has a way past it.

The gradient reaches the first layer through the sums; that it is a little smaller there is no news.
"""

import gradviz as torch
from gradviz import nn

torch.manual_seed(0)
layers = [nn.Linear(8, 8) for _ in range(12)]
x, y = torch.randn(16, 8), torch.randn(16, 8)

h = x
for layer in layers:
    h = h + torch.sigmoid(layer(h))
loss = ((h - y) ** 2).mean()
loss.backward()
first, last = (layer.weight.grad.norm().item() for layer in (layers[0], layers[-1]))
print(f"first layer {first:.1e}, last layer {last:.1e}")
