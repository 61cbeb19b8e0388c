"""GV108, where NaN and infinities begin, and GV113, Functions whose backward is not the slope of their forward."""

import pytest

from tests.check.tracing import found

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

# -- GV108 -------------------------------------------------------------------------------------------

BEGINNINGS = {
    "log of zero": (
        """
        p = torch.tensor([0.0, 0.5], requires_grad=True)
        loss = -torch.log(p).mean()
        loss.backward()
        """,
        "log makes the run's first infinity, of finite inputs: `p` in [0, 0.5].",
        "torch.log(p.clamp_min(1e-12))",
        [("made", 3)],
    ),
    "zero by zero, on the way to the loss": (
        """
        x = torch.tensor([1.0, 0.0], requires_grad=True)
        share = x / (2 * x)
        loss = share.sum()
        loss.backward()
        """,
        "div makes the run's first NaN, of finite inputs: `x` in [0, 1], `2 * x` in [0, 2].",
        "x / ((2 * x) + 1e-12)",
        [("made", 3)],
    ),
    "all positions of a row masked": (
        """
        scores = torch.zeros(2, 3, requires_grad=True)
        hidden = scores.masked_fill(torch.tensor([[True] * 3, [False] * 3]), float("-inf"))
        weights = torch.softmax(hidden, dim=1)
        weights.sum().backward()
        """,
        "softmax makes the run's first NaN, of infinite inputs: `hidden` = 0 and infinity.",
        "hidden  # leave at least one position of each row unmasked",
        [("made", 4)],
    ),
    "only in backward": (
        """
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        loss = torch.sqrt(x).sum()
        loss.backward()
        """,
        "SqrtBackward0 makes the run's first infinite gradient, of a finite one: `x` in [0, 4].",
        "torch.sqrt(x + 1e-12)",
        [("made", 3), ("backward", 4)],
    ),
    "where() hides the value, but not its gradient": (
        """
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        loss = torch.where(x > 0, torch.sqrt(x), torch.zeros(2)).sum()
        loss.backward()
        """,
        "SqrtBackward0 makes the run's first NaN gradient, of a finite one: `x` in [0, 4].",
        "torch.sqrt(x + 1e-12)",
        [("made", 3), ("backward", 4)],
    ),
    "a learning rate too high": (
        """
        w = torch.tensor(1.0, requires_grad=True)
        for _ in range(60):
            loss = (3 * w) ** 2
            loss.backward()
            with torch.no_grad():
                w -= w.grad
                w.grad = None
        """,
        "pow makes the run's first infinity, of finite inputs",
        "torch.nn.utils.clip_grad_norm_(parameters, 1.0)  # before the step; or a lower learning rate: values grew",
        [("made", 4)],
    ),
    "in a large tensor, of which only the corners are kept": (
        """
        x = torch.ones(100, 100, requires_grad=True)
        with torch.no_grad():
            x[50, 50] = 0
        loss = torch.log(x).sum()
        loss.backward()
        """,
        "log makes the run's first infinity, of finite inputs: `x` in [0, 1].",
        "torch.log(x.clamp_min(1e-12))",
        [("made", 5)],
    ),
    "without any backward": (
        """
        x = torch.tensor([-1.0, 2.0])
        y = torch.log(x)
        print(y)
        """,
        "log makes the run's first NaN, of finite inputs: `x` in [-1, 2].",
        "torch.log(x.clamp_min(1e-12))",
        [("made", 3)],
    ),
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_the_first_value_that_is_not_finite(name, tmp_path):
    source, cause, fix, places = BEGINNINGS[name]
    (finding,) = found("GV108", source, tmp_path)
    assert finding.cause.startswith(cause)
    assert (finding.fix, finding.places) == (fix, places)


MEANT = {
    "a mask": """
        scores = torch.zeros(2, 3, requires_grad=True)
        mask = torch.tensor([[True, False, False], [False, False, True]])
        (torch.softmax(scores.masked_fill(mask, float("-inf")), 1) ** 2).sum().backward()
        """,
    "a mask in place": """
        scores = torch.zeros(2, 3, requires_grad=True) * 1
        scores.masked_fill_(torch.tensor([[True, False, False], [False, False, True]]), -torch.inf)
        (torch.softmax(scores, 1) ** 2).sum().backward()
        """,
    "an added mask": """
        scores = torch.zeros(3, 3, requires_grad=True)
        mask = torch.full((3, 3), float("-inf")).triu(1)
        (torch.softmax(scores + mask, 1) ** 2).sum().backward()
        """,
    "the log of a mask": """
        scores = torch.zeros(3, requires_grad=True)
        (torch.softmax(scores + torch.log(torch.tensor([1.0, 0.0, 1.0])), 0) ** 2).sum().backward()
        """,
    "where": """
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = torch.tensor([0.0, 2.0])
        torch.where(y > 0, torch.log(y), torch.zeros(2)).mul(x).sum().backward()
        """,
    "the best so far": """
        best = torch.tensor(float("inf"))
        x = torch.tensor(2.0, requires_grad=True)
        for _ in range(3):
            loss = x * x
            best = torch.minimum(best, loss.detach())
            loss.backward()
        """,
    "a score that only people see": """
        x = torch.tensor(200.0, requires_grad=True)
        loss = x * x
        loss.backward()
        with torch.no_grad():
            print(torch.exp(loss))
        """,
    "max of nothing, as a constant": """
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        torch.clamp(x, max=float("inf")).sum().backward()
        """,
    "nan_to_num": """
        x = torch.tensor([0.0, 2.0])
        w = torch.ones(2, requires_grad=True)
        (w * torch.nan_to_num(x / x)).sum().backward()
        """,
    "NaN in the data, and left out": """
        x = torch.tensor([float("nan"), 2.0])
        w = torch.ones(2, requires_grad=True)
        (w * torch.where(torch.isnan(x), torch.zeros(2), x)).sum().backward()
        """,
    "values that are finite": """
        x = torch.tensor([1e30, 2.0], requires_grad=True)
        (x * 1e-30).sum().backward()
        """,
}


@pytest.mark.parametrize("name", MEANT)
def test_infinities_that_are_meant_are_no_finding(name, tmp_path):
    assert found("GV108", MEANT[name], tmp_path) == []


def test_without_values_nothing_is_said(tmp_path):
    assert found("GV108", BEGINNINGS["log of zero"][0], tmp_path, "none") == []


# -- GV113 -------------------------------------------------------------------------------------------

FUNCTION = """
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {inputs}):
        ctx.save_for_backward({inputs})
        return {forward}

    @staticmethod
    def backward(ctx, grad):
        {inputs}, = ctx.saved_tensors
        return {backward}

torch.manual_seed(0)
x = torch.randn({shape}).requires_grad_()
y = torch.randn({shape}).requires_grad_()
out = Own.apply({inputs})
(out * torch.linspace(1.0, 2.0, out.numel()).reshape(out.shape)).sum().backward()
"""


def own(inputs, forward, backward, shape="3, 3"):
    return FUNCTION.format(inputs=inputs, forward=forward, backward=backward, shape=shape)


WRONG = {
    "a factor": (own("x", "x * x", "grad * x"), "multiply the gradient of x by 2"),
    "a sign": (own("x", "torch.cos(x)", "grad * torch.sin(x)"), "multiply the gradient of x by -1"),
    "a factor left out": (own("x", "torch.sin(x)", "grad"), "in float64"),
    "transposed": (own("x, y", "x @ y", "(grad @ y, x.t() @ grad)"), "in float64"),
    "a gradient of nothing": (own("x, y", "x * y", "(grad * y, torch.zeros_like(grad))"), "in float64"),
    "a mean taken for a sum": (own("x", "x.mean(0)", "grad.expand(3, 3)"), "multiply the gradient of x by 0.3333"),
    "in a large tensor": (own("x", "torch.exp(x)", "grad * x", "200, 200"), "in float64"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_function_whose_backward_is_wrong(name, tmp_path):
    source, hint = WRONG[name]
    (finding,) = found("GV113", source, tmp_path)
    assert finding.cause.startswith("Own.backward gives ")
    assert finding.fix.startswith("torch.autograd.gradcheck(Own.apply, inputs)") and hint in finding.fix
    assert finding.places == [("applied", 16), ("backward", 11)]


def test_the_numbers_are_those_of_the_element(tmp_path):
    source = own("x", "x * x", "grad * x").replace("torch.randn(3, 3)", "torch.tensor([0.5, 3.0])")
    (finding,) = found("GV113", source, tmp_path)
    said = "Own.backward gives 6 for `x[1]`, but central differences of its forward give 12, always 2 times as much."
    assert finding.cause == said


def test_each_input_is_told_of_once(tmp_path):
    source = own("x, y", "x * y", "(grad * x, grad * y)") + "for _ in range(5):\n    Own.apply(x, y).sum().backward()"
    assert len(found("GV113", source, tmp_path)) == 2


RIGHT = {
    "a product": own("x, y", "x @ y", "(grad @ y.t(), x.t() @ grad)"),
    "a slope with a kink at 0": own("x", "x.clamp(min=0)", "grad * (x > 0)").replace(
        "torch.randn(3, 3)", "torch.tensor([0.0, 1.0, -1.0])"
    ),
    "kinks everywhere": own("x", "x.abs()", "grad * torch.sign(x)").replace("torch.randn(3, 3)", "torch.zeros(3)"),
    "a straight-through estimator": own("x", "torch.round(x)", "grad"),
    "a binary one": own("x", "torch.sign(x)", "grad * (x.abs() < 1)"),
    "a gradient turned round": own("x", "x.view_as(x)", "-grad"),
    "a gradient clipped": own("x", "x * 1", "grad.clamp(-0.1, 0.1)"),
    "random numbers of its own": own("x", "x * (torch.rand(3, 3) > 0.5)", "grad").replace(
        "ctx.save_for_backward(x)", "ctx.save_for_backward(x); torch.rand(3)"
    ).replace("return grad", "return None if grad is None else grad * (Own.mask)").replace(
        "return x * (torch.rand(3, 3) > 0.5)", "Own.mask = (torch.rand(3, 3) > 0.5); return x * Own.mask"
    ),
    "a constant": own("x", "torch.ones_like(x)", "torch.zeros_like(grad)"),
    "None for an input": own("x, y", "x * y.detach()", "(grad * y, None)"),
    "half precision": own("x", "x * x", "2 * grad * x").replace("(3, 3)", "(3, 3).half()").replace(
        "out.shape)", "out.shape).half()"
    ),
    "values far apart": own("x", "torch.exp(x)", "grad * torch.exp(x)").replace(
        "torch.randn(3, 3)", "torch.tensor([-30.0, 0.0, 30.0])"
    ),
    "saturated": own("x", "torch.tanh(x)", "grad * (1 - torch.tanh(x) ** 2)").replace(
        "torch.randn(3, 3)", "torch.tensor([-12.0, 9.0, 0.1])"
    ),
    "near a pole": own("x", "torch.log(x)", "grad / x").replace("torch.randn(3, 3)", "torch.tensor([1e-6, 1.0, 1e6])"),
    "what changes between calls": own("x", "x * Own.scale", "grad * Own.scale").replace(
        "torch.manual_seed(0)", "Own.scale = 2.0"
    ) + "Own.scale = 3.0",
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_functions_that_are_right_or_mean_what_they_do(name, tmp_path):
    assert found("GV113", RIGHT[name], tmp_path) == []
