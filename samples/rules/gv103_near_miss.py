"""GV103 stays silent: cuts that are meant.

Look for: a target network under no_grad, an accuracy, a logged number, a mean that runs along, an input that is
searched for from a detached start.
"""

import gradviz as torch

torch.manual_seed(0)
model, target_model = torch.nn.Linear(4, 1), torch.nn.Linear(4, 1)
target_model.load_state_dict(model.state_dict())
x = torch.randn(8, 4)

log, running = [], torch.tensor(0.0)
for _ in range(3):
    value = model(x)
    with torch.no_grad():
        wanted = 0.9 * target_model(x) + 1
    loss = ((value - wanted) ** 2).mean() + 0.1 * (value - value.detach().mean()).abs().mean()
    loss.backward()
    log.append(loss.item())
    running = 0.9 * running + 0.1 * loss.detach()
    accuracy = ((value > 0) == (wanted > 0)).float().mean()
mean = torch.tensor(log).mean()

start = model(x).detach().requires_grad_()
((start - 1) ** 2).sum().backward()
(gradient,) = torch.autograd.grad(start.sum(), start)
print(f"mean {mean.item():.4f} running {running.item():.4f} accuracy {accuracy.item():.2f}")
