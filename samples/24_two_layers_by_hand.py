"""A network without nn: two matrices, a relu, and an update by hand. All that a framework does, in the open.

Look for:
- the first product: it saves `x` for the gradient of w1, but not w1, since nobody asks for that of x;
- the second product: it saves both, the hidden values for w2 and w2 for what lies before it;
- relu: it saves its result, and that is the very tensor which the second product saved;
- the update: under no_grad, in place, and so without a node. The leaves stay the same tensors throughout;
- w1.grad.zero_(): without it the next backward would add to the old gradient.
"""

import gradviz as torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
x = torch.randn(16, 6)
y = torch.randn(16, 2)
w1 = torch.randn(6, 12, requires_grad=True)
w2 = torch.randn(12, 2, requires_grad=True)

for step in range(1, 51):
    hidden = (x @ w1).relu()
    loss = ((hidden @ w2 - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for weight in (w1, w2):
            weight -= 0.02 * weight.grad
            weight.grad.zero_()
    if step in (1, 5, 10, 50):
        print(f"step {step:2}  loss {loss.item():.4f}")

silent = (hidden == 0).double().mean().item()
print(f"{silent:.0%} of the hidden values are zero and pass no gradient back")
