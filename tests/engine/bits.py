"""Every sample of the catalogue as bits: its result and gradients by a plain backward, a line a sample.

`python -m tests.engine.bits` prints them, so that a test can compare the C twins with the Python that they stand for.
"""

import hashlib
import warnings

import numpy as np

import gradviz as torch
from tests.engine.gradcheck import weights_like
from tests.engine.samples import SAMPLES

DTYPES = (np.float32, np.float64)
# elimination in another order, some way down: tests/ops/test_twins.py compares these to rounding
TO_ROUNDING = {
    "linalg_det", "linalg_slogdet", "linalg_solve_ex", "linalg_cholesky_ex", "linalg_qr", "linalg_svd_of",
    "solved_triangular", "solved_cholesky", "tril",
}  # fmt: skip


def line(sample, dtype):
    """What a sample comes to in a dtype: a digest of all bits, or the error; and its graph's names and settings."""
    torch.manual_seed(0)
    leaves = []
    for array, wanted in zip(sample.arrays(dtype), sample.floating(), strict=True):
        leaves.append(torch.from_numpy(array).requires_grad_(wanted))
    try:
        out = sample.run(torch, *leaves)
        shown = _graph(out.grad_fn)
        if out.requires_grad:
            weights = torch.from_numpy(np.asarray(weights_like(out.detach().numpy()), out.detach().numpy().dtype))
            out.backward(weights, retain_graph=True)
            out.backward(weights)
    except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError) as error:
        return f"{type(error).__name__}: {error}"
    found = [out.detach(), *(leaf.grad for leaf in leaves)]
    digest = hashlib.sha256()
    for each in found:
        digest.update(b"none" if each is None else f"{each.dtype}{tuple(each.shape)}".encode() + each.numpy().tobytes())
    return f"{digest.hexdigest()[:16]} {shown}"


def _graph(node):
    """The names on the way to the leaves, with what each node shows of its settings."""
    waiting, seen, told = [node], set(), []
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        kept = [name for name in dir(node) if name.startswith("_saved_")]
        settings = [f"{name[7:]}={getattr(node, name)}" for name in kept if not _is_tensor(getattr(node, name))]
        told.append(f"{node.name()}({', '.join(settings)})")
        waiting += [following for following, _ in node.next_functions]
    return " ".join(told)


def _is_tensor(value):
    return isinstance(value, (torch.Tensor, tuple)) and not all(isinstance(each, int) for each in value)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for number, sample in enumerate(SAMPLES):
        for dtype in DTYPES:
            print(number, sample.op, dtype.__name__, line(sample, dtype))
