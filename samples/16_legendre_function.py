"""The same fit with a function of one's own: a + b * P3(c + d * x), where P3(u) = (5 u**3 - 3 u) / 2.

Look for:
- LegendreBackward: one node where the formula, written out, would be five. It saves its argument
  and nothing else, because its derivative, (15 u**2 - 3) / 2, needs no more;
- forward() ran without recording: the powers and products inside it have no node of their own;
- the product in front of it saves both factors: the result of Legendre for the gradient of b, and b for
  the gradient that goes on to c and d;
- the first print: autograd's slope agrees with a quotient of differences.
"""

import gradviz as torch


class Legendre(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (5 * u**3 - 3 * u) / 2

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad * (15 * u**2 - 3) / 2


torch.set_default_dtype(torch.float64)
u = torch.tensor(0.7, requires_grad=True)
(slope,) = torch.autograd.grad(Legendre.apply(u), u)
with torch.no_grad():
    quotient = (Legendre.apply(u + 1e-4) - Legendre.apply(u - 1e-4)) / 2e-4
print(f"slope of P3 at 0.7: {slope.item():.4f}, by differences {quotient.item():.4f}")

x = torch.linspace(-3, 3, 200)
y = torch.sin(x)
a, b, c, d = (torch.tensor(start, requires_grad=True) for start in (0.0, -1.0, 0.0, 0.3))

for step in range(1, 41):
    prediction = a + b * Legendre.apply(c + d * x)
    loss = ((prediction - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for coefficient, rate in ((a, 0.1), (b, 0.1), (c, 0.002), (d, 0.002)):
            coefficient -= rate * coefficient.grad
            coefficient.grad = None
    if step in (1, 10, 20, 40):
        print(f"step {step:2}  loss {loss.item():.4f}")

print(f"sin(x) ~ {b.item():.3f} * P3({d.item():.3f} x), and a shift of {abs(a.item()):.3f}")
