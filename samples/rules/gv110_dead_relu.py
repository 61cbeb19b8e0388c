"""GV110: half of the hidden units are off for every input, in every pass.

Their biases start far below 0; a ReLU that is always off hands no gradient on, so that nothing ever wakes them.
"""

import gradviz as torch

torch.manual_seed(0)
x = torch.linspace(-1.0, 1.0, 16).reshape(16, 1)
y = x * x
w1 = torch.randn(1, 4).requires_grad_()
b1 = torch.tensor([0.5, 0.5, -9.0, -9.0], requires_grad=True)
w2 = torch.randn(4, 1).requires_grad_()

for _ in range(5):
    hidden = torch.relu(x @ w1 + b1)
    loss = ((hidden @ w2 - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for w in (w1, b1, w2):
            w -= 0.1 * w.grad
            w.grad = None
print("loss", f"{loss.item():.4f}")
