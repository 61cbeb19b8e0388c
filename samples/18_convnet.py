"""A small convnet tells bars from crosses: convolution, normalization, pooling, and Adam.

Look for:
- which layers keep most: convolution and BatchNorm2d save their whole inputs, ReLU its result, and
  max_pool2d its input and, for each maximum, where it was;
- how one buffer serves two: what ReLU saved as its result is what the pooling saved as its input;
- BatchNorm2d: its running mean and variance change in place at each step and are no part of the graph;
- Adam: two moments for each parameter, held by the optimizer and not by any graph;
- the last lines: eval() takes the running statistics, and no_grad() builds no graph at all.
"""

import gradviz as torch
from gradviz import nn, optim
from gradviz.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 8, 3, padding=1)
        self.out = nn.Linear(8, 3)

    def forward(self, images):
        hidden = F.max_pool2d(F.relu(self.norm(self.first(images))), 2)
        hidden = F.max_pool2d(F.relu(self.second(hidden)), 2)
        return self.out(hidden.mean(dim=(2, 3)))


def draw(count):
    """Noisy 8 x 8 images: an upright bar, a level bar, or a cross of both."""
    kinds = torch.arange(count) % 3
    rows, columns = (F.one_hot(torch.randint(1, 7, (count,)), 8) for _ in range(2))
    upright, level = (kinds != 1).long(), (kinds != 0).long()
    bars = columns[:, None] * upright[:, None, None] + rows[:, :, None] * level[:, None, None]
    return bars.unsqueeze(1) + 0.2 * torch.randn(count, 1, 8, 8), kinds


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
images, kinds = draw(30)
fresh, answers = draw(30)
model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.03)

for step in range(1, 31):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), kinds)
    loss.backward()
    optimizer.step()
    if step in (1, 10, 20, 30):
        print(f"step {step:2}  loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    right = (model(fresh).argmax(dim=1) == answers).sum().item()
print(f"{right} of 30 new images right")
