"""A cubic learns the sine: four numbers, a sum of squares, and a gradient for each.

Look for:
- what a product saves: each saves its power of x, for the gradient of a coefficient. The coefficient itself is not
  saved, because nobody asks for a gradient of x;
- the additions: they save nothing, since a sum passes its gradient on as it is;
- in the picture: four leaves that flow into one prediction, and a gradient of each that comes back;
- the update under no_grad: it changes the coefficients in place and is no part of any graph.
"""

import gradviz as torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
x = torch.linspace(-3, 3, 200)
y = torch.sin(x)
x2, x3 = x**2, x**3

a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))

for step in range(1, 31):
    prediction = a + b * x + c * x2 + d * x3
    loss = ((prediction - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for coefficient, rate in ((a, 0.5), (b, 0.15), (c, 0.025), (d, 0.0036)):
            coefficient -= rate * coefficient.grad
            coefficient.grad = None
    if step in (1, 10, 20, 30):
        print(f"step {step:2}  loss {loss.item():.4f}")

print(f"sin(x) ~ {a.item():.3f} {b.item():+.3f} x {c.item():+.3f} x^2 {d.item():+.3f} x^3")
