"""One way, at least, to reach every op of the catalogue through the public names.

A sample runs on gradviz and on PyTorch alike: `run(torch, *tensors)`, where `torch` is either module. The
tests that need an example of every op (against PyTorch, numeric gradients, local-gradient texts) share
this table, and one of them fails for an op that is not in it. Each family of ops has a file of its own.
"""

from tests.engine import samples_elementwise, samples_neural, samples_shaping
from tests.engine.sampling import Sample, twice, values

__all__ = ["SAMPLES", "Sample", "values"]

A, B, ROW, COLUMN, SCALAR = (2, 3), (2, 3), (3,), (2, 1), ()
POSITIVE = ((2, 3), "positive")

SAMPLES = (
    Sample("add", lambda torch, a, b: a + b, (A, B), second=False),
    Sample("add", lambda torch, a, b: torch.add(a, b, alpha=3), (A, ROW), second=False),
    Sample("add", lambda torch, a: 2 + a, (A,), second=False),
    Sample("add", lambda torch, a, b: a.add(b), (COLUMN, ROW), second=False),
    Sample("sub", lambda torch, a, b: a - b, (A, B), second=False),
    Sample("sub", lambda torch, a, b: torch.sub(a, b, alpha=0.5), (SCALAR, B), second=False),
    Sample("sub", lambda torch, a: a - 2.5, (A,), second=False),
    Sample("rsub", lambda torch, a: 2 - a, (A,), second=False),
    Sample("mul", lambda torch, a, b: a * b, (A, B)),
    Sample("mul", lambda torch, a, b: torch.mul(a, b), (COLUMN, ROW)),
    Sample("mul", lambda torch, a: a * a, (A,)),
    Sample("mul", lambda torch, a: 3 * a, (A,), second=False),
    Sample("div", lambda torch, a, b: a / b, (A, B)),
    Sample("div", lambda torch, a, b: torch.div(a, b), (SCALAR, ROW)),
    Sample("div", lambda torch, a: a / 4, (A,), second=False),
    Sample("reciprocal", lambda torch, a: a.reciprocal(), (A,)),
    Sample("reciprocal", lambda torch, a: 2 / a, (A,)),
    Sample("neg", lambda torch, a: -a, (A,), second=False),
    Sample("pow_scalar", lambda torch, a: a**2, (A,)),
    Sample("pow_scalar", lambda torch, a: a**3, (A,)),
    Sample("pow_scalar", lambda torch, a: a**-1, (A,)),
    Sample("pow_scalar", lambda torch, a: a**0.5, (POSITIVE,)),
    Sample("pow_scalar", lambda torch, a: torch.pow(a, 0), (A,), second=False),
    Sample("pow_scalar", lambda torch, a: a**1, (A,), second=False),
    Sample("pow_scalar", lambda torch, a: a.square(), (A,)),
    Sample("pow_tensor", lambda torch, a, b: a**b, (POSITIVE, B)),
    Sample("pow_tensor", lambda torch, a, b: torch.pow(a, b), (((2, 1), "positive"), ROW)),
    Sample("pow_number", lambda torch, a: 2**a, (A,)),
    Sample("pow_number", lambda torch, a: torch.pow(0.5, a), (A,)),
    Sample("exp", lambda torch, a: a.exp(), (A,)),
    Sample("log", lambda torch, a: a.log(), (POSITIVE,)),
    Sample("sqrt", lambda torch, a: a.sqrt(), (POSITIVE,)),
    Sample("sin", lambda torch, a: torch.sin(a), (A,)),
    Sample("cos", lambda torch, a: torch.cos(a), (A,)),
    Sample("tanh", lambda torch, a: a.tanh(), (A,)),
    Sample("tanh", lambda torch, a: torch.nn.Tanh()(a), (SCALAR,)),
    Sample("sigmoid", lambda torch, a: a.sigmoid(), (A,)),
    Sample("relu", lambda torch, a: a.relu(), (A,), second=False),
    Sample("relu", lambda torch, a: torch.nn.functional.relu(a), (A,), second=False),
    Sample("abs", lambda torch, a: a.abs(), (A,), second=False),
    Sample("sign", lambda torch, a: a.sign(), (A,), second=False),
    Sample("zero", lambda torch, a: (a * 1).zero_(), (A,), second=False),
    Sample("fill_number", lambda torch, a: (a * 1).fill_(2.5), (A,), second=False),
    Sample("fill_tensor", lambda torch, a, b: (a * 1).fill_(b), (A, SCALAR), second=False),
    Sample("copy", lambda torch, a, b: (a * 1).copy_(b), (A, ROW), second=False),
    Sample("clone", lambda torch, a: a.clone(), (A,), second=False),
    Sample("clone", lambda torch, a: a.t().contiguous(), (A,), second=False),
    Sample("to_copy", lambda torch, a: a.to(torch.float32 if a.dtype == torch.float64 else torch.float64), (A,), second=False),  # noqa: E501
    Sample("where", lambda torch, c, a, b: torch.where(c, a, b), (((2, 3), "bool"), A, ROW), second=False),
    Sample("eq", lambda torch, a, b: a == b, (A, B)),
    Sample("ne", lambda torch, a, b: a != b, (A, B)),
    Sample("lt", lambda torch, a, b: a < b, (A, ROW)),
    Sample("le", lambda torch, a: a <= 1, (A,)),
    Sample("gt", lambda torch, a, b: a > b, (A, B)),
    Sample("ge", lambda torch, a: a >= 0.5, (A,)),
    Sample("bitwise_and", lambda torch, a, b: (a > 0) & (b > 0), (A, B)),
    Sample("bitwise_or", lambda torch, a, b: (a > 0) | (b > 0), (A, B)),
    Sample("bitwise_not", lambda torch, a: ~(a > 0), (A,)),
    Sample("bitwise_not", lambda torch, c: ~c, (((4,), "class"),)),
    Sample("logical_not", lambda torch, a: (a > 0).logical_not(), (A,)),
    Sample("sum", lambda torch, a: a.sum(), (A,), second=False),
    Sample("sum_dim", lambda torch, a: a.sum(1), (A,), second=False),
    Sample("sum_dim", lambda torch, a: torch.sum(a, dim=(0, -1), keepdim=True), ((2, 3, 2),), second=False),
    Sample("mean", lambda torch, a: a.mean(), (A,), second=False),
    Sample("mean_dim", lambda torch, a: a.mean(0), (A,), second=False),
    Sample("mean_dim", lambda torch, a: torch.mean(a, dim=-1, keepdim=True), (A,), second=False),
    Sample("argmax", lambda torch, a: a.argmax(), (A,)),
    Sample("argmax", lambda torch, a: torch.argmax(a, dim=1, keepdim=True), (A,)),
    Sample("view", lambda torch, a: a.view(1, 2, -1), (A,), second=False),
    Sample("view", lambda torch, a: a.flatten(), ((2, 1, 3),), second=False),
    Sample("unsafe_view", lambda torch, a: a.t().reshape(6), (A,), second=False),
    Sample("unsafe_view", lambda torch, a, b: a @ b, ((2, 2, 3), (3, 2))),
    Sample("reshape_raw", twice(lambda torch, a: a.view(2, 1, 3)), (A,), second=False),
    Sample("t", lambda torch, a: a.t(), (A,), second=False),
    Sample("permute", lambda torch, a: a.T, (A,), second=False),
    Sample("permute", lambda torch, a: a.permute(2, 0, -2), ((2, 3, 4),), second=False),
    Sample("t", lambda torch, a: a.t(), (ROW,), second=False),
    Sample("transpose", lambda torch, a: a.transpose(0, -1), ((2, 3, 4),), second=False),
    Sample("expand", lambda torch, a: a.expand(2, -1, 3), ((2, 1),), second=False),
    Sample("unsqueeze", lambda torch, a: a.unsqueeze(-1), (A,), second=False),
    Sample("unsqueeze", lambda torch, a: a[:, None], (A,), second=False),
    Sample("squeeze_dim", lambda torch, a, b: a @ b, (ROW, (3, 2))),
    Sample("alias", lambda torch, a: a[...], (A,), second=False),
    Sample("detach", lambda torch, a: a.detach(), (A,)),
    Sample("select", lambda torch, a: a[1], (A,), second=False),
    Sample("select", lambda torch, a: a[..., -1], (A,), second=False),
    Sample("select", lambda torch, a: a[0, 2], (A,), second=False),
    Sample("select_backward", twice(lambda torch, a: a[1]), (A,), second=False),
    Sample("slice", lambda torch, a: a[:, 1:], (A,), second=False),
    Sample("slice", lambda torch, a: a[::2, None, -2:9], ((5, 3),), second=False),
    Sample("slice_backward", twice(lambda torch, a: a[:, ::2]), (A,), second=False),
    Sample("mm", lambda torch, a, b: a @ b, (A, (3, 4))),
    Sample("mm", lambda torch, a, b: torch.mm(a, b), (A, (3, 1))),
    Sample("mv", lambda torch, a, b: a @ b, (A, ROW)),
    Sample("mv", lambda torch, a, b: a.mv(b), ((1, 3), ROW)),
    Sample("dot", lambda torch, a, b: a @ b, (ROW, ROW)),
    Sample("dot", lambda torch, a, b: torch.dot(a, b), ((1,), (1,))),
    Sample("bmm", lambda torch, a, b: torch.bmm(a, b), ((2, 2, 3), (2, 3, 2))),
    Sample("bmm", lambda torch, a, b: a @ b, ((2, 1, 2, 3), (3, 3, 2))),
    Sample("mv", lambda torch, a, b: a @ b, ((3,), (2, 3, 2))),
    Sample("addmm", lambda torch, c, a, b: torch.addmm(c, a, b), (ROW, (2, 4), (4, 3))),
    Sample("addmm", lambda torch, c, a, b: torch.addmm(c, a, b, beta=2, alpha=0.5), (A, (2, 4), (4, 3))),
    Sample("addmm", lambda torch, x, w, b: torch.nn.functional.linear(x, w, b), ((2, 2, 3), (4, 3), (4,))),
    Sample("softmax", lambda torch, a: a.softmax(-1), (A,)),
    Sample("softmax", lambda torch, a: torch.nn.functional.softmax(a, dim=0), (A,)),
    Sample("log_softmax", lambda torch, a: a.log_softmax(1), (A,)),
    Sample("log_softmax", lambda torch, a: torch.log_softmax(a, dim=0), (A,)),
    *(
        Sample("mse_loss", lambda torch, a, b, how=how: torch.nn.functional.mse_loss(a, b, reduction=how), (A, B))
        for how in ("mean", "sum", "none")
    ),
    *(
        Sample("nll_loss", lambda torch, a, c, how=how: torch.nn.functional.cross_entropy(a, c, reduction=how), (A, ((2,), "class")))  # noqa: E501
        for how in ("mean", "sum", "none")
    ),
    Sample("nll_loss", lambda torch, a, c, w: torch.nn.functional.cross_entropy(a, c, weight=w), ((4, 3), ((4,), "class"), ((3,), "constant"))),  # noqa: E501
    Sample("nll_loss", lambda torch, a, c: torch.nn.functional.cross_entropy(a, c, ignore_index=1), ((5, 3), ((5,), "class"))),  # noqa: E501
    Sample("nll_loss", lambda torch, a, c: torch.nn.functional.cross_entropy(a, c), (ROW, ((), "class"))),
    Sample("nll_loss_backward", twice(lambda torch, a, c: torch.nn.functional.nll_loss(a, c)), (A, ((2,), "class")), second=False),  # noqa: E501
    *samples_elementwise.SAMPLES,
    *samples_shaping.SAMPLES,
    *samples_neural.SAMPLES,
)  # fmt: skip
