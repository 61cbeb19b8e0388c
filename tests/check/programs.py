"""Small programs that train as people do, and in which no rule about training finds anything."""

from tests.check.programs_of_several import PROGRAMS as OF_SEVERAL

START = """\
import gradviz as torch
from gradviz import nn
import gradviz.nn.functional as F
torch.manual_seed(0)
X = torch.randn(8, 4)
Y = torch.randn(8, 1)
def mlp(i=4, o=1):
    return nn.Sequential(nn.Linear(i, 8), nn.Tanh(), nn.Linear(8, o))
"""

PROGRAMS = {
    "gradients of two batches to a step": """\
m = mlp()
opt = torch.optim.SGD(m.parameters(), lr=0.1)
opt.zero_grad()
for i in range(7):
    loss = F.mse_loss(m(X), Y) / 2
    loss.backward()
    if (i + 1) % 2 == 0:
        opt.step()
        opt.zero_grad()
""",
    "a recurrent state that is detached every third step": """\
cell = nn.RNNCell(4, 8)
head = nn.Linear(8, 1)
opt = torch.optim.Adam([*cell.parameters(), *head.parameters()])
h = torch.zeros(8, 8)
loss = 0.0
log = []
for t in range(9):
    h = cell(X, h)
    loss = loss + F.mse_loss(head(h), Y)
    if t % 3 == 2:
        opt.zero_grad()
        loss.backward()
        opt.step()
        log.append(loss.item())
        h = h.detach()
        loss = 0.0
""",
    "one weight in two layers": """\
emb = nn.Embedding(10, 4)
out = nn.Linear(4, 10, bias=False)
out.weight = emb.weight
opt = torch.optim.Adam(list({id(p): p for p in [*emb.parameters(), *out.parameters()]}.values()))
ids = torch.tensor([1, 2, 3])
for _ in range(3):
    opt.zero_grad()
    F.cross_entropy(out(emb(ids)), ids).backward()
    opt.step()
""",
    "the best loss, and the history of all": """\
m = mlp()
opt = torch.optim.Adam(m.parameters())
best = None
hist = []
for _ in range(6):
    loss = F.mse_loss(m(X), Y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if best is None or loss < best:
        best = loss
    hist.append(loss.detach())
pred = m(X)
""",
    "weights that are disturbed along their gradients": """\
m = mlp()
opt = torch.optim.SGD(m.parameters(), lr=0.1)
for _ in range(4):
    F.mse_loss(m(X), Y).backward()
    with torch.no_grad():
        es = []
        for p in m.parameters():
            e = 0.05 * p.grad / (p.grad.norm() + 1e-09)
            p.add_(e)
            es.append(e)
    opt.zero_grad()
    F.mse_loss(m(X), Y).backward()
    with torch.no_grad():
        for p, e in zip(m.parameters(), es):
            p.sub_(e)
    opt.step()
    opt.zero_grad()
""",
    "a layer that is frozen at first": """\
m = mlp()
m[0].requires_grad_(False)
opt = torch.optim.Adam(m.parameters())
for i in range(4):
    if i == 2:
        m[0].requires_grad_(True)
    opt.zero_grad()
    F.mse_loss(m(X), Y).backward()
    opt.step()
""",
    "layers that are left out in turn": """\
layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(4)])
opt = torch.optim.Adam(layers.parameters())
for i in range(4):
    h = X
    for k, l in enumerate(layers):
        if k != i:
            h = h + torch.tanh(l(h))
    opt.zero_grad()
    h.pow(2).mean().backward()
    opt.step()
""",
    "a bank of earlier results": """\
enc = mlp(4, 2)
opt = torch.optim.Adam(enc.parameters())
bank = []
for _ in range(5):
    q = enc(X)
    keys = torch.cat(bank) if bank else q.detach()
    loss = (q @ keys.t()).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    bank = (bank + [q.detach()])[-3:]
""",
    "hooks, and clipping": """\
m = mlp()
opt = torch.optim.Adam(m.parameters())
acts = {}
m[0].register_forward_hook(lambda mod, i, o: acts.__setitem__('h', o))
for p in m.parameters():
    p.register_hook(lambda g: g.clamp(-1, 1))
for _ in range(3):
    opt.zero_grad()
    F.mse_loss(m(X), Y).backward()
    nn.utils.clip_grad_norm_(m.parameters(), 1.0)
    opt.step()
""",
    "all in functions, with a schedule": """\
def evaluate(m):
    out = []
    with torch.no_grad():
        for x in X.split(2):
            out.append(m(x))
    return torch.cat(out)

def main():
    m = mlp()
    opt = torch.optim.Adam(m.parameters())
    sched = torch.optim.lr_scheduler.StepLR(opt, 2)
    hist = []
    for epoch in range(3):
        tot = 0.0
        for x, y in zip(X.split(2), Y.split(2)):
            opt.zero_grad()
            loss = F.mse_loss(m(x), y)
            loss.backward()
            opt.step()
            tot += loss.item()
        hist.append(tot)
        evaluate(m)
        sched.step()
    return hist
main()
""",
    "a backward for each point, gradients row by row, a Jacobian and a Hessian": """\
m = mlp()
opt = torch.optim.SGD(m.parameters(), lr=0.1)
for _ in range(3):
    opt.zero_grad()
    for x, y in zip(X, Y):
        ((m(x) - y) ** 2).sum().backward()
    opt.step()
per = [torch.autograd.grad(((m(x) - y) ** 2).sum(), list(m.parameters())) for x, y in zip(X, Y)]
out = m(X)
rows = [torch.autograd.grad(o.sum(), list(m.parameters()), retain_graph=True) for o in out]
J = torch.autograd.functional.jacobian(lambda x: m(x), X[:1])
H = torch.autograd.functional.hessian(lambda x: m(x).sum(), X[:1])
""",
    "Newton's method": """\
w = torch.tensor(3.0, requires_grad=True)
for _ in range(5):
    f = w ** 4
    g, = torch.autograd.grad(f, w, create_graph=True)
    h, = torch.autograd.grad(g, w)
    with torch.no_grad():
        w -= g / h
""",
    "an input that is learned": """\
m = mlp()
x = X.clone().requires_grad_()
opt = torch.optim.Adam([x], lr=0.1)
for _ in range(3):
    opt.zero_grad()
    m(x).mean().backward()
    opt.step()
    with torch.no_grad():
        x.clamp_(-1, 1)
""",
    "attacks on the inputs": """\
m = mlp()
opt = torch.optim.SGD(m.parameters(), lr=0.1)
for _ in range(3):
    d = torch.zeros_like(X, requires_grad=True)
    for _ in range(3):
        F.mse_loss(m(X + d), Y).backward()
        with torch.no_grad():
            d += 0.1 * d.grad.sign()
            d.grad.zero_()
    opt.zero_grad()
    F.mse_loss(m(X + d.detach()), Y).backward()
    opt.step()
""",
    "weights that are loaded back": """\
m = mlp()
state = {k: v.clone() for k, v in m.state_dict().items()}
opt = torch.optim.SGD(m.parameters(), lr=0.001)
hist = []
for i in range(4):
    opt.param_groups[0]['lr'] *= 2
    opt.zero_grad()
    loss = F.mse_loss(m(X), Y)
    loss.backward()
    opt.step()
    hist.append(float(loss))
m.load_state_dict(state)
for i in range(2):
    opt.zero_grad()
    loss = F.mse_loss(m(X), Y)
    loss.backward()
    opt.step()
""",
    "a factor that starts at zeros": """\
base = nn.Linear(4, 1)
base.requires_grad_(False)
A, B = (nn.Parameter(torch.randn(4, 2)), nn.Parameter(torch.zeros(2, 1)))
opt = torch.optim.SGD([A, B], lr=0.1)
opt.zero_grad()
F.mse_loss(base(X) + X @ A @ B, Y).backward()
opt.step()
""",
    "an LSTM": """\
lstm = nn.LSTM(4, 6, batch_first=True)
head = nn.Linear(6, 1)
opt = torch.optim.Adam([*lstm.parameters(), *head.parameters()])
S = torch.randn(2, 5, 4)
losses = []
for _ in range(3):
    o, (h, c) = lstm(S)
    loss = head(o[:, -1]).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses += [loss.item()]
""",
    "a transformer": """\
layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
opt = torch.optim.Adam(layer.parameters())
S = torch.randn(2, 5, 4)
for _ in range(2):
    opt.zero_grad()
    layer(S).pow(2).mean().backward()
    opt.step()
""",
    "one step of a GRU from zeros": """\
cell = nn.GRUCell(4, 6)
opt = torch.optim.Adam(cell.parameters())
for _ in range(2):
    opt.zero_grad()
    cell(X).pow(2).mean().backward()
    opt.step()
""",
} | OF_SEVERAL
