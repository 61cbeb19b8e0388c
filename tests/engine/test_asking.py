"""What scripts ask of dtypes and shapes, how tensors print by options, and torch.cuda; beside PyTorch."""

import warnings

import pytest

import gradviz
from tests.autograd.alike import same

pytest.importorskip("torch")

DTYPES = ["float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"]


@pytest.fixture(autouse=True)
def _options_are_left_as_found():
    yield
    same(lambda torch, note: torch.set_printoptions(profile="default"))


@pytest.mark.parametrize("name", DTYPES)
def test_limits(name):
    def program(torch, note):
        kind = getattr(torch, name)
        for limits, asked in (
            (torch.finfo, ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")),
            (torch.iinfo, ("bits", "max", "min", "dtype")),
        ):
            try:
                found = limits(kind)
                note(repr(found), [getattr(found, each) for each in asked])
            except TypeError as error:
                note(str(error))

    same(program)


def test_two_dtypes_together():
    def program(torch, note):
        for one in DTYPES:
            for other in DTYPES:
                kinds = getattr(torch, one), getattr(torch, other)
                tensors = [torch.ones(2, dtype=each) for each in kinds]
                note(one, other, torch.promote_types(*kinds), torch.can_cast(*kinds), torch.result_type(*tensors))
                note(torch.result_type(tensors[0], tensors[1].sum() > 0), torch.result_type(tensors[0], 2.0))
        note(torch.result_type(1, 2.0), torch.result_type(torch.tensor(1.0), torch.ones(2)), torch.finfo())

    same(program)


def test_shapes_together():
    def program(torch, note):
        shapes = [((2, 1), (3,), (1, 1, 3)), (), (3, (2, 1)), ((0,), (1,)), ((2, 2),), ((1,), (4, 1), 5)]
        for each in shapes:
            note(torch.broadcast_shapes(*each))
        torch.broadcast_shapes((2,), (4, 2), (3,))

    same(program)


def test_names():
    def program(torch, note):
        for each in (torch.ones(1), torch.ones(1).long(), 3, "a", int, [1]):
            note(torch.typename(each))

    same(program)


def test_the_default_dtype():
    def program(torch, note):
        torch.set_default_dtype(torch.float64)
        note(torch.get_default_dtype(), torch.tensor([1.0]).dtype)
        torch.set_default_dtype(torch.float32)
        note(torch.get_default_dtype())
        for wrong in (torch.int64, "float64"):
            try:
                torch.set_default_dtype(wrong)
            except TypeError as error:
                note(str(error))

    same(program)


OPTIONS = [
    {"precision": 2}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1}, {"linewidth": 40}, {"sci_mode": True},
    {"sci_mode": False}, {"profile": "short"}, {"profile": "full"}, {"profile": "default"}, {"profile": "unknown"},
    {"profile": "short", "precision": 6},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_printing(options):
    def program(torch, note):
        torch.set_printoptions(**options)
        for each in (
            torch.arange(2000.0) / 7, torch.tensor([1.23456789, 1e-5]), torch.arange(60.0).reshape(3, 20),
            torch.tensor([1.0, 2.0]), torch.tensor(3.14159265), torch.tensor([float("nan"), 1e10]), torch.arange(1500),
            torch.ones(2, requires_grad=True) * 2,
        ):  # fmt: skip
            note(repr(each))

    same(program)


def test_without_a_gpu_there_is_no_cuda():
    def program(torch, note):
        note(torch.cuda.is_available())
        torch.manual_seed(1)
        torch.cuda.manual_seed_all(2)
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    same(program)
    if not gradviz.cuda.is_available():
        with pytest.raises(gradviz.errors.DeviceUnavailable):
            gradviz.cuda.synchronize()


def test_a_tensor_of_a_graph_made_a_number_is_warned_of():
    x = gradviz.ones((), requires_grad=True)
    with pytest.warns(UserWarning, match="Converting a tensor with requires_grad=True to a scalar") as warned:
        assert float(x * 2) == 2.0
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (float(x.detach()), int(x), x.item(), bool(x)) == (1.0, 1, 1.0, True)  # as PyTorch, silently
