"""Learning to learn (MAML): a start from which one SGD step fits any sine, found by a gradient through that step.

Look for:
- `fast`: the weights after the inner step. They aren't leaves: each is the result of a subtraction, and its
  grad_fn leads back to the start it came from;
- the rows whose source line is that of grad(): the inner gradient, recorded by create_graph=True. Without it
  the step would be a constant, and the outer gradient would miss how the step depends on the start;
- in the picture: from each start two ways to the loss, straight through `start - rate * slope`, and around
  through the slope;
- the prints: the start need not fit any task itself. It only has to be one good step away from each;
- one backward call a step: it runs through the outer loss, the step, and the inner backward of each task.
"""

import gradviz as torch
from gradviz import optim

RATE = 0.1


def predict(weights, x):
    w1, b1, w2, b2 = weights
    return torch.tanh(x @ w1 + b1) @ w2 + b2


def error(weights, x, y):
    return ((predict(weights, x) - y) ** 2).mean()


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
start = [torch.randn(size, requires_grad=True) for size in ((1, 8), (8,), (8, 1), (1,))]
optimizer = optim.SGD(start, lr=0.1)
seen = torch.linspace(-2, 2, 10).unsqueeze(1)
unseen = torch.linspace(-1.8, 1.8, 10).unsqueeze(1)

for step in range(1, 21):
    optimizer.zero_grad()
    before = after = 0
    for phase in (0.0, 0.8):
        inner = error(start, seen, torch.sin(seen + phase))
        slopes = torch.autograd.grad(inner, start, create_graph=True)
        fast = [each - RATE * slope for each, slope in zip(start, slopes, strict=True)]
        before = before + inner.item()
        after = after + error(fast, unseen, torch.sin(unseen + phase))
    after.backward()
    optimizer.step()
    if step in (1, 5, 10, 20):
        print(f"step {step:2}  before the inner step {before:.4f}  after it {after.item():.4f}")
