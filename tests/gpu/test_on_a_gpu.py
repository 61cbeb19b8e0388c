"""On a real GPU: every op on CuPy against NumPy, and against PyTorch on cuda. Skipped, with its reason, elsewhere."""

import os
from itertools import zip_longest

import numpy as np
import pytest

import gradviz
from gradviz.engine import backend
from gradviz.errors import DeviceUnavailable
from tests.engine.samples import SAMPLES
from tests.gpu import report
from tests.gpu.walking import walk

TOLERANCE = {"float32": 2e-4, "float64": 1e-9}  # sums take another order on a GPU
RESULTS = []


try:
    gradviz.zeros(1, device="cuda")
except DeviceUnavailable as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def reported():
    """Writes the report of this run at its end, where GRADVIZ_GPU_REPORT asks for it."""
    yield
    if os.environ.get("GRADVIZ_GPU_REPORT") and RESULTS:
        print("\nwrote", report.write(report.machine_of(backend.modules["cuda"]), RESULTS))


@pytest.fixture
def on_cuda():
    """New tensors are made on the GPU."""
    gradviz.set_default_device("cuda")
    yield
    gradviz.set_default_device("cpu")


@pytest.fixture
def peer():
    """PyTorch with a GPU; new tensors are made there."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: torch)")
    if not torch.cuda.is_available():
        pytest.skip(f"PyTorch {torch.__version__} sees no GPU: it needs a build for CUDA")
    torch.set_default_device("cuda")
    torch.backends.cudnn.allow_tf32 = False  # convolutions would round to 10 bits
    yield torch
    torch.set_default_device("cpu")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.op)
def test_cupy_against_numpy(sample, dtype, request):
    expected = walk(gradviz, sample, gradviz.from_numpy, dtype)
    request.getfixturevalue("on_cuda")
    _compare("CuPy against NumPy", sample, lambda: _ours(sample, dtype), expected, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.op)
def test_cupy_against_pytorch_on_cuda(sample, dtype, request):
    torch = request.getfixturevalue("peer")
    expected = walk(torch, sample, lambda array: torch.from_numpy(array).cuda(), dtype)
    if _is_random(torch, sample, expected, dtype):
        pytest.skip("random numbers: a GPU's generator is not the CPU's")
    request.getfixturevalue("on_cuda")
    _compare("CuPy against PyTorch on cuda", sample, lambda: _ours(sample, dtype), expected, dtype)


def _ours(sample, dtype):
    return walk(gradviz, sample, lambda array: gradviz.from_numpy(array).cuda(), dtype)


def _is_random(torch, sample, once, dtype):
    """Whether a sample draws random numbers: another seed, another output."""
    leaves = [torch.from_numpy(array).cuda() for array in sample.arrays(dtype)]
    leaves = [leaf.requires_grad_(able) for leaf, able in zip(leaves, sample.floating(), strict=True)]
    torch.manual_seed(4)
    again = sample.run(torch, *leaves)
    return not torch.equal(again.isnan(), once["output"][0].isnan()) or not torch.allclose(
        again, once["output"][0], equal_nan=True
    )


def _compare(against, sample, found, expected, dtype):
    """Notes for the report what differs, and fails for it."""
    try:
        _same(found(), expected, dtype)
    except Exception as error:
        RESULTS.append((against, sample.op, f"{dtype}: {type(error).__name__}: {error}"))
        raise
    RESULTS.append((against, sample.op, report.AGREES))


def _same(found, expected, dtype):
    tolerance = TOLERANCE[dtype]
    for name in (found.keys() | expected.keys()) - {"refused"}:
        for mine, theirs in zip_longest(found.get(name, ()), expected.get(name, ())):
            mine, theirs = _values(mine), _values(theirs)  # 0 where there is no gradient: either may hold zeros
            np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance, err_msg=name)


def _values(tensor):
    if tensor is None or getattr(tensor, "_is_zerotensor", bool)():
        return 0
    return tensor.detach().cpu().numpy()
