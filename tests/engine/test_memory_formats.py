"""How tensors lie in memory after `to`, the _like functions and Module.to, beside PyTorch's."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)
FORMATS = ("contiguous_format", "preserve_format", "channels_last")
SOURCES = {
    "rows": lambda side, x: x,
    "channels last": lambda side, x: x.contiguous(memory_format=side.channels_last),
    "turned": lambda side, x: x.permute(0, 3, 1, 2),
    "with gaps": lambda side, x: x[:, :, ::2],
    "one row spread": lambda side, x: x[:, :1].expand(2, 5, 3, 4),
    "turned, with gaps": lambda side, x: x.transpose(0, 1)[:, :, 1:],
}
LIKE = {"empty_like": (), "zeros_like": (), "ones_like": (), "rand_like": (), "randn_like": (), "full_like": (3,), "randint_like": (3,)}  # noqa: E501


def images(side):
    """(2, 2, 3, 4)"""
    return side.arange(48.0).reshape(2, 2, 3, 4)


def lying(tensor):
    """How a tensor lies in memory."""
    return tuple(tensor.shape), tensor.stride(), str(tensor.dtype), tensor.is_contiguous()


def told(side, run):
    """What a call comes to: how its result lies, or what is refused."""
    try:
        return lying(run())
    except (RuntimeError, TypeError) as error:
        return type(error).__name__, str(error).split("\n")[0]


def both(run):
    """The same call on both sides."""
    found = [told(side, lambda side=side: run(side)) for side in SIDES]
    assert found[0] == found[1]


@pytest.mark.parametrize("name", LIKE)
@pytest.mark.parametrize("source", SOURCES)
def test_like_another(name, source):
    for format in (None, *FORMATS):
        both(
            lambda side, format=format: getattr(side, name)(
                SOURCES[source](side, images(side)), *LIKE[name],
                **({} if format is None else {"memory_format": getattr(side, format)}),
            )
        )  # fmt: skip


@pytest.mark.parametrize("name", ["rand_like", "randn_like", "randint_like"])
def test_numbers_are_drawn_in_the_order_of_memory(name):
    found = []
    for side in SIDES:
        side.manual_seed(3)
        source = images(side).contiguous(memory_format=side.channels_last)
        drawn = getattr(side, name)(source, *LIKE[name])
        rows = getattr(side, name)(source, *LIKE[name], memory_format=side.contiguous_format)
        found.append([drawn.tolist(), rows.tolist()])
    np.testing.assert_allclose(*found, rtol=1e-6)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("format", FORMATS)
def test_to(source, format):
    for given in ({}, {"dtype": "float64"}, {"device": "cpu"}, {"copy": True}):
        both(
            lambda side, given=given: SOURCES[source](side, images(side)).to(
                **{name: getattr(side, each) if name == "dtype" else each for name, each in given.items()},
                memory_format=getattr(side, format),
            )
        )
    same = []
    for side in SIDES:
        tensor = SOURCES[source](side, images(side))
        same.append(tensor.to(memory_format=getattr(side, format)) is tensor)
    assert same[0] == same[1]


def test_to_is_part_of_the_graph():
    for side in SIDES:
        leaf = images(side).requires_grad_()
        out = leaf.to(memory_format=side.channels_last)
        (out * images(side)).sum().backward()
        assert out.grad_fn.name() == "ToCopyBackward0" and leaf.grad.tolist() == images(side).tolist()


def test_other_dimensions():
    both(lambda side: images(side)[0].to(memory_format=side.channels_last))
    both(lambda side: side.ones(2, 3).to(memory_format=side.channels_last))
    both(lambda side: side.empty_like(images(side)[0], memory_format=side.channels_last))
    both(lambda side: images(side)[None].to(memory_format=side.channels_last_3d))
    both(lambda side: images(side).to(memory_format=3))


@pytest.mark.parametrize("format", FORMATS)
def test_modules(format):
    found = []
    for side in SIDES:
        nn = side.nn
        net = nn.Sequential(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(18, 2))
        net.to(memory_format=side.channels_last)
        last = [(name, each.stride()) for name, each in net.state_dict().items()]
        net.to(side.float64, memory_format=getattr(side, format))
        found.append((last, [(name, lying(each)) for name, each in net.state_dict().items()]))
    assert found[0] == found[1]
    both(lambda side: side.nn.Conv3d(2, 3, 2).to(memory_format=side.channels_last).weight)
    both(lambda side: side.nn.Conv3d(2, 3, 2).to(memory_format=side.channels_last_3d).weight)
    both(lambda side: side.nn.utils.convert_conv2d_weight_memory_format(side.nn.Conv2d(2, 3, 2), side.channels_last).weight)  # noqa: E501
