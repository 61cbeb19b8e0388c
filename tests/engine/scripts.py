"""Short scripts that print the same on gradviz and on PyTorch: facts/scripts.json says what."""

SCRIPTS = {
    "broadcasting": """
a = torch.arange(3.0).view(3, 1)
b = torch.arange(4.0)
print(a + b)
print((a * b).shape, (a[None] + b[:, None, None]).shape)
w = torch.ones(3, 1, requires_grad=True)
(w * b).sum().backward()
print(w.grad)
""",
    "mixed dtypes": """
i = torch.tensor([1, 2, 3])
f = torch.tensor([0.5, 1.5, 2.5])
d = f.double()
b = torch.tensor([True, False, True])
u = torch.tensor([250, 5, 7], dtype=torch.uint8)
for e in (
    i + f, i * 2, i * 2.0, i / 2, i // 2, i % 2, f + d, b + b, b * 2, i + b, u + 10, u + i, u * 1.5,
    i ** 2, i ** 2.0, 2 ** i, 2.0 ** i, -i, f // 1, i / i, b & (i > 1), i & 1, i > f, f == d, b.sum(),
    u.sum(), i.float().mean(), i.sum(), b.float(), i + torch.tensor(1.5),
    i + torch.tensor(1.5, dtype=torch.float64), f + torch.tensor(1.5, dtype=torch.float64),
):
    print(e, e.dtype)
""",
    "0-d tensors": """
x = torch.tensor(3.0, requires_grad=True)
y = x ** 2 + 2 * x
y.backward()
print(x.grad, x.grad.shape, x.shape, y, y.item(), float(y), y.dim(), y.ndim, y.numel())
print(x + 1, 1 + x, x.detach(), x.data, x == 3, bool(x > 2), int(x))
print(torch.tensor(5), torch.tensor(5) // 2, torch.tensor(5) / 2, torch.tensor(True))
""",
    "indexing": """
x = torch.arange(24).reshape(2, 3, 4)
print(x[-1])
print(x[..., -1])
print(x[:, None].shape)
print(x[0, [0, 2]])
print(x[[1, 0]][:, :, ::2])
print(x[x > 20])
print(x[:, torch.tensor([0, -1]), 1])
print(x[1, 2, 3], x[1][2][3].item())
print(x[:, 1:], x[..., None].shape, x[0, :, [1, 3]])
print(x[torch.tensor([True, False])])
print(x[torch.tensor(1)])
print(x[True].shape, x[()].shape)
y = x.clone()
y[0] = 0
y[:, 1, 2] = torch.tensor([7, 8])
y[y > 20] = -1
y[..., 0] += 5
print(y)
print(x[0, 0:0], x[5:].shape)
""",
    "where": """
x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
print(torch.where(x > 0, x, 0.0))
print(torch.where(x > 0, 1, 0))
print(torch.where(x > 0, 1.0, 0))
print(torch.where(x > 0, x, torch.tensor(9)))
y = torch.where(x > 0, x, 0.1 * x)
y.sum().backward()
print(y, x.grad)
print(torch.where(x > 0))
""",
    "reductions": """
x = torch.arange(24.0).reshape(2, 3, 4)
print(x.sum(dim=(0, 1), keepdim=True))
print(x.sum(-1))
print(x.mean((0, 2)))
print(x.max(dim=1))
print(x.max(dim=-1, keepdim=True).values)
print(x.min(0).indices)
print(x.max(), x.argmax(), x.argmin(1))
print(x.prod(0))
print(x.std(), x.var(0, unbiased=False))
print(x.norm(), x.norm(1), x.norm(p=2, dim=1), torch.norm(x, float('inf')))
v, i = x.max(2)
print(v, i)
print(x.cumsum(0))
print(x.all(), x.any(1))
print(x.median(), x.median(dim=0))
print(torch.topk(x[0], 2))
print(torch.sort(x[0, 0], descending=True))
print(x.logsumexp(1))
print(torch.var_mean(x, 0)[1])
print(x.aminmax())
print(torch.unique(torch.tensor([3, 1, 1])))
""",
    "sizes": """
x = torch.zeros(2, 3, 4)
print(x.size(), x.shape, x.size(0), x.size(-1), x.shape[1], len(x), x.numel(), x.dim(), x.stride(),
    x.is_contiguous(), x.transpose(0, 1).stride(), x.transpose(0, 1).is_contiguous(),)
print(tuple(x.shape), list(x.shape), x.shape == (2, 3, 4), x.shape[1:], x.shape.numel(),
    x.shape + (5,), torch.Size([1, 2]),)
a, b, c = x.shape
print(a, b, c, x.dtype, x.device, x.requires_grad, x.is_leaf, x.grad, x.grad_fn)
print(x.permute(2, 0, 1).shape, x.flatten(1).shape, x.reshape(-1, 4).shape, x.squeeze().shape,
    x[:1].squeeze(0).shape, x.expand(5, 2, 3, 4).shape, x.unsqueeze(-1).size(),)
""",
    "comparing and joining": """
a = torch.tensor([1.0, 2.0])
print(torch.allclose(a, a + 1e-09), torch.equal(a, a), torch.isclose(a, a + 1), a.equal(a.clone()))
print(F.one_hot(torch.tensor([0, 2, 1]), 4))
print(F.one_hot(torch.tensor([0, 2])))
print(torch.stack([a, a]), torch.cat([a, a], 0), torch.cat((a[None], a[None]), dim=0).shape,
    a.repeat(2, 2), a.tile((2,)), torch.chunk(torch.arange(5), 2), torch.split(torch.arange(5), 2),)
""",
    "optimizers": """
p = nn.Parameter(torch.ones(2))
q = nn.Parameter(torch.zeros(1))
print(torch.optim.SGD([p], lr=0.1))
print(torch.optim.Adam([{'params': [p]}, {'params': [q], 'lr': 0.0001}], lr=0.001))
print(torch.optim.AdamW([p]))
o = torch.optim.SGD([p], lr=0.1, weight_decay=0.1, nesterov=True, momentum=0.9)
p.sum().backward()
o.step()
print(p, o.param_groups[0]['lr'])
print(p)
""",
    "Python's numbers and operators": """
x = torch.tensor([1.0, 2.0])
i = torch.tensor([3, 4])
print(3 - x, x - 3, 3 / x, x // 2, 3 // i, 7 % i, i % 2, -i, +i, abs(-x), 2 ** x, x ** 2, x ** (-1),
    i + True, 1.5 * i, x == 1, 1 < x, x != 2, i >= 4, ~(x > 1), (x > 1) | (x < 0), (x > 1) ^ True,
    i << 1, i & 1,)
import math
print(x * math.pi, x + float('inf'))
x += 1
x *= 2
print(x)
x -= torch.tensor([1.0, 1.0])
x /= 2
print(x)
i += 1
print(i)
print(sum([x, x]), max(x), min(i), sorted(i.tolist()), [e for e in x], list(i), x.tolist(), x.numpy())
print(round(x.sum().item(), 3), divmod(7, 2), math.sqrt(torch.tensor(4.0)), range(torch.tensor(3)),
    [0, 1, 2][torch.tensor(1)],)
""",
    "making tensors": """
print(torch.zeros(2), torch.ones(1, 2), torch.full((2,), 7), torch.full((2,), 7.0), torch.eye(2),
    torch.arange(3), torch.arange(0, 1, 0.25), torch.arange(5, 0, -2), torch.linspace(0, 1, 3),
    torch.zeros_like(torch.ones(2)), torch.ones_like(torch.tensor([1, 2])),
    torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), torch.zeros((2, 1)), torch.zeros([1]),)
print(torch.ones(2, dtype=torch.int64), torch.zeros(2, dtype=torch.bool), torch.float32, torch.int64,
    torch.get_default_dtype(), torch.tril(torch.ones(3, 3)), torch.triu(torch.ones(2, 3), 1),
    torch.diag(torch.tensor([1.0, 2.0])),)
""",
    "changes in place": """
x = torch.zeros(3)
x.add_(1).mul_(2)
x[1] = 5
x[0] -= 1
print(x, x._version)
y = x.clone()
y.zero_()
print(x, y)
y.fill_(3)
y.copy_(x)
print(y)
w = torch.ones(2, requires_grad=True)
with torch.no_grad():
    w -= 0.1
    w.sub_(0.1)
print(w)
w.data = torch.zeros(2)
print(w)
w.data[0] = 4
print(w)
z = w * 2
z += 1
z.sum().backward()
print(z, w.grad)
""",
    "autograd's functions": """
x = torch.tensor([1.0, 2.0], requires_grad=True)
g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
print(g)
print(torch.autograd.grad(g.sum(), x))
print(torch.autograd.grad(x.sum(), x))
with torch.no_grad():
    y = x * 2
    print(y, y.requires_grad)
print(torch.is_grad_enabled())
z = x.detach()
z[0] = 9
print(x)
x.grad = None
(x * x).sum().backward()
(x * x).sum().backward()
print(x.grad)
x.grad.zero_()
print(x.grad)
y = x * 2
y.retain_grad()
y.sum().backward()
print(y.grad)
h = x.register_hook(lambda g: print('hook', g))
(x * 1).sum().backward()
h.remove()
print(x.grad_fn, x.is_leaf, y.is_leaf)
v = x * x
v.backward(torch.tensor([1.0, 0.5]))
print(x.grad)
""",
    "gradients at the edges": """
x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
for f in (
    lambda x: x.abs(), lambda x: x.sqrt(), lambda x: x.clamp(0, 1), lambda x: x.relu(),
    lambda x: x.norm(), lambda x: x.max(), lambda x: x.prod(), lambda x: x ** 0, lambda x: x ** 2.5,
    lambda x: torch.where(x > 0, x.log(), x), lambda x: x / x, lambda x: x.std(),
    lambda x: x.sort(descending=True)[0], lambda x: x.cumsum(0), lambda x: x[[0, 0, 1]],
    lambda x: x.expand(2, 3), lambda x: x.repeat(2), lambda x: x.minimum(torch.ones(3)),
    lambda x: x.sign(), lambda x: x.floor(), lambda x: x % 2, lambda x: torch.stack([x, x]),
    lambda x: x.view(3, 1) @ x.view(1, 3), lambda x: F.softmax(x, 0), lambda x: x.logsumexp(0),
    lambda x: x.amax(), lambda x: x.median(), lambda x: x.flip(0) * x, lambda x: x.roll(1) * x,
    lambda x: F.pad(x, (1, 1)), lambda x: x.mean() * x.var(),
):
    x.grad = None
    y = f(x)
    print(y)
    y.sum().backward()
    print('  ', x.grad)
""",
    "tensors in lists": """
ps = [torch.tensor(float(i), requires_grad=True) for i in range(3)]
l = sum((p * p for p in ps))
l.backward()
print([p.grad for p in ps], l)
print(ps)
print({i: p for i, p in enumerate(ps)})
print(torch.tensor(ps), torch.stack(ps))
print(*ps, sep=' | ')
print(ps[0] in ps, ps.index(ps[1]), any((p is ps[2] for p in ps)))
print((torch.ones(2),), [torch.zeros(2, 2)])
""",
    "gradients added up": """
w = torch.ones(3, requires_grad=True)
for k in range(3):
    (w * k).sum().backward()
    print(w.grad)
try:
    l = (w ** 2).sum()
    l.backward()
    l.backward()
except RuntimeError as e:
    print(str(e)[:60])
l = (w ** 2).sum()
l.backward(retain_graph=True)
l.backward()
print(w.grad, w.grad.requires_grad)
a = torch.ones(2, requires_grad=True)
b = a.clone()
b *= 2
c = b.detach().requires_grad_()
print(b, c, c.is_leaf)
print(a.new_tensor([1]) if hasattr(a, 'new_tensor') else torch.tensor([1.0]))
""",
    "a schedule of rates": """
p = nn.Parameter(torch.tensor([1.0, -1.0]))
o = torch.optim.Adam([p], lr=0.1)
for i in range(4):
    for g in o.param_groups:
        g['lr'] *= 0.5
    o.zero_grad()
    l = (p ** 2).sum()
    l.backward()
    o.step()
    print(i, o.param_groups[0]['lr'], p.data, p.grad)
print(sorted(o.state_dict()), o.state[p]['step'], o.state[p]['exp_avg'])
""",
    "grad modes": """
x = torch.ones(2, requires_grad=True)

@torch.no_grad()
def f(a):
    return a * 2
print(f(x), torch.is_grad_enabled())
with torch.no_grad():
    with torch.enable_grad():
        print((x * 2).requires_grad)
    y = torch.ones(2, requires_grad=True)
    print(y.requires_grad, (y * 2).requires_grad)
with torch.set_grad_enabled(False):
    print((x * 2).requires_grad)
torch.set_grad_enabled(False)
print((x * 1).requires_grad)
torch.set_grad_enabled(True)
m = nn.Linear(2, 1)
m.requires_grad_(False)
print(m(x), [p.requires_grad for p in m.parameters()])
z = x.detach().clone().requires_grad_(True)
print(z.is_leaf, z)
print(x.data.requires_grad)
""",
    "views": """
a = torch.arange(6.0)
b = a.view(2, 3)
b[0, 0] = 100
print(a)
c = a.reshape(3, 2).t()
print(c, c.is_contiguous(), c.contiguous().view(6))
d = a.expand(2, 6)
print(d.stride(), d)
e = a[::2]
e += 1
print(a, e.stride())
x = torch.ones(2, 2, requires_grad=True)
y = x.view(4)[1:3]
print(y)
y.sum().backward()
print(x.grad)
""",
    "gradients under create_graph are the leaf's own": """
def kinds(*edges):
    return [type(node).__name__ for node, _ in edges]
a, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
((a + b) ** 2).sum().backward(create_graph=True)
print(a.grad is b.grad, kinds((a.grad.grad_fn, 0)), kinds(*a.grad.grad_fn.next_functions))
(a * 1).sum().backward()
print(a.grad, b.grad)
c, s = torch.ones(3, requires_grad=True), torch.tensor(0.5, requires_grad=True)
c.sum().backward(create_graph=True)
c.sum().backward()
print(c.grad)
(c * s).sum().backward(create_graph=True)
(c * s).sum().backward()
s.grad.mul_(2)
print(s.grad)
y, z = c * 2, c * 3
y.retain_grad()
z.retain_grad()
((y + z) ** 2).sum().backward(create_graph=True)
print(y.grad is z.grad, y.grad)
""",
}
