"""The engine's own features on a GPU: hooks, Functions, retained gradients, checks and in-place changes."""

import pytest

import gradviz as torch


class Cube(torch.autograd.Function):
    """x ** 3, written by hand."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3 * x * x * grad


@pytest.fixture
def leaf(cuda):
    return torch.full((2, 3), 2.0, dtype=torch.float64, device="cuda", requires_grad=True)


def test_hooks_functions_and_retained_gradients(leaf, cuda):
    heard = []
    leaf.register_hook(lambda grad: heard.append(grad.device) or grad * 2)
    leaf.register_post_accumulate_grad_hook(lambda each: heard.append(each.grad.device))
    middle = Cube.apply(leaf)
    middle.retain_grad()
    middle.grad_fn.register_hook(lambda inputs, outputs: heard.append(inputs[0].device))
    (middle * 1.5).sum().backward()
    (middle.detach() * leaf).sum().backward()
    assert set(heard) == {"cuda:0"} and len(heard) == 5
    assert cuda.looks == [] and cuda.uploads == []
    assert middle.grad.device == leaf.grad.device == "cuda:0"
    assert middle.grad.cpu()[0, 0].item() == 1.5 and leaf.grad.cpu()[0, 0].item() == 2 * 18 + 2 * 8


def test_gradients_are_checked_there(leaf):
    assert torch.autograd.gradcheck(Cube.apply, leaf)
    assert torch.autograd.gradgradcheck(lambda x: torch.sin(x), leaf)


def test_a_change_of_what_was_saved_is_noticed(leaf):
    middle = leaf * 1
    out = (middle * middle).sum()
    with torch.no_grad():
        middle.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


def test_memory_is_shared_by_views_alone(leaf, cuda):
    tensor = leaf.detach()
    tensor[0, 1:] = 7.0
    tensor[tensor > 6] += 1
    assert tensor._version == leaf._version >= 2 and leaf.cpu().tolist()[0] == [2, 8, 8]


def test_two_masks_at_once(leaf):
    rows, columns = torch.tensor([True, False], device="cuda"), torch.tensor([True, False, False], device="cuda")
    picked = leaf[rows, columns]
    picked.sum().backward()
    assert picked.tolist() == [2] and leaf.grad.cpu().tolist() == [[1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("device", ("cpu", "cuda"))
def test_a_view_by_strides_shares_its_base(device, cuda):
    leaf = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], device=device, requires_grad=True)
    base = leaf * 1
    view = base.as_strided((2, 2), (2, 1), 1)
    assert view.storage_offset() == 1 and view.untyped_storage().nbytes() == 24
    assert view[1].storage_offset() == 3 and view.data_ptr() == base.data_ptr() + 4
    squares = (base * base).sum()
    view.mul_(3)
    assert base._version == view._version == 1 and base.tolist() == [1, 6, 9, 12, 15, 6]
    base.sum().backward()
    assert leaf.grad.tolist() == [1, 3, 3, 3, 3, 1]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squares.backward()
    assert view.as_strided((3,), (1,), 2).tolist() == [9, 12, 15]
