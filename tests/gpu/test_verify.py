"""trace --verify of what ran on a GPU: copies stay there, and are fetched only to be judged."""

import gradviz as torch
from tests.gpu.strict import forget
from tests.gpu.test_training import Net
from tests.record.test_judged import spoil
from tests.record.test_verify import checked


class Doubled(torch.autograd.Function):
    """2 x, with what it is added to made on the device; backward says `slope`."""

    slope = 2

    @staticmethod
    def forward(ctx, x):
        """2 x."""
        return x * 2 + torch.zeros(1, device=x.device, dtype=x.dtype)

    @staticmethod
    def backward(ctx, grad):
        """The slope."""
        return grad * Doubled.slope


def step():
    torch.manual_seed(1)
    net = Net().cuda()
    images = Doubled.apply(torch.randn(5, 1, 4, 4).cuda().requires_grad_())
    out = net(images, torch.randint(4, (5,)).cuda())
    rows = out * 1
    rows[0].exp_()
    torch.nn.functional.cross_entropy(rows.cpu().cuda(), torch.randint(3, (5,)).cuda()).backward()


def test_each_gradient_is_judged(cuda, tmp_path):
    found = checked(tmp_path / "t.gradviz", step)
    assert len(found) > 20
    assert {(each.verdict, each.why) for each in found} == {("agrees", "")}


def test_wrong_ones_are_found(cuda, tmp_path, monkeypatch):
    step()
    spoil("convolution", monkeypatch)
    monkeypatch.setattr(Doubled, "slope", 3)
    wrong = [each for each in checked(tmp_path / "t.gradviz", step) if each.verdict == "differs"]
    found = {(each.function, each.input) for each in wrong}
    assert found == {("Doubled", "x"), ("", "input"), ("", "weight")}  # the bias has none: a BatchNorm follows


def test_nothing_is_fetched_while_the_script_runs(cuda, tmp_path):
    def program():
        x = torch.ones(4, 20, device="cuda", requires_grad=True)
        forget()
        torch.tanh(Doubled.apply(x) * 3).sum().backward()
        assert cuda.looks == [] and cuda.uploads == []

    found = checked(tmp_path / "t.gradviz", program, values="none")
    assert {each.verdict for each in found} == {"agrees"}
