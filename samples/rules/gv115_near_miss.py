"""GV115's near misses: two softmaxes that have nothing to do with each other, a log that is kept away from 0, and the
norm of a zero vector, whose slope at 0 is taken as 0.
"""

import gradviz as torch
import gradviz.nn.functional as F

logits = torch.tensor([[2.0, -1.0, 0.5], [0.1, 3.0, -2.0]], requires_grad=True)
target = torch.tensor([0, 1])

attention = torch.softmax(logits, dim=1) @ torch.eye(3)
loss = F.cross_entropy(attention * 5, target)
loss = loss + F.nll_loss(torch.log_softmax(logits, dim=1), target)
loss = loss - torch.log(torch.sigmoid(logits) + 1e-6).mean()

zero = torch.zeros(3, requires_grad=True)
loss = loss + torch.linalg.norm(zero) + torch.sqrt(zero + 1e-12).sum()
loss.backward()
print("loss", f"{loss.item():.4f}")
