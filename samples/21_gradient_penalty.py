"""A gradient penalty: a loss that asks for a slope of one has a gradient in its own loss.

The critic scores real points high and false ones low; the penalty keeps the length of its gradient, taken at
points between the two, near one. This is how a Wasserstein GAN keeps its critic smooth.

Look for:
- the rows whose source line is that of grad(): the backward of the critic, recorded (create_graph=True) so
  that the second backward can go through it;
- in the picture: the weights feed the forward and the recorded backward. The bias of the last layer has no part
  in the slope; its gradient comes from the gap alone, where it cancels;
- what lives until loss.backward(): the saved tensors of the critic and those of its gradient.
"""

import gradviz as torch
from gradviz import nn, optim

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
real = torch.randn(16, 2) + 2
false = torch.randn(16, 2)

critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = optim.SGD(critic.parameters(), lr=0.05)

for step in range(1, 21):
    mix = torch.rand(16, 1)
    between = (mix * real + (1 - mix) * false).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    gap = critic(real).mean() - critic(false).mean()
    loss = 10 * penalty - gap
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step in (1, 5, 10, 20):
        print(f"step {step:2}  gap {gap.item():.4f}  penalty {penalty.item():.4f}")
