"""A language model of one transformer block learns one sentence, a letter at a time.

Look for:
- Embedding: it saves the indices of the letters, not the vectors;
- softmax: it saves its result, one number for every pair of places. This square is what makes attention's
  memory grow with the square of the length;
- masked_fill: what a place must not see, those after it, becomes minus infinity and gets no gradient;
- the residual additions, `hidden + ...`: two arrows in, nothing saved. On its way back the gradient passes
  them unchanged, which is why deep stacks of blocks still learn;
- the last print: at each place the letter that the model expects next, seeing only those up to it.
"""

import gradviz as torch
from gradviz import nn, optim
from gradviz.nn import functional as F


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def attend(self, x):
        length, width = x.shape
        scores = self.query(x) @ self.key(x).T / width**0.5
        future = torch.ones(length, length).triu(1) > 0
        return scores.masked_fill(future, float("-inf")).softmax(dim=-1) @ self.value(x)

    def forward(self, hidden):
        hidden = hidden + self.attend(self.before(hidden))
        return hidden + self.feed(self.after(hidden))


class Model(nn.Module):
    def __init__(self, letters, length, width):
        super().__init__()
        self.letter, self.place = nn.Embedding(letters, width), nn.Embedding(length, width)
        self.block = Block(width)
        self.out = nn.Linear(width, letters)

    def forward(self, ids):
        return self.out(self.block(self.letter(ids) + self.place(torch.arange(len(ids)))))


torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
sentence = "the graph is what ran"
alphabet = sorted(set(sentence))
ids = torch.tensor([alphabet.index(letter) for letter in sentence])

model = Model(len(alphabet), len(sentence), 16)
optimizer = optim.AdamW(model.parameters(), lr=0.02)

for step in range(1, 21):
    optimizer.zero_grad()
    scores = model(ids[:-1])
    loss = F.cross_entropy(scores, ids[1:])
    loss.backward()
    optimizer.step()
    if step in (1, 5, 10, 20):
        print(f"step {step:2}  loss {loss.item():.4f}")

guesses = "".join(alphabet[each] for each in scores.argmax(dim=-1).tolist())
print(f"after {sentence[0]!r} it goes on {guesses!r}")
