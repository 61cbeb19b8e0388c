"""Two leaks that every training loop meets, and the near miss beside them.

- `losses.append(loss)`: each loss keeps the nodes of its whole graph, though backward freed what they had saved;
- `total += loss` in a validation loop: each total keeps the one before it, and no backward ever frees what they saved;
- `numbers.append(loss.item())`: floats, no graph.

Look for, in `gradviz why`: two leaks, one of nodes and one of activations. `gradviz why losses` and `gradviz why total`
show the way from the variable to the saved bytes, and the one line that mends it.
"""

import gradviz as torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0])
y = 3 * x
w = torch.tensor(0.5, requires_grad=True)
losses, numbers, total = [], [], 0.0

for _ in range(5):
    loss = ((w * x - y) ** 2).mean()
    loss.backward()
    losses.append(loss)
    numbers.append(loss.item())
    with torch.no_grad():
        w -= 0.01 * w.grad
        w.grad = None

for _ in range(5):
    score = (w * x - y).abs().mean()
    total += score

del loss, score
print("losses ", [f"{each.item():.2f}" for each in losses])
print("numbers", [f"{each:.2f}" for each in numbers])
print("total  ", f"{total.item():.2f}")
