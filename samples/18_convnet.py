"""A small convnet tells bars from crosses: convolution, normalization, pooling, and Adam.

Look for:
- which layer keeps most: the convolution and BatchNorm2d save their whole inputs, ReLU its result, a bit of
  arithmetic for every pixel. max_pool2d also saves where each maximum was;
- the first convolution saves the images but not its weight's gradient path to them: they want no gradient;
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
    images, kinds = 0.2 * torch.randn(count, 1, 8, 8), torch.arange(count) % 3
    places = torch.randint(1, 7, (count, 2)).tolist()
    for image, kind, (row, column) in zip(images, kinds.tolist(), places, strict=True):
        if kind != 1:
            image[0, :, column] += 1
        if kind != 0:
            image[0, row, :] += 1
    return images, kinds


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
images, kinds = draw(30)
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
fresh, answers = draw(30)
with torch.no_grad():
    right = (model(fresh).argmax(dim=1) == answers).sum().item()
print(f"{right} of 30 new images right")
