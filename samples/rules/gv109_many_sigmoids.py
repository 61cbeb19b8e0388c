"""GV109: the gradient vanishes on its way through twelve sigmoid layers.

A sigmoid's slope is at most 1/4, so that each layer takes most of the gradient away: the first layers hardly learn.
"""

import gradviz as torch
from gradviz import nn

torch.manual_seed(0)
layers = [nn.Linear(8, 8) for _ in range(12)]
x, y = torch.randn(16, 8), torch.randn(16, 8)

h = x
for layer in layers:
    h = torch.sigmoid(layer(h))
loss = ((h - y) ** 2).mean()
loss.backward()
first, last = (layer.weight.grad.norm().item() for layer in (layers[0], layers[-1]))
print(f"first layer {first:.1e}, last layer {last:.1e}")
