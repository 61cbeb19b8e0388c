"""A run is a sequence of graphs, and here what is learned decides how each one looks.

Look for, with `gradviz graphs`:
- alike graphs share a line: 15–29 ×15 says that one structure was built fifteen times in a row;
- ≠ where a structure is new. The loop stops when h has grown enough, so a larger w needs fewer passes and fewer nodes:
  below the table stands what each structure lacks;
- saved tensors go in backward, the nodes later: when `loss` names the next graph;
- the last graph is alive at the end, with nothing saved in it, because `h` and `loss` hold it.
And with `gradviz diff 14 15`: the pass that went, and how the gradients of the others changed.
"""

import gradviz as torch

w = torch.tensor(1.125, dtype=torch.float64, requires_grad=True)
for step in range(1, 31):
    h = torch.tensor(1.0, dtype=torch.float64)
    passes = 0
    while h.item() < 2.0:
        h = h * w
        passes += 1
    loss = (h - 4.0) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.001 * w.grad
        w.grad = None
    if step % 5 == 0:
        print(f"step {step:2}: {passes} passes, w = {w.item():.4f}, loss = {loss.item():.4f}")
