"""GV105: parameters that were to train and got no gradient, and why."""

import pytest

pytest_plugins = "tests.check.runs"

START = """\
import gradviz as torch
from gradviz import nn
x = torch.tensor([1.0, 2.0])
w = torch.tensor([0.5, 0.25], requires_grad=True)
v = torch.tensor([1.0, -1.0], requires_grad=True)
optimizer = torch.optim.SGD([w, v], lr=0.1)
"""


def loop(*body, before="", start=START):
    """START, the line before (7), then a loop from line 8 on with this body; its last line gives the loss."""
    lines = [*body[:-1], f"loss = {body[-1]}", "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"]
    return start + f"{before}\nfor step in range(3):\n" + "".join(f"    {line}\n" for line in lines)


def test_the_sample(sample):
    spare, shift, scale, gate = sample("GV105", "gv105_no_gradient")
    assert spare == (
        "`spare` got no gradient: no op of the loss took it in.",
        "# without spare, or compute the loss with spare\n"
        "optimizer = torch.optim.SGD([w, scale, shift, gate], lr=0.01)",
        [("made", 12), ("given", 17)],
    )
    assert shift == (
        "`shift` got no gradient: it does not require grad.",
        "shift.requires_grad_()",
        [("made", 14), ("given", 17)],
    )
    assert scale == (
        "`scale` got no gradient: its way to the loss leads through `detach()`.",
        "factor = (scale * 2)",
        [("made", 13), ("given", 17), ("cut", 20)],
    )
    assert gate == (
        "`gate` got no gradient but zeros: mul multiplies by `closed`, which is all zeros.",
        "# with a factor that is not all zeros\nprediction = w * factor * x + shift + gate * closed",
        [("made", 15), ("given", 17), ("multiplied", 21)],
    )


def test_the_near_miss(sample):
    assert sample("GV105", "gv105_near_miss") == []


FIRING = {
    "unused": (
        ["(w * x).sum()"],
        "no op of the loss took it in",
        "# without v, or compute the loss with v\noptimizer = torch.optim.SGD([w], lr=0.1)",
        6,
    ),
    "used for what is only printed": (
        ["y = v * x", "(w * x).sum()"],
        "what mul computes with it leads to no backward",
        "# use the result in the loss\ny = v * x",
        9,
    ),
    "used as a number": (
        ["(w * v[0].item()).sum()"],
        "select computes with it",
        "# use the result in the loss\nloss = ",
        9,
    ),
    "detached": (["(w * v.detach()).sum()"], "leads through `detach()`.", "loss = (w * v).sum()", 9),
    "detached later": (["y = v * x", "z = y.detach() + 1", "(w * z).sum()"], "through `detach()`.", "z = y + 1", 10),
    "under .data": (["(w * v.data).sum()"], "leads through `.data`, which no graph knows", "loss = (w * v).sum()", 9),
    "under no_grad": (
        ["with torch.no_grad():", "    y = v * x", "(w * y).sum()"],
        "leads through mul, which ran where gradients are off",
        "# outside torch.no_grad()\ny = v * x",
        10,
    ),
    "under argmax": (
        ["at = (v * x).argmax()", "(w * (at + 1)).sum()"],
        "leads through argmax, whose result of dtype int64 has no gradient",
        "# with an op that has a gradient in place of argmax\nat = (v * x).argmax()",
        9,
    ),
    "under a comparison": (
        ["on = v > 0", "(w * on).sum()"],
        "gt, whose result of dtype bool has",
        "# with an op that has a gradient in place of gt",
        9,
    ),
    "as whole numbers": (["(w * v.long()).sum()"], "to, whose result of dtype int64", "# with an op that has", 9),
    "multiplied by zeros": (
        ["off = torch.zeros(2)", "(w * x + v * off).sum()"],
        "zeros: mul multiplies by `off`, which is all zeros",
        "# with a factor that is not all zeros\nloss = (w * x + v * off).sum()",
        10,
    ),
    "behind a relu that is shut": (
        ["(w * x + 5 + torch.relu(v - 9)).sum()"],
        "zeros: relu let nothing through, since no element of its input is above zero",
        "loss = (w * x + 5 + torch.nn.functional.leaky_relu(v - 9)).sum()",
        9,
    ),
}


@pytest.mark.parametrize("name", FIRING)
def test_firing(found, name):
    body, cause, fix, line = FIRING[name]
    (told,) = found("GV105", loop(*body))
    assert told.cause.startswith("`v` got no gradient") and cause in told.cause
    assert told.fix.startswith(fix)
    assert told.places[:2] == [("made", 5), ("given", 6)] and told.places[-1][1] == line


def test_a_function_that_returns_none(found):
    before = """\
class Mine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, v): return w * v
    @staticmethod
    def backward(ctx, grad): return grad, None
"""
    (told,) = found("GV105", loop("Mine.apply(w, v).sum()", before=before))
    assert told.cause == "`v` got no gradient: the backward of Mine gives it None."
    assert told.fix == "# in Mine.backward: a gradient for each input that requires one\nreturn ..."
    assert told.places == [("made", 5), ("given", 6), ("refused", 14)]


def test_layers_that_forward_leaves_out_are_one_finding(found):
    source = """\
    import gradviz as torch
    from gradviz import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.left = nn.Linear(2, 2), nn.Linear(2, 2)
            self.right = nn.Linear(2, 2)
        def forward(self, x):
            return self.used(x)
    def main():
        model = Net()
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(2):
            optimizer.zero_grad()
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
    main()
    """
    (told,) = found("GV105", source)
    assert told.cause == (
        "`left.weight`, `left.bias`, `right.weight` and `right.bias` got no gradient: no op of the loss took them in."
    )
    assert told.places == [("made", 6), ("given", 12)]


def test_a_model_that_is_trained_by_hand(found):
    source = """\
    import gradviz as torch
    from gradviz import nn
    model, other = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)]), nn.Linear(2, 2)
    for _ in range(2):
        model[0](torch.ones(1, 2)).sum().backward()
        with torch.no_grad():
            for p in model[0].parameters():
                p -= 0.1 * p.grad
                p.grad = None
    """
    (told,) = found("GV105", source)
    assert told.cause == "`model.1.weight` and `model.1.bias` got no gradient: no op of the loss took them in."
    assert told.places == [("made", 3)]


QUIET = {
    "both used": ["(w * v).sum()"],
    "detached in one place only": ["(w * v.detach() + v).sum()"],
    "used in the last pass": ["(w * x + (v if step == 2 else 0)).sum()"],
    "zeros in one pass": ["(w * x + v * min(step, 1)).sum()"],
    "zeros at a minimum": ["((w - w.detach()) ** 2 + v).sum()"],
    "a factor of zeros that learns": ["(w * v * 0.5 + v).sum()"],
    "a hinge that is satisfied": ["torch.relu(w - 100).sum() + torch.relu(v - 100).sum()"],
    "an empty mask in one of two": ["(w * v * torch.tensor([0.0, 1.0])).sum()"],
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(found, name):
    assert found("GV105", loop(*QUIET[name])) == []


def test_gradients_that_do_not_come_by_backward(found):
    by_grad = "v.grad, = torch.autograd.grad((v * x).sum(), v)\noptimizer.step()\n"
    assert found("GV105", START + "(w * x).sum().backward()\n" + by_grad) == []
    assert found("GV105", START + "(w * x).sum().backward(); v.grad = x.clone()\noptimizer.step()\n") == []


FROZEN = {
    "requires_grad_": "v.requires_grad_(False)",
    "requires_grad": "v.requires_grad = False",
    "and given again": "v.requires_grad_(False); optimizer = torch.optim.SGD([w, v], lr=0.1)",
}


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_on_purpose(found, name):
    assert found("GV105", loop("(w * v).sum()", before=FROZEN[name])) == []


def test_a_frozen_layer_in_the_optimizer(found):
    source = """\
    import gradviz as torch
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    model[0].requires_grad_(False)
    fixed = torch.nn.Parameter(torch.ones(1), requires_grad=False)
    optimizer = torch.optim.Adam([*model.parameters(), fixed])
    for _ in range(2):
        optimizer.zero_grad()
        (model(torch.ones(1, 2)) * fixed).sum().backward()
        optimizer.step()
    """
    assert found("GV105", source) == []


def test_only_what_stepped_counts(found):
    assert found("GV105", START + "optimizer.step()\n") == []
    assert found("GV105", START + "(w * x).sum().backward()\n") == []
    other = "second = torch.optim.SGD([w], lr=0.1)\n(w * x).sum().backward()\nsecond.step()\n"
    assert found("GV105", START + other) == []


def test_a_backbone_that_is_not_to_be_trained(found):
    source = """\
    import gradviz as torch
    backbone, head = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    for _ in range(2):
        with torch.no_grad():
            features = backbone(torch.ones(1, 2))
        optimizer.zero_grad()
        head(features).sum().backward()
        optimizer.step()
    """
    assert found("GV105", source) == []


def test_two_networks_that_train_each_other(found):
    source = """\
    import gradviz as torch
    torch.manual_seed(0)
    maker, judge = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    make, judged = torch.optim.SGD(maker.parameters(), lr=0.1), torch.optim.SGD(judge.parameters(), lr=0.1)
    for _ in range(2):
        noise = torch.randn(3, 2)
        judged.zero_grad()
        (judge(torch.randn(3, 2)) - judge(maker(noise).detach())).mean().backward()
        judged.step()
        make.zero_grad()
        judge(maker(noise)).mean().backward()
        make.step()
    """
    for code in ("GV105", "GV106", "GV107", "GV111", "GV112"):
        assert found(code, source) == []


def test_without_values_masks_are_not_looked_for(found):
    assert found("GV105", loop("(w * x + v * 0.0).sum()"), values="none") == []
