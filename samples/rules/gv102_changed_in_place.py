"""GV102: an activation is changed in place after exp had saved it for backward.

Look for: three lines (who saved, who changed, who failed), where PyTorch names the last one alone.
"""

import gradviz as torch

scores = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
weights = scores.exp()
weights /= weights.sum()
print("weights", [round(weight, 4) for weight in weights.tolist()])
loss = -weights[0].log()
loss.backward()
