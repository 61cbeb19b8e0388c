"""The whole catalogue on a namespace that has only what CuPy has, against NumPy; and what it looks at meanwhile."""

import numpy as np
import pytest

import gradviz as torch
from gradviz.engine.op import catalogue
from tests.engine.samples import SAMPLES
from tests.gpu import strict
from tests.gpu.strict_array import MASK, Journey, StrictArray
from tests.gpu.walking import walk

# Unlike PyTorch, whose kernel decides for each element how many terms of a series it adds: here the least one does.
POLES = {"float"}
# What an op may look at, since PyTorch waits for the device there too: sizes that depend on values, and error checks.
LOOKS = {
    "bernoulli_fill_of": {"bool"},  # which refuses what is no probability
    "bernoulli_of": {"bool"},
    "bincounts": {"int", "bincount"},
    "counts_in_bins": {"float"},  # the least and the greatest, where no range is given
    "cumprod_of": {"item"},  # its backward asks whether there is a zero
    "ctc_loss_of": {"tolist"},  # lengths that are tensors, as in PyTorch
    "digamma": POLES,  # its second backward
    "index": {MASK},
    "index_fill_tensor": {"unique"},  # its backward
    "linalg_cholesky_ex": {"bool"},
    "linalg_det": {"bool"},  # its backward, under create_graph, asks whether a matrix is singular
    "linalg_inv_ex": {"bool"},
    "linalg_solve_ex": {"bool"},
    "linalg_svd_of": {"bool", "item"},  # of det, and of the cumprod in its backward
    "log": {"bool"},  # of gaussian_nll_loss, which refuses negative variances
    "masked_fill_tensor": {MASK},  # its backward, under create_graph, selects
    "masked_select": {MASK},
    "masked_scatter": {MASK},  # its backward
    "masked_scatter_backward": {MASK},
    "mm": {"bool", "float"},  # of cov, which refuses negative weights, and their sums
    "nonzero": {"nonzero"},
    "normal_of": {"bool"},  # which refuses negative deviations
    "normal_within": {"bool"},
    "poisson_of": {"asnumpy", "bool"},  # the CPU draws, number by number
    "polygamma_of": POLES,
    "prod_dim": {"int", "item"},  # its backward counts zeros
    "prod_of": {"int", "item"},  # the same
    "repeated_places": {"bool", "tolist"},  # which refuses negative repeats
    "rrelu_in_place": {"flatnonzero"},
    "rrelu_with_noise": {"flatnonzero"},  # unlike PyTorch: the CPU draws for what is negative alone, and so does this
    "rrelu_with_noise_backward": {"flatnonzero"},  # the same
    "tril": {"bool"},  # of a Cholesky decomposition
    "unique_of": {"unique", "flatnonzero"},
}
# What comes from the host: lists and numbers that the sample itself holds.
HELD = {
    "ctc_loss_backward", "ctc_loss_of", "index", "lerp_tensor", "mm", "mul", "pack_padded_sequence",
    "pack_padded_sequence_backward", "packed_rows", "repeated_places", "search", "sub_number",
}  # fmt: skip
# And random numbers, which are the CPU's for the same seed; add's are of alpha dropout, mul's of dropout.
DRAWN = {
    "add", "bernoulli_fill", "bernoulli_fill_of", "bernoulli_like", "bernoulli_of", "cauchy_fill", "exponential_fill",
    "geometric_fill", "log_normal_fill", "mul", "normal_around", "normal_fill", "normal_of", "normal_within",
    "poisson_of", "random_fill_0", "random_fill_1", "random_fill_2", "rrelu_in_place", "rrelu_with_noise",
    "rrelu_with_noise_backward", "uniform_fill",
}  # fmt: skip
# Bags are counted, and their offsets compared, on the CPU; isin makes tensors of what it is given.
BAGS = {"embedding_bag", "embedding_bag_backward", "embedding_bag_samples_backward"}
LOOKS |= {op: {"int", "bincount", "flatnonzero", MASK} for op in BAGS}
UPLOADS = HELD | DRAWN | BAGS | {"isin_of", "softmax"}  # softmax: gumbel_softmax draws


def _host(tensor):
    return getattr(tensor._array, "_host", tensor._array)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.op)
def test_an_op_on_the_device_is_the_one_on_numpy(sample, request):
    expected = walk(torch, sample, torch.from_numpy)
    device = request.getfixturevalue("by_default")
    found = walk(torch, sample, lambda array: torch.Tensor(StrictArray(array)))
    assert set(device.looks) <= LOOKS.get(sample.op, set()), "it looks at values on the device"
    assert not device.uploads or sample.op in UPLOADS, "it sends values to the device"
    assert found.keys() == expected.keys() and found.pop("refused", "") == expected.pop("refused", "")
    for name, theirs in expected.items():
        for mine, other in zip(found[name], theirs, strict=True):
            assert (mine is None) == (other is None), name
            if mine is not None:
                assert isinstance(mine._array, StrictArray), f"{name} came back to the host"
                assert mine.dtype == other.dtype, name
                np.testing.assert_allclose(_host(mine), _host(other), rtol=1e-12, atol=1e-14, err_msg=name)


def test_what_may_be_looked_at_is_an_op():
    assert {*LOOKS, *UPLOADS} <= set(catalogue)


def test_small_integers_are_added_at_places(by_default):
    for kind in (torch.int8, torch.uint8, torch.int16, torch.bool):
        tensor = torch.zeros(3, dtype=kind)
        places = (torch.tensor([1, 1, 2]),)
        assert _host(tensor.index_put(places, torch.ones(3, dtype=kind), accumulate=True)).tolist() == (
            [False, True, True] if kind is torch.bool else [0, 2, 1]
        )


def test_the_namespace_refuses_numpy(cuda):
    array = StrictArray(np.ones(2))
    for wrong in (
        lambda: np.asarray(array),
        lambda: np.exp(array),
        lambda: array + np.ones(2),
        lambda: np.ones(2) + array,
        lambda: cuda.where(array > 0, array, np.ones(2)),
        lambda: cuda.concatenate([array, np.ones(2)]),
        lambda: cuda.exp(np.ones(2)),
        lambda: list(array),
        lambda: cuda.where(True, array, array),
        lambda: cuda.sum(array, where=array > 0),
        lambda: cuda.exp(array, order="C"),
        lambda: array.sum(initial=1),
        lambda: array.__setitem__(0, np.ones(())),
        lambda: hash(array),
    ):
        with pytest.raises(TypeError):
            wrong()
    for missing in ("vecdot", "errstate", "object_", "block"):
        assert not hasattr(cuda, missing)
    assert not hasattr(array.flags, "writeable") and not hasattr(array, "__index__")
    with pytest.raises(NotImplementedError):
        cuda.maximum.accumulate(array)
    with pytest.raises(TypeError, match="only supports"):
        cuda.add.at(StrictArray(np.ones(2, bool)), 0, True)
    with pytest.raises(TypeError, match="only supports"):
        cuda.maximum.at(StrictArray(np.ones(2, np.float16)), 0, 1.0)
    assert cuda.lib.stride_tricks.as_strided(array[1:], (1,), (8,)).base is None
    assert array[1:].data.ptr == array.data.ptr + 8 and array[1:].data.mem.ptr == array.data.mem.ptr
    assert Journey.looks == []


def test_the_namespace_counts_looks(cuda):
    array = StrictArray(np.ones(2))
    float(array[0]), int(array[1]), bool(array.any()), array.tolist(), array[array > 0], cuda.nonzero(array)
    assert cuda.looks == ["float", "int", "bool", "tolist", MASK, "nonzero"]
    assert isinstance(array[0], StrictArray) and isinstance(array.sum(), StrictArray) and array[0].base is array
    strict.forget()
    array[array > 0] = 2.0
    assert cuda.looks == [] and cuda.uploads == []
    cuda.asarray([1.0]), array[[0]]
    assert cuda.uploads == ["asarray", "an index"]
