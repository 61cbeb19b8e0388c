"""GV109, gradients that vanish or explode with depth, and GV110, units that are always off."""

import pytest

from tests.check.tracing import found

DEEP = """
torch.manual_seed(0)
layers = [nn.Linear(8, 8) for _ in range({depth})]
x = torch.randn(16, 8)
for layer in layers:
    x = {step}
(x ** 2).mean().backward()
"""


def deep(step, depth=12):
    return DEEP.format(step=step, depth=depth)


def test_a_gradient_that_vanishes(tmp_path):
    (finding,) = found("GV109", deep("torch.sigmoid(layer(x))"), tmp_path)
    assert finding.cause.startswith("The gradient's norm falls from ")
    assert " at the last of 12 sigmoid layers to " in finding.cause
    assert finding.fix.startswith("x = torch.relu(layer(x))")
    assert finding.places == [("layers", 6), ("backward", 7)]


def test_a_gradient_that_explodes(tmp_path):
    (finding,) = found("GV109", deep("8 * layer(x)", 14), tmp_path)
    assert finding.cause.startswith("The gradient's norm grows from ")
    assert " at the last of 14 addmm layers to " in finding.cause
    assert finding.fix.startswith("torch.nn.utils.clip_grad_norm_(")
    assert finding.places == [("layers", 6), ("backward", 7)]


def test_layers_of_a_module(tmp_path):
    source = """
    torch.manual_seed(0)
    model = nn.Sequential(*[each for _ in range(10) for each in (nn.Linear(6, 6), nn.Sigmoid())])
    for _ in range(3):
        loss = model(torch.randn(4, 6)).sum()
        loss.backward()
    """
    (finding,) = found("GV109", source, tmp_path)
    assert finding.places == [("layers", 5), ("backward", 6)]


def test_layers_on_lines_of_their_own(tmp_path):
    lines = "\n".join(f"x = torch.sigmoid(layers[{k}](x))" for k in range(10))
    source = f"torch.manual_seed(0)\nlayers = [nn.Linear(8, 8) for _ in range(10)]\nx = torch.randn(4, 8)\n{lines}\n"
    (finding,) = found("GV109", source + "x.sum().backward()", tmp_path)
    assert finding.places == [("first layer", 5), ("last layer", 14), ("backward", 15)]


def test_through_time(tmp_path):
    source = """
    torch.manual_seed(0)
    w = (0.1 * torch.randn(8, 8)).requires_grad_()
    v = torch.randn(8, 8).requires_grad_()
    h = torch.zeros(2, 8)
    for _ in range(20):
        h = torch.tanh(torch.randn(2, 8) @ v + h @ w)
    h.sum().backward()
    """
    (finding,) = found("GV109", source, tmp_path)
    assert "20 tanh layers" in finding.cause
    assert finding.places == [("layers", 7), ("backward", 8)]


def test_so_small_that_it_is_gone(tmp_path):
    (finding,) = found("GV109", deep("torch.sigmoid(layer(x) - 3)", 80), tmp_path)
    assert "falls" in finding.cause


STEADY = {
    "few layers": deep("torch.sigmoid(layer(x))", 4),
    "a way past each layer": deep("x + torch.sigmoid(layer(x))"),
    "relus": deep("torch.relu(layer(x))", 8),
    "a small MLP": deep("torch.tanh(layer(x))", 5),
    "normalised": deep("torch.tanh(F.layer_norm(3 * layer(x), (8,)))", 12),
    "one op that makes it small": """
        torch.manual_seed(0)
        layers = [nn.Linear(8, 8) for _ in range(6)]
        x = torch.randn(4, 8)
        for k, layer in enumerate(layers):
            x = torch.tanh(2 * layer(x))
            if k == 3:
                x = x * 1e-7
        x.sum().backward()
        """,
    "terms beside each other": """
        x = torch.linspace(0.1, 0.2, 5)
        w = [torch.ones(1, requires_grad=True) for _ in range(10)]
        y = sum(0.1 ** k * torch.tanh(w[k] * x) for k in range(10))
        y.sum().backward()
        """,
    "powers by Horner's rule": """
        x = torch.tensor([0.1, 0.01])
        w = torch.ones(12, requires_grad=True)
        y = torch.zeros(2)
        for k in range(12):
            y = y * x + w[k]
        y.sum().backward()
        """,
    "a small loss": "x = torch.ones(3, requires_grad=True)\n(1e-30 * torch.tanh(x)).sum().backward()",
    "the same layer in many passes": """
        torch.manual_seed(0)
        layer = nn.Linear(4, 4)
        for k in range(20):
            loss = 0.1 ** k * torch.sigmoid(layer(torch.randn(2, 4))).sum()
            loss.backward()
        """,
}


@pytest.mark.parametrize("name", STEADY)
def test_gradients_that_arrive(name, tmp_path):
    assert found("GV109", STEADY[name], tmp_path) == []


# -- GV110 -------------------------------------------------------------------------------------------

HIDDEN = """
torch.manual_seed(0)
x = torch.linspace(-1.0, 1.0, {rows}).reshape({rows}, 1)
w, v = torch.randn(1, 4).requires_grad_(), torch.randn(4, 1).requires_grad_()
b = torch.tensor({bias}, requires_grad=True)
for _ in range({passes}):
    hidden = {hidden}
    loss = ((hidden @ v - x) ** 2).mean()
    {end}
"""
DEAD = "[0.5, 0.5, -9.0, -9.0]"


def hidden(text="torch.relu(x @ w + b)", *, bias=DEAD, rows=16, passes=5, end="loss.backward()"):
    return HIDDEN.format(hidden=text, bias=bias, rows=rows, passes=passes, end=end)


def test_units_that_are_always_off(tmp_path):
    (finding,) = found("GV110", hidden(), tmp_path)
    assert finding.cause == (
        "2 of 4 units of relu were off for all 80 inputs of 5 passes: no gradient reaches the weights before them."
    )
    assert finding.fix == "torch.nn.functional.leaky_relu(x @ w + b)  # or a lower learning rate"
    assert finding.places == [("units", 7)]


OTHERS = ["(x @ w + b).clamp(min=0)", "F.relu(F.linear(x, w.t(), b))", "torch.addmm(b, x, w).relu()"]


@pytest.mark.parametrize("text", [*OTHERS, "nn.ReLU(inplace=True)(x @ w + b)"])
def test_other_ways_to_write_it(text, tmp_path):
    (finding,) = found("GV110", hidden(text), tmp_path)
    assert finding.cause.startswith("2 of 4 units of ")


def test_two_layers_at_one_line(tmp_path):
    source = """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    with torch.no_grad():
        model[2].bias[:3], model[2].bias[3:] = -50, 1
    for _ in range(4):
        model(torch.randn(10, 2)).mean().backward()
    """
    (finding,) = found("GV110", source, tmp_path)
    assert finding.cause.startswith("3 of 6 units")
    assert finding.fix == "nn.LeakyReLU()  # in place of ReLU; or a lower learning rate"


def test_layers_of_a_sequence(tmp_path):
    source = """
    torch.manual_seed(0)
    layer = nn.Linear(2, 4)
    with torch.no_grad():
        layer.bias[:2] = -50
    for _ in range(4):
        torch.relu(layer(torch.randn(3, 5, 2))).mean().backward()
    """
    (finding,) = found("GV110", source, tmp_path)
    assert finding.cause.startswith("2 of 4 units of relu were off for all 60 inputs of 4 passes")


def test_channels(tmp_path):
    source = """
    torch.manual_seed(0)
    conv = nn.Conv2d(1, 2, 2)
    with torch.no_grad():
        conv.bias[1] = -50
    for _ in range(4):
        torch.relu(conv(torch.randn(3, 1, 4, 4))).mean().backward()
    """
    (finding,) = found("GV110", source, tmp_path)
    assert finding.cause.startswith("1 of 2 units of relu were off for all 108 inputs of 4 passes")


def test_large_layers_need_their_values_in_full(tmp_path):
    assert found("GV110", hidden(rows=64), tmp_path) == []
    assert len(found("GV110", hidden(rows=64), tmp_path, "full")) == 1


AWAKE = {
    "each on at times": hidden(bias="[0.5, 0.5, 0.1, 0.1]"),
    "too few passes": hidden(passes=2),
    "too few inputs": hidden(rows=4),
    "never trained": hidden(end="pass"),
    "a leaky relu": hidden("F.leaky_relu(x @ w + b)"),
    "a clamp at another value": hidden("(x @ w + b).clamp(min=0.1)"),
    "a clamp at both ends": hidden("(x @ w + b).clamp(min=0, max=1)"),
    "a hinge loss": """
        x, y = torch.linspace(-1.0, 1.0, 10), torch.linspace(-1.0, 1.0, 10).sign()
        w = torch.tensor([[3.0]], requires_grad=True)
        for _ in range(5):
            torch.relu(1 - y * (x.reshape(10, 1) @ w).squeeze(1)).sum().backward()
        """,
    "a hinge loss in a column": """
        x, y = torch.linspace(-1.0, 1.0, 10).reshape(10, 1), torch.linspace(-1.0, 1.0, 10).sign().reshape(10, 1)
        w = torch.tensor([[30.0]], requires_grad=True)
        for _ in range(5):
            torch.relu(0.1 - y * (x @ w)).sum().backward()
        """,
}


@pytest.mark.parametrize("name", AWAKE)
def test_units_that_are_awake(name, tmp_path):
    assert found("GV110", AWAKE[name], tmp_path) == []
