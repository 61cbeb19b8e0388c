"""The seam between devices: what asking for cuda says where there is none, and that a device stays as it was."""

import subprocess
import sys

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine import backend
from gradviz.errors import DeviceUnavailable, GradvizError


@pytest.fixture
def fresh(monkeypatch):
    """A backend that hasn't looked for CuPy yet."""
    monkeypatch.delitem(backend.modules, "cuda", raising=False)


class NoGpu:
    """CuPy as it imports on a machine without a driver."""

    class cuda:
        @staticmethod
        def is_available():
            return False


ASKING = {
    "set_default_device": lambda: torch.set_default_device("cuda"),
    "a numbered one": lambda: torch.set_default_device("cuda:1"),
    "zeros": lambda: torch.zeros(2, device="cuda"),
    "tensor": lambda: torch.tensor([1.0], device="cuda"),
    "to": lambda: torch.ones(2).to("cuda"),
    "cuda()": lambda: torch.ones(2).cuda(),
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize(
    ("cupy", "said"), [(None, "CuPy is not installed: pip install"), (NoGpu, "CuPy finds no CUDA GPU here")]
)
def test_asking_for_cuda_in_vain_says_so_in_one_line(fresh, monkeypatch, ask, cupy, said):
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    with pytest.raises(DeviceUnavailable, match=said) as caught:
        ask()
    assert "\n" not in str(caught.value) and "--device cpu" in str(caught.value)
    assert isinstance(caught.value, RuntimeError) and isinstance(caught.value, GradvizError)
    assert torch.get_default_device() == "cpu" and torch.zeros(1).device == "cpu"


def test_an_unknown_device_is_named():
    with pytest.raises(RuntimeError, match="Expected one of cpu, cuda device type at start of device string: tpu"):
        torch.set_default_device("tpu")


def test_the_real_cupy_without_a_gpu_says_the_same(fresh):
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed (extras: cuda12, cuda13)")
    if cupy.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(DeviceUnavailable, match="CuPy finds no CUDA GPU here"):
        torch.set_default_device("cuda")


def test_a_device_prints_as_pytorchs():
    device = torch.ones(1).device
    assert (str(device), device.type, device.index, repr(device)) == ("cpu", "cpu", None, "device(type='cpu')")


def test_the_owner_of_a_view_of_a_view():
    array = np.zeros((4, 4))
    assert backend.owner(array[1:].T[::2]) is array and backend.owner(array) is array


def test_arrays_from_numpy_are_shared_and_copied_as_pytorch_does():
    array = np.zeros(3)
    shared, copied = torch.from_numpy(array), torch.tensor(array)
    array[0] = 1
    assert shared.tolist() == [1, 0, 0] and copied.tolist() == [0, 0, 0]
    assert shared.numpy() is array


def test_numpy_warns_only_of_the_users_own_arithmetic():
    code = "import gradviz as torch, numpy as np; torch.zeros(1).log(); 1 / torch.zeros(1); torch.zeros(0).mean(); {}"
    for arithmetic, warned in (("0", False), ("np.log(np.zeros(1))", True)):
        done = subprocess.run([sys.executable, "-c", code.format(arithmetic)], capture_output=True, text=True)
        assert done.returncode == 0 and ("RuntimeWarning" in done.stderr) == warned
