"""GV111: gradients that a step has used already."""

import pytest

pytest_plugins = "tests.check.runs"

START = """\
import gradviz as torch
x = torch.tensor([1.0, 2.0])
w = torch.tensor([0.5, 0.25], requires_grad=True)
optimizer = torch.optim.{optimizer}([w], lr=0.1)
def backward():
    ((w * x) ** 2).sum().backward()
"""


def loop(*body, optimizer="SGD"):
    """START, then a loop from line 7 on with this body."""
    return START.format(optimizer=optimizer) + "for step in range(3):\n" + "".join(f"    {line}\n" for line in body)


def test_the_sample(sample):
    by_optimizer, by_hand = sample("GV111", "gv111_no_zero_grad")
    assert by_optimizer == (
        "the .grad of `v` was not zeroed after a step had used it, so that 3 steps moved it by gradients of earlier "
        "iterations, too.",
        "optimizer.zero_grad()\nloss.backward()",
        [("added to", 16), ("used again", 17)],
    )
    assert by_hand.fix == "w.grad = None\nloss.backward()"
    assert by_hand.places == [("added to", 22), ("used again", 24)]


def test_the_near_miss(sample):
    assert sample("GV111", "gv111_near_miss") == []


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_a_loop_without_zero_grad(found, optimizer):
    (told,) = found("GV111", loop("backward()", "optimizer.step()", optimizer=optimizer))
    assert told.places == [("added to", 6), ("used again", 9)]
    assert "2 steps moved it" in told.cause


def test_two_iterations_are_enough_and_written_out_lines_are_told_apart(found):
    lines = ["optimizer.zero_grad()", "backward()", "optimizer.step()", "w.sum().backward()", "optimizer.step()"]
    (told,) = found("GV111", START.format(optimizer="SGD") + "\n".join(lines))
    assert told.places == [("used", 9), ("added to", 10), ("used again", 11)]
    assert "a step moved it" in told.cause


def test_all_parameters_of_a_model_in_one_finding(found):
    source = """\
    import gradviz as torch
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    adam = torch.optim.Adam(model.parameters())
    for _ in range(3):
        model(torch.ones(1, 2)).sum().backward()
        adam.step()
    """
    (told,) = found("GV111", source)
    assert "the .grad of `model.0.weight`, `model.0.bias`, `model.1.weight` and 3 more was" in told.cause
    assert told.fix.startswith("adam.zero_grad()\n")


def test_clipping_is_no_reset(found):
    clip = "torch.nn.utils.clip_grad_norm_([w], 1.0)"
    assert len(found("GV111", loop("backward()", clip, "optimizer.step()"))) == 1
    assert len(found("GV111", loop("backward()", "w.grad = w.grad.clamp(-1, 1)", "optimizer.step()"))) == 1


def test_nor_is_it_where_no_values_were_recorded(found):
    assert len(found("GV111", loop("backward()", "optimizer.step()"), values="none")) == 1


BY_HAND = [
    "w -= 0.1 * w.grad",
    "w.sub_(w.grad, alpha=0.1)",
    "w.data -= 0.1 * w.grad.data",
    "w.copy_(w - 0.1 * w.grad)",
    "w.add_(momentum.mul_(0.9).add_(w.grad), alpha=-0.1)",
]


@pytest.mark.parametrize("update", BY_HAND)
def test_steps_by_hand(found, update):
    lines = ["with torch.no_grad():", f"    {update}"]
    start = "momentum = momentum if step else torch.zeros(2)"
    assert len(found("GV111", loop(start, "backward()", *lines))) == 1
    for reset in ("w.grad = None", "w.grad.zero_()", "w.grad.data.zero_()", "w.grad *= 0", "w.grad.fill_(0.0)"):
        assert found("GV111", loop(start, "backward()", *lines, reset)) == [], reset


def test_a_step_of_the_scripts_own_optimizer(found):
    source = """\
    import gradviz as torch
    class Sign(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})
        def step(self):
            with torch.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p -= 0.1 * p.grad.sign()
    w = torch.tensor([0.5, 0.25], requires_grad=True)
    mine = Sign([w])
    for _ in range(2):
        (w * w).sum().backward()
        mine.step()
    """
    (told,) = found("GV111", source)
    assert told.places == [("added to", 13), ("used again", 9)]


QUIET = {
    "zero_grad before backward": ["optimizer.zero_grad()", "backward()", "optimizer.step()"],
    "zero_grad after backward's step": ["backward()", "optimizer.step()", "optimizer.zero_grad()"],
    "zeros in place of None": ["optimizer.zero_grad(set_to_none=False)", "backward()", "optimizer.step()"],
    "two backward calls to a step": ["optimizer.zero_grad()", "backward()", "backward()", "optimizer.step()"],
    "a step after every second": [
        "backward()",
        "if step % 2:",
        "    optimizer.step()",
        "    optimizer.zero_grad()",
    ],
    "two steps by one gradient": ["backward()", "optimizer.step()", "optimizer.step()", "w.grad = None"],
    "another tensor as .grad": ["w.grad = torch.zeros(2)", "backward()", "optimizer.step()"],
    "a .grad that decays": ["backward()", "optimizer.step()", "w.grad *= 0.5"],
    "no step at all": ["backward()"],
    "autograd.grad": ["w.grad, = torch.autograd.grad((w * x).sum(), w)", "optimizer.step()"],
    "changes of w that are no steps": ["backward()", "w.data.clamp_(0, 1)", "w.data += 0.1"],
    "cleared before it is used": [
        "optimizer.zero_grad()",
        "backward()",
        "optimizer.step()",
        "backward()",
    ],
    "a closure": [
        "def closure():",
        "    optimizer.zero_grad()",
        "    loss = ((w * x) ** 2).sum()",
        "    loss.backward()",
        "    return loss",
        "optimizer.step(closure)",
    ],
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(found, name):
    assert found("GV111", loop(*QUIET[name])) == []
