"""Small programs that train several networks, or one in an inner loop, as people do."""

PROGRAMS = {
    "an inner loop of gradients with graphs": """\
m = [torch.randn(4, 1, requires_grad=True), torch.zeros(1, requires_grad=True)]
opt = torch.optim.Adam(m, lr=0.01)
for outer in range(3):
    losses = []
    for task in range(3):
        fast = m
        for _ in range(2):
            inner = ((X @ fast[0] + fast[1] - Y) ** 2).mean()
            g = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [p - 0.1 * d for p, d in zip(fast, g)]
        losses.append(((X @ fast[0] + fast[1] - Y) ** 2).mean())
    opt.zero_grad()
    sum(losses).backward()
    opt.step()
""",
    "a frozen average of the weights": """\
m, t = (mlp(), mlp())
t.load_state_dict(m.state_dict())
for p in t.parameters():
    p.requires_grad_(False)
opt = torch.optim.AdamW(m.parameters(), lr=0.1, weight_decay=0.1)
for _ in range(4):
    loss = F.mse_loss(m(X), t(X)) + F.mse_loss(m(X), Y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for a, b in zip(t.parameters(), m.parameters()):
            a.mul_(0.9).add_(b, alpha=0.1)
""",
    "an average of the weights under no_grad": """\
m, t = (mlp(), mlp())
opt = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
for _ in range(4):
    with torch.no_grad():
        target = t(X)
    loss = F.mse_loss(m(X), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for a, b in zip(t.parameters(), m.parameters()):
            a.lerp_(b, 0.1)
""",
    "two losses that share a body": """\
body, actor, critic = (nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 1))
oa = torch.optim.Adam([*body.parameters(), *actor.parameters()])
oc = torch.optim.Adam(critic.parameters())
for _ in range(3):
    h = torch.tanh(body(X))
    v = critic(h)
    a = actor(h)
    adv = (Y - v).detach()
    oc.zero_grad()
    oa.zero_grad()
    F.mse_loss(v, Y).backward(retain_graph=True)
    (-(a * adv).mean()).backward()
    oa.step()
    oc.step()
""",
    "a critic with a gradient penalty, frozen in turn": """\
g, d = (mlp(2, 4), mlp())
og, od = (torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters()))
for _ in range(3):
    for p in d.parameters():
        p.requires_grad_(True)
    for _ in range(2):
        fake = g(torch.randn(8, 2)).detach()
        mix = (0.5 * X + 0.5 * fake).requires_grad_()
        grad, = torch.autograd.grad(d(mix).sum(), mix, create_graph=True, retain_graph=True)
        od.zero_grad()
        (d(fake).mean() - d(X).mean() + ((grad.norm(dim=1) - 1) ** 2).mean()).backward()
        od.step()
    for p in d.parameters():
        p.requires_grad_(False)
    og.zero_grad()
    (-d(g(torch.randn(8, 2))).mean()).backward()
    og.step()
""",
    "a maker and a judge": """\
g, d = (mlp(2, 4), mlp())
og, od = (torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters()))
GL, DL = ([], [])
for _ in range(3):
    d.zero_grad()
    er = F.binary_cross_entropy_with_logits(d(X), torch.ones(8, 1))
    er.backward()
    fake = g(torch.randn(8, 2))
    ef = F.binary_cross_entropy_with_logits(d(fake.detach()), torch.zeros(8, 1))
    ef.backward()
    ed = er + ef
    od.step()
    g.zero_grad()
    eg = F.binary_cross_entropy_with_logits(d(fake), torch.ones(8, 1))
    eg.backward()
    og.step()
    GL.append(eg.item())
    DL.append(ed.item())
""",
    "checkpoints of both kinds": """\
from gradviz.utils.checkpoint import checkpoint
a, b = (mlp(4, 4), mlp())
opt = torch.optim.Adam([*a.parameters(), *b.parameters()])
for reent in (True, False, True):
    x = X.clone().requires_grad_()
    opt.zero_grad()
    F.mse_loss(b(checkpoint(a, x, use_reentrant=reent)), Y).backward()
    opt.step()
""",
    "two optimizers in turn": """\
a, b = (mlp(4, 4), mlp())
oa, ob = (torch.optim.SGD(a.parameters(), lr=0.1), torch.optim.SGD(b.parameters(), lr=0.1))
for i in range(6):
    o = oa if i % 2 else ob
    oa.zero_grad()
    ob.zero_grad()
    F.mse_loss(b(a(X)), Y).backward()
    o.step()
""",
    "a new model for each seed": """\
for seed in range(3):
    torch.manual_seed(seed)
    m = mlp()
    opt = torch.optim.Adam(m.parameters())
    for _ in range(3):
        opt.zero_grad()
        loss = F.mse_loss(m(X), Y)
        loss.backward()
        opt.step()
""",
    "several models at a time": """\
models = [mlp() for _ in range(3)]
opts = [torch.optim.Adam(m.parameters()) for m in models]
losses = [None] * 3
for _ in range(3):
    for k, (m, o) in enumerate(zip(models, opts)):
        o.zero_grad()
        loss = F.mse_loss(m(X), Y)
        loss.backward()
        o.step()
        losses[k] = loss.item()
""",
}
