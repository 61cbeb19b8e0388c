"""Tensors on a GPU: where they are made, how they move, and what is said of tensors on different devices."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.errors import DeviceUnavailable
from tests.gpu.strict_array import StrictArray

MAKING = {
    "tensor": lambda **where: torch.tensor([1.0, 2.0], **where),
    "zeros": lambda **where: torch.zeros(2, 3, **where),
    "ones": lambda **where: torch.ones(2, dtype=torch.int64, **where),
    "full": lambda **where: torch.full((2,), 2.5, **where),
    "eye": lambda **where: torch.eye(2, **where),
    "arange": lambda **where: torch.arange(5, **where),
    "linspace": lambda **where: torch.linspace(0, 1, 5, **where),
    "randn": lambda **where: torch.randn(20, **where),
    "rand": lambda **where: torch.rand(3, **where),
    "randint": lambda **where: torch.randint(3, (4,), **where),
    "randperm": lambda **where: torch.randperm(4, **where),
}


@pytest.mark.parametrize("make", MAKING.values(), ids=MAKING)
def test_made_on_the_device_with_the_cpus_values(cuda, make):
    torch.manual_seed(0)
    there = make(device="cuda")
    torch.manual_seed(0)
    here = make()
    assert isinstance(there._array, StrictArray) and there.is_cuda and not here.is_cuda
    assert (there.device, there.device.type, there.device.index, there.get_device()) == ("cuda:0", "cuda", 0, 0)
    assert there.dtype == here.dtype and there.cpu().tolist() == here.tolist()
    assert make(device=torch.device("cuda", 1)).device == "cuda:1"


@pytest.mark.parametrize("name", ["zeros", "ones", "full", "eye", "arange", "linspace"])
def test_what_can_be_made_there_is_not_sent(cuda, name):
    MAKING[name](device="cuda")
    torch.ones_like(MAKING[name](device="cuda"))
    assert cuda.uploads == [] and cuda.looks == []


def test_likes_and_copies_stay_where_they_are(cuda):
    there = torch.ones(2, device="cuda:1")
    for each in (torch.zeros_like(there), torch.full_like(there, 3.0), torch.tensor(there)):
        assert each.device == "cuda:1"
    assert torch.ones_like(there, device="cpu").device == "cpu"
    assert torch.from_numpy(np.ones(2)).device == "cpu"


def test_moving_and_what_moves_nothing(cuda):
    here = torch.ones(2)
    there = here.cuda()
    assert there.device == "cuda:0" and there.cuda() is there
    assert there.to("cuda:0") is there and there.to("cuda") is there
    assert here.cpu() is here and here.to("cpu") is here and here.to(device="cpu") is here
    assert there.to(here).device == "cpu" and here.to(there).device == "cuda:0" and there.to(0) is there
    wide = here.to("cuda", torch.float64, non_blocking=True)
    assert (wide.device, wide.dtype) == ("cuda:0", torch.float64)
    assert here.to(torch.float64, copy=True).dtype is torch.float64 and here.to("cpu", copy=True) is not here
    assert there.cuda(1).device == "cuda:1" and there.to("cuda:1").cpu().tolist() == [1, 1]


def test_a_move_is_part_of_the_graph(cuda):
    leaf = torch.ones(2, requires_grad=True)
    moved = leaf.to("cuda", torch.float64)
    assert moved.grad_fn.name() == "ToCopyBackward0" and not [n for n in dir(moved.grad_fn) if n.startswith("_saved_")]
    (moved * moved).sum().backward()
    assert leaf.grad.device == "cpu" and leaf.grad.dtype is torch.float32 and leaf.grad.tolist() == [2, 2]
    (first,) = torch.autograd.grad((leaf.cuda() ** 3).sum(), leaf, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), leaf)
    assert first.device == second.device == "cpu" and second.tolist() == [6, 6]


def test_a_scalar_on_the_cpu_may_meet_a_gpu(cuda):
    scalar, there = torch.tensor(2.0, requires_grad=True), torch.ones(2, 3, device="cuda", requires_grad=True)
    for product in (scalar * there, there * scalar):
        assert product.device == "cuda:0"
        one, other = torch.autograd.grad(product.sum(), (scalar, there), create_graph=True)
        assert (one.device, other.device) == ("cpu", "cuda:0") and one.item() == 6
        (mixed,) = torch.autograd.grad(other.sum(), scalar)
        assert mixed.device == "cpu" and mixed.item() == 6
    there = there.detach()
    there.add_(scalar.detach())
    assert there.masked_fill(there > 0, torch.tensor(5.0)).cpu()[0, 0].item() == 5


def test_python_numbers_are_not_sent(cuda):
    there = torch.ones(3, device="cuda", requires_grad=True)
    ((2 * there + 1) / 4 - 3).pow(2).clamp(min=0.5).sum().backward()
    assert cuda.uploads == [] and cuda.looks == []


HERE, THERE = "cpu", "cuda:0"
TWO = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
GOT = (
    "Expected all tensors to be on the same device, but got {} is on {}, different from other tensors on {} (when "
    "checking argument in method wrapper_CUDA_{})"
)
MIXED = {
    "add": (lambda a, b: a + b, TWO),
    "add, the other way": (lambda a, b: b + a, TWO),
    "where": (lambda a, b: torch.where(b > 0, b, a), TWO),
    "mm": (lambda a, b: a @ b, GOT.format("mat2", THERE, HERE, "mm")),
    "mm, the other way": (lambda a, b: b @ a, GOT.format("mat2", HERE, THERE, "mm")),
    "cat": (lambda a, b: torch.cat([b, a]), GOT.format("tensors", HERE, THERE, "cat")),
    "gather": (lambda a, b: torch.gather(b, 1, a.long()), GOT.format("index", HERE, THERE, "gather")),
    "addmm": (lambda a, b: torch.nn.functional.linear(b, b, a[0]), GOT.format("mat1", THERE, HERE, "addmm")),
    "convolution": (
        lambda a, b: torch.nn.functional.conv2d(b.view(1, 1, 2, 2), a.view(1, 1, 2, 2)),
        "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
    ),
    "index": (
        lambda a, b: a[b.long()],
        "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
    ),
    "gradient": (
        lambda a, b: (a.requires_grad_() * 2).backward(b),
        "invalid gradient at index 0 - expected device cpu but got cuda:0",
    ),
    "grad": (
        lambda a, b: setattr(a, "grad", b),
        "attempting to assign a gradient with device type 'cuda' to a tensor with device type 'cpu'. Please ensure "
        "that the gradient and the tensor are on the same device",
    ),
}


@pytest.mark.parametrize(("mix", "said"), MIXED.values(), ids=MIXED)
def test_different_devices_are_refused_in_pytorchs_words(cuda, mix, said):
    with pytest.raises(RuntimeError) as caught:
        mix(torch.ones(2, 2), torch.ones(2, 2, device="cuda"))
    assert str(caught.value) == said


def test_copies_between_devices(cuda):
    here, there = torch.tensor([1.0, 2.0]), torch.zeros(2, device="cuda")
    there.copy_(here)
    assert there.tolist() == [1, 2] and here.copy_(there * 2).tolist() == [2, 4]
    there[0] = torch.tensor(7.0)
    there[torch.tensor([1])] = torch.tensor(8.0)
    assert there.tolist() == [7, 8] and there[torch.tensor([1])].tolist() == [8]


def test_numpy_of_a_tensor_on_a_gpu(cuda):
    there = torch.ones(2, device="cuda", requires_grad=True)
    for ask in (there.numpy, lambda: np.asarray(there)):
        with pytest.raises(TypeError) as caught:
            ask()
        assert str(caught.value) == (
            "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory "
            "first."
        )
    assert repr(there) == "tensor([1., 1.], device='cuda:0', requires_grad=True)"


def test_devices_by_name_and_number():
    device = torch.device
    assert repr(device("cuda")) == "device(type='cuda')" and device("cuda").index is None
    assert device("cuda", 1) == device("cuda:1") == device(1) and device("cuda") != device("cuda:0")
    assert repr(device(device("cuda", 1))) == "device(type='cuda', index=1)"
    assert len({device("cpu"), device("cpu")}) == 1
    assert device(type="cuda", index=1).type == "cuda"


@pytest.mark.parametrize("given", [("cuda:x",), ("cuda:-1",), ("cuda:01",), ("cuda:0", 1), ("cuda", -1), (2.5,)])
def test_no_devices(given):
    peer = pytest.importorskip("torch", reason="PyTorch is not installed (extra: torch)")
    caught = []
    for side in (torch, peer):
        with pytest.raises((RuntimeError, TypeError)) as error:
            side.device(*given)
        caught.append((type(error.value), str(error.value)))
    assert caught[0] == caught[1]


def test_the_gpus_there_are(cuda):
    assert torch.cuda.is_available() and torch.cuda.device_count() == 2 and torch.cuda.current_device() == 0
    with torch.cuda.device(1):
        assert torch.cuda.current_device() == 1 and torch.ones(2, device="cuda").device == "cuda:1"
    torch.cuda.set_device("cuda:1")
    assert (torch.ones(2, device="cuda") + 1).device == "cuda:1"
    assert torch.cuda.get_device_name() == "Strict 1" and torch.cuda.get_device_name(0) == "Strict 0"
    torch.cuda.synchronize()
    assert cuda.looks == ["synchronize"]
    torch.cuda.manual_seed_all(3)
    one = torch.rand(1, device="cuda").item()
    torch.manual_seed(3)
    assert torch.rand(1).item() == one
    with pytest.raises(DeviceUnavailable, match="device 'cuda:2' was asked for, but CUDA has 2 here, numbered from 0"):
        torch.ones(1, device="cuda:2")


def test_without_a_gpu_there_are_none(monkeypatch):
    from gradviz.engine import backend

    def none():
        raise DeviceUnavailable("none")

    monkeypatch.delitem(backend.modules, "cuda", raising=False)
    monkeypatch.setattr(backend, "_load_cupy", none)
    torch.manual_seed(5)
    torch.cuda.manual_seed_all(3)
    assert not torch.cuda.is_available() and torch.cuda.device_count() == 0
    one = torch.rand(1).item()
    torch.manual_seed(5)
    assert torch.rand(1).item() == one
