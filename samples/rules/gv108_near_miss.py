"""GV108's near miss: infinities that are meant, and taken back.

Attention masks hide positions with -inf, and softmax makes 0 of them; log(0) of an additive mask is the same idea, and
`where` picks what is finite.
"""

import gradviz as torch

scores = torch.tensor([[1.0, 2.0, 3.0], [0.5, 0.1, 0.2]], requires_grad=True)
mask = torch.tensor([[False, False, True], [False, True, True]])
weights = torch.softmax(scores.masked_fill(mask, float("-inf")), dim=-1)

keep = torch.tensor([1.0, 1.0, 0.0])
added = torch.softmax(scores + torch.log(keep), dim=-1)

loss = (weights * weights).sum() + (added * added).sum()
loss.backward()
print("loss", f"{loss.item():.4f}")
