"""GV115: patterns that lose digits, or all of them.

cross_entropy applies log_softmax itself: given probabilities, it squeezes them once more. The log of a softmax is -inf
where a probability rounds to 0, and a square root has no finite slope at 0.
"""

import gradviz as torch
import gradviz.nn.functional as F

logits = torch.tensor([[2.0, -1.0, 0.5], [0.1, 3.0, -2.0]], requires_grad=True)
target = torch.tensor([0, 1])

probabilities = torch.softmax(logits, dim=1)
twice = F.cross_entropy(probabilities, target)

logs = torch.log(torch.softmax(logits, dim=1))
by_hand = F.nll_loss(logs, target)

apart = torch.tensor([0.0, 4.0], requires_grad=True)
distance = torch.sqrt(apart).sum()

loss = twice + by_hand + distance
loss.backward()
print("loss", f"{loss.item():.4f}", "apart.grad", apart.grad.tolist())
