"""GV103: an accuracy is no loss, since argmax has no gradient; and a loss made anew of numbers is a leaf.

Look for: the op and the line where requires_grad was lost. The second call of backward raises nothing, and does
nothing either.
"""

import gradviz as torch

torch.manual_seed(0)
model = torch.nn.Linear(4, 3)
x, target = torch.randn(8, 4), torch.randint(0, 3, (8,))

scores = model(x)
error = torch.nn.functional.cross_entropy(scores, target)
total = torch.tensor(error.item(), requires_grad=True)
total.backward()
print("the weight's gradient:", model.weight.grad)

predicted = scores.argmax(1)
wrong = (predicted != target).float().mean()
wrong.backward()
