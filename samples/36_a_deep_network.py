"""Twelve blocks of a transformer, and a loop of sixteen steps behind them: 450 results in one small picture.

Look for:
- `blocks.0 … 11 ×12`: the blocks are built alike, so that the picture shows one with what is in it, each box standing
  for twelve. The arrow from its last addition back to its first norm is what one block hands to the next;
- `lines 55–58 ×16`: a loop is found by its lines coming again; what ran only in every fourth pass is a box ×4;
- the bars: how many of a box's nodes live, had their saved tensors freed by backward, or are gone. Additions save
  nothing, so there is nothing of theirs to free;
- `gradviz render --expand feed` opens a box, `--depth 1` closes all, `--fold none` draws every node.
"""

import gradviz as torch
from gradviz import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def attend(self, x):
        scores = self.query(x) @ self.key(x).T / x.shape[-1] ** 0.5
        return scores.softmax(dim=-1) @ self.value(x)

    def forward(self, hidden):
        hidden = hidden + self.attend(self.before(hidden))
        return hidden + self.feed(self.after(hidden))


class Model(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.out = nn.Linear(width, 1)

    def forward(self, hidden):
        for block in self.blocks:
            hidden = block(hidden)
        return self.out(hidden).mean()


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
model = Model(8, 12)
tokens = torch.randn(5, 8)
rate = torch.tensor(0.1, requires_grad=True)

goal = model(tokens)

# a descent that is part of the graph: how far it comes depends on its rate
place = torch.zeros(())
for step in range(16):
    place = place - rate * (place - goal)
    place = place.tanh()
    if step % 4 == 3:
        place = place * 1.1

loss = (place - 1) ** 2
loss.backward()

print(f"loss {loss.item():.4f}  d loss/d rate {rate.grad.item():.4f}")
print(f"{sum(p.numel() for p in model.parameters()):,} parameters, all with a gradient:", end=" ")
print(all(p.grad is not None for p in model.parameters()))
