"""Memory is shared with NumPy, buffers and DLPack's other libraries; copies are copies."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import gradviz as torch


@pytest.fixture
def peer():
    return pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")


@pytest.mark.parametrize("share", [torch.from_numpy, torch.as_tensor, torch.asarray, torch.from_dlpack])
def test_a_tensor_shares_memory_with_the_array_it_is_made_of(share):
    array = np.arange(6.0).reshape(2, 3)
    tensor = share(array)
    array[0, 0] = 7
    assert tensor[0, 0] == 7 and tensor.data_ptr() == array.ctypes.data
    tensor.add_(1)
    assert array[0, 0] == 8 and tensor._version == 1


@pytest.mark.parametrize("share", [torch.Tensor.numpy, np.asarray, np.from_dlpack])
def test_an_array_shares_memory_with_the_tensor_it_is_made_of(share):
    tensor = torch.zeros(3)
    array = share(tensor)
    array[1] = 5
    assert tensor.tolist() == [0, 5, 0] and type(array) is np.ndarray


def test_changes_through_numpy_are_no_versions():
    factor = np.ones(2, np.float32)
    shared = torch.from_numpy(factor)
    leaf = torch.ones(2, requires_grad=True)
    loss = (leaf * shared).sum()
    factor[:] = 5
    assert shared._version == 0
    loss.backward()  # with the changed values, as in PyTorch: nobody could know
    assert leaf.grad.tolist() == [5, 5]


def test_an_array_that_is_read_only_warns_and_stays_so():
    array = np.zeros(2)
    array.flags.writeable = False
    for share in (torch.from_numpy, torch.as_tensor, torch.asarray):
        with pytest.warns(UserWarning, match="The given NumPy array is not writable, and gradviz keeps it so"):
            tensor = share(array)
        with pytest.raises(ValueError, match="read-only"):
            tensor.add_(1)
    with pytest.warns(UserWarning, match="The given buffer is not writable"):
        torch.frombuffer(b"12345678", dtype=torch.float32)
    assert array.tolist() == [0, 0]


def test_a_subclass_of_ndarray_is_taken_as_the_plain_array():
    tensor = torch.from_numpy(np.ma.array([1.0, 2.0]))
    assert type(tensor.numpy()) is np.ndarray and (tensor * 2).tolist() == [2, 4]


def test_a_buffer_is_shared():
    memory = bytearray(8)
    tensor = torch.frombuffer(memory, dtype=torch.int32, offset=4)
    tensor.fill_(1)
    assert memory == bytearray([0, 0, 0, 0, 1, 0, 0, 0])


def test_arrays_and_tensors_meet_in_numpys_functions_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(np.sin(torch.zeros(2)), torch.Tensor)
        assert np.isnan(torch.zeros(2)).dtype is torch.uint8
        assert np.array(torch.ones(2), copy=True, dtype="i4").dtype == np.int32


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"])
def test_pytorch_and_gradviz_share_memory_both_ways(peer, dtype):
    ours = torch.ones(2, 3, dtype=getattr(torch, dtype)).t()
    theirs = peer.from_dlpack(ours)
    assert theirs.data_ptr() == ours.data_ptr() and theirs.stride() == (1, 3) and str(theirs.dtype) == str(ours.dtype)
    back = torch.from_dlpack(theirs)
    back.zero_()
    assert ours.tolist() == theirs.tolist() == [[0, 0]] * 3


def test_capsules_are_passed_both_ways_and_once(peer):
    ours, theirs = torch.zeros(2), peer.zeros(2)
    peer.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(ours)).add_(1)
    capsule = peer.utils.dlpack.to_dlpack(theirs)
    assert torch.utils.dlpack.from_dlpack(capsule).data_ptr() == theirs.data_ptr()
    assert ours.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="DLTensor capsules can be consumed only once"):
        torch.from_dlpack(capsule)
    writable = theirs.__dlpack__(max_version=(1, 0))
    torch.from_dlpack(writable).add_(2)
    assert theirs.tolist() == [2, 2]


def test_what_requires_grad_is_not_handed_on():
    leaf = torch.ones(2, requires_grad=True)
    for refuse in (leaf.__dlpack__, lambda: torch.utils.dlpack.to_dlpack(leaf), lambda: np.from_dlpack(leaf * 2)):
        with pytest.raises(BufferError, match="Can't export tensors that require gradient, use tensor.detach()"):
            refuse()
    assert torch.from_dlpack(leaf.detach()).data_ptr() == leaf.data_ptr()


def test_negative_strides_are_refused_from_everywhere():
    for share in (torch.from_numpy, torch.tensor, torch.from_dlpack):
        with pytest.raises(ValueError, match="At least one stride in the given numpy array is negative"):
            share(np.arange(3.0)[::-1])


def test_deepcopies_of_views_are_views_of_one_copy():
    whole = torch.zeros(4)
    part, other = copy.deepcopy([whole[1:], whole])
    part.add_(1)
    assert other.tolist() == [0, 1, 1, 1] and whole.tolist() == [0] * 4
    same, again = copy.deepcopy([whole, whole])
    assert same is again


def test_a_deepcopy_keeps_the_gradient_and_the_kind():
    leaf = torch.nn.Parameter(torch.ones(2))
    leaf.sum().backward()
    copied = copy.deepcopy(leaf)
    copied.grad.add_(1)
    assert type(copied) is torch.nn.Parameter and copied.grad.tolist() == [2, 2] and leaf.grad.tolist() == [1, 1]
    assert copy.copy(leaf).grad is None


def test_modules_are_copied_deeply():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    copied = copy.deepcopy(model)
    with torch.no_grad():
        copied[0].weight.fill_(0)
    assert model[0].weight.abs().sum() > 0
    assert list(copied.state_dict()) == list(model.state_dict())


def test_a_tensor_is_not_pickled():
    for obj in (torch.ones(1), torch.nn.Linear(1, 1)):
        with pytest.raises(TypeError, match="cannot pickle a Tensor: gradviz neither writes nor reads pickles"):
            pickle.dumps(obj)


LISTS = """
[np.ones(2), np.ones(2)]
[np.float64(1)]
[np.float16(1), 1]
[np.float16(1), 1.0]
[np.int32(1), 2]
[[1.0, 2.0], np.ones(2, np.float16)]
[np.ones(2, np.uint8), np.ones(2, np.int8)]
[torch.tensor(1.0, dtype=torch.float64), 1]
[torch.tensor(1, dtype=torch.int32), torch.ones(1, dtype=torch.int32)[0]]
[torch.ones(1), 2]
[torch.ones(2)]
[np.ones(2) > 0, [True, False]]
[np.ones(2), np.ones(3)]
[[1, 2], np.ones(3)]
[np.ones(2), 3]
[np.array(["a"])]
"""


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list")
@pytest.mark.parametrize("text", LISTS.strip().split("\n"))
def test_arrays_and_tensors_in_lists_have_a_say_in_the_dtype(peer, text):
    found = []
    for side in (torch, peer):
        try:
            made = side.tensor(eval(text, {"torch": side, "np": np}))
            found.append((str(made.dtype), tuple(made.shape), made.tolist()))
        except (TypeError, ValueError) as error:
            found.append(repr(error))
    assert found[0] == found[1]
