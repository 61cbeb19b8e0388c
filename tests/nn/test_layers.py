"""Layers, containers and first values beside PyTorch's: prints, draws, outputs, gradients, state."""

import numpy as np
import pytest

import gradviz
from tests.engine.peers import assert_same

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

IMAGE, ROWS, TABLE = (2, 4, 6, 5), (2, 4, 6), (5, 4)
LAYERS = {
    "Conv1d": (lambda nn: nn.Conv1d(4, 6, 3, padding=1), ROWS),
    "Conv2d": (lambda nn: nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), IMAGE),
    "Conv2d same": (lambda nn: nn.Conv2d(4, 2, (2, 3), padding="same", bias=False, dilation=2), IMAGE),
    "Conv3d": (lambda nn: nn.Conv3d(2, 3, 2), (2, 2, 3, 3, 3)),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(4, 3, 2), ROWS),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(4, 3, 3, stride=2, output_padding=1), IMAGE),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(2, padding=1), ROWS),
    "MaxPool2d": (lambda nn: nn.MaxPool2d((2, 3), 1), IMAGE),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(2), ROWS),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(2, 1), IMAGE),
    "AdaptiveAvgPool1d": (lambda nn: nn.AdaptiveAvgPool1d(2), ROWS),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d((2, 3)), IMAGE),
    "LayerNorm": (lambda nn: nn.LayerNorm((6, 5)), IMAGE),
    "LayerNorm no bias": (lambda nn: nn.LayerNorm(4, bias=False), TABLE),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), TABLE),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(4), TABLE),
    "BatchNorm1d rows": (lambda nn: nn.BatchNorm1d(4, momentum=None), ROWS),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(4, affine=False), IMAGE),
    "BatchNorm2d untracked": (lambda nn: nn.BatchNorm2d(4, track_running_stats=False), IMAGE),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), IMAGE),
    "Dropout": (lambda nn: nn.Dropout(0.3), IMAGE),
    "Flatten": (lambda nn: nn.Flatten(), IMAGE),
    "Identity": (lambda nn: nn.Identity(3, unused=True), TABLE),
    "Unfold": (lambda nn: nn.Unfold(2), IMAGE),
    "Upsample": (lambda nn: nn.Upsample(scale_factor=2), IMAGE),
    "Fold": (lambda nn: nn.Fold((4, 3), 2), (1, 8, 6)),
    "AdaptiveMaxPool1d": (lambda nn: nn.AdaptiveMaxPool1d(2), ROWS),
    "AdaptiveMaxPool2d": (lambda nn: nn.AdaptiveMaxPool2d((2, 3)), IMAGE),
    "Upsample bilinear": (lambda nn: nn.Upsample((3, 4), mode="bilinear"), IMAGE),
    "UpsamplingBilinear2d": (lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    "UpsamplingNearest2d": (lambda nn: nn.UpsamplingNearest2d((3, 9)), IMAGE),
    "PixelShuffle": (lambda nn: nn.PixelShuffle(2), IMAGE),
    "PixelUnshuffle": (lambda nn: nn.PixelUnshuffle(2), (1, 2, 4, 2)),
    "ChannelShuffle": (lambda nn: nn.ChannelShuffle(2), IMAGE),
    "Unflatten": (lambda nn: nn.Unflatten(1, (2, 2)), IMAGE),
    "BatchNorm3d": (lambda nn: nn.BatchNorm3d(2), (2, 2, 3, 2, 2)),
    "InstanceNorm1d": (lambda nn: nn.InstanceNorm1d(4), ROWS),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), IMAGE),
    "InstanceNorm2d alone": (lambda nn: nn.InstanceNorm2d(4), (4, 6, 5)),
    "InstanceNorm3d": (lambda nn: nn.InstanceNorm3d(2, affine=True), (2, 2, 3, 2, 2)),
    "Dropout1d": (lambda nn: nn.Dropout1d(0.3), ROWS),
    "Dropout2d": (lambda nn: nn.Dropout2d(0.3), IMAGE),
    "Dropout3d": (lambda nn: nn.Dropout3d(0.3), (2, 2, 3, 2, 2)),
    "AlphaDropout": (lambda nn: nn.AlphaDropout(0.3), IMAGE),
    "FeatureAlphaDropout": (lambda nn: nn.FeatureAlphaDropout(0.3), IMAGE),
    "Softmax": (lambda nn: nn.Softmax(1), TABLE),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(dim=-1), TABLE),
    "Softmax2d": (lambda nn: nn.Softmax2d(), IMAGE),
    "GLU": (lambda nn: nn.GLU(1), IMAGE),
    "PReLU": (lambda nn: nn.PReLU(), TABLE),
    "PReLU of channels": (lambda nn: nn.PReLU(4, 0.1), IMAGE),
    "RReLU": (lambda nn: nn.RReLU(), TABLE),
    "Hardshrink": (lambda nn: nn.Hardshrink(), TABLE),
    "Softshrink": (lambda nn: nn.Softshrink(0.2), TABLE),
    **{
        f"{kind}Pad{n}d": (lambda nn, kind=kind, n=n: getattr(nn, f"{kind}Pad{n}d")(1), (2, 2, 3, 4, 2)[: n + 2])
        for kind in ("Zero", "Reflection", "Replication", "Circular") for n in (1, 2, 3)
    },
    "ConstantPad2d": (lambda nn: nn.ConstantPad2d((1, 0, 2, 1), 3.5), IMAGE),
    "a small network": (
        lambda nn: nn.Sequential(
            nn.Conv2d(4, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 2)
        ),
        IMAGE,
    ),
}
PRINTED = {
    "ModuleList": lambda nn: nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.ReLU()]),
    "ModuleList, empty": lambda nn: nn.ModuleList(),
    "ModuleDict": lambda nn: nn.ModuleDict({"a": nn.ReLU(), "b": nn.Sequential(nn.Tanh())}),
    "Sequential, empty": lambda nn: nn.Sequential(),
    **{
        name: lambda nn, name=name: getattr(nn, name)()
        for name in "MSELoss L1Loss TripletMarginLoss CosineEmbeddingLoss HingeEmbeddingLoss MarginRankingLoss SoftMarginLoss MultiMarginLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss GaussianNLLLoss PoissonNLLLoss PairwiseDistance TripletMarginWithDistanceLoss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss KLDivLoss NLLLoss CrossEntropyLoss".split()  # noqa: E501
    },
}


@pytest.mark.parametrize("name", [*LAYERS, *PRINTED])
def test_a_layer_prints_as_pytorchs(name):
    make = LAYERS[name][0] if name in LAYERS else PRINTED[name]
    assert repr(make(gradviz.nn)) == repr(make(torch.nn))


def test_lists_of_parameters_print_as_pytorchs():
    ours, theirs = (side.nn.ParameterList([side.ones(2), side.ones(1, 3)]) for side in (gradviz, torch))
    assert repr(ours) == repr(theirs)
    ours, theirs = (side.nn.ParameterDict({"a": side.ones(2)}) for side in (gradviz, torch))
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_starts_runs_and_learns_as_pytorchs(name, training):
    make, shape = LAYERS[name]
    found = []
    for side in (gradviz, torch):
        side.manual_seed(11)
        layer = make(side.nn).train(training)
        x = side.from_numpy(np.random.RandomState(3).randn(*shape).astype("f4")).requires_grad_()
        start = {f"start {key}": side.tensor(each.tolist()) for key, each in layer.state_dict().items()}
        out = layer(layer(x) if "Norm" in name else x)
        (out * side.from_numpy(np.cos(np.arange(out.numel(), dtype="f4")).reshape(tuple(out.shape)))).sum().backward()
        grads = {f"gradient {key}": each.grad for key, each in layer.named_parameters()}
        state = {key: each for key, each in layer.state_dict().items()}
        found.append({**start, "output": out, "input's gradient": x.grad, **grads, **state})
    assert_same(*found)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("turned", [False, True])
def test_dropout_draws_what_pytorch_draws(p, turned):
    found = []
    for side in (gradviz, torch):
        side.manual_seed(4)
        x = side.ones(30, 40)
        found.append({"out": side.nn.functional.dropout(x.t() if turned else x, p), "then": side.rand(3)})
    assert_same(*found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "fill",
    [
        lambda init, w: init.uniform_(w, -2.0, 3.0),
        lambda init, w: init.normal_(w, 1.0, 0.5),
        lambda init, w: init.zeros_(w),
        lambda init, w: init.ones_(w),
        lambda init, w: init.constant_(w, 0.3),
        lambda init, w: init.xavier_uniform_(w, gain=2.0),
        lambda init, w: init.xavier_normal_(w),
        lambda init, w: init.kaiming_uniform_(w, nonlinearity="relu"),
        lambda init, w: init.kaiming_normal_(w, mode="fan_out", a=0.2),
    ],
)
def test_first_values_are_pytorchs(fill, dtype):
    found = []
    for side in (gradviz, torch):
        side.manual_seed(2)
        weight = side.nn.Parameter(side.zeros(5, 4, 3, dtype=getattr(side, dtype)))
        returned = fill(side.nn.init, weight)
        assert returned is weight and weight.is_leaf and weight.requires_grad
        found.append({"weight": weight})
    assert_same(*found)


@pytest.mark.parametrize("name", ["relu", "tanh", "linear", "sigmoid", "selu", "leaky_relu", "conv2d"])
def test_gains_are_pytorchs(name):
    assert gradviz.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)


class _Parts:
    """A module with a part of every kind, made from either torch."""

    def __new__(cls, side):
        net = side.nn.Module()
        net.scale = side.nn.Parameter(side.ones(2))
        net.register_buffer("offset", side.zeros(2))
        net.register_buffer("scratch", side.zeros(1), persistent=False)
        net.register_parameter("nothing", None)
        net.layers = side.nn.ModuleList([side.nn.Linear(2, 2), side.nn.BatchNorm1d(2)])
        net.add_module("named", side.nn.ModuleDict({"a": side.nn.ReLU()}))
        return net


def test_parts_are_named_as_pytorchs():
    ours, theirs = (_Parts(side) for side in (gradviz, torch))
    for listing in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [name for name, _ in getattr(ours, listing)()] == [name for name, _ in getattr(theirs, listing)()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters("x", recurse=False)] == ["x.scale"] and len(list(ours.buffers())) == 5


def test_a_state_goes_from_one_model_to_another():
    gradviz.manual_seed(1)
    one, two = _Parts(gradviz), _Parts(gradviz)
    assert str(two.load_state_dict(one.state_dict())) == "<All keys matched successfully>"
    assert_same(dict(one.state_dict()), dict(two.state_dict()))
    assert two.scale.requires_grad and two.scale.is_leaf
    found = two.load_state_dict({"scale": gradviz.ones(2), "more": gradviz.ones(1)}, strict=False)
    assert found.unexpected_keys == ["more"] and "offset" in found.missing_keys
    ours, theirs = (
        side.nn.Linear(1, 1).load_state_dict({"bias": side.ones(1), "more": side.ones(1)}, strict=False)
        for side in (gradviz, torch)
    )
    assert repr(ours) == repr(theirs)


def test_hooks_see_and_change_what_passes():
    seen = []
    layer = gradviz.nn.Identity()
    before = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    after = layer.register_forward_hook(lambda module, args, out: seen.append(out.tolist()))
    assert layer(gradviz.ones(1)).tolist() == [2] and seen == [[2]]
    before.remove(), after.remove(), after.remove()
    assert layer(gradviz.ones(1)).tolist() == [1] and seen == [[2]]


def test_modules_change_dtype_and_are_walked():
    net = _Parts(gradviz).double()
    assert {str(each.dtype) for each in net.parameters()} == {"torch.float64"}
    assert net.layers[1].num_batches_tracked.dtype == gradviz.int64 and net.scale.is_leaf
    seen = []
    net.apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Linear", "BatchNorm1d", "ModuleList", "ReLU", "ModuleDict", "Module"]
    assert not any(each.requires_grad for each in net.requires_grad_(False).parameters())


def test_containers_are_lists_and_dicts():
    nn = gradviz.nn
    layers = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    assert [type(each).__name__ for each in layers[1:]] == ["ReLU", "Linear"] and len(layers[:-1]) == 2
    listed = nn.ModuleList([nn.ReLU()])
    listed.extend([nn.Tanh()]).append(nn.Identity())
    listed[0] = nn.Sigmoid()
    assert [type(each).__name__ for each in listed[:2]] == ["Sigmoid", "Tanh"]
    named = nn.ModuleDict({"a": nn.ReLU()})
    named["b"] = nn.Tanh()
    assert list(named) == ["a", "b"] and "b" in named and len(named) == 2 and list(named.keys()) == ["a", "b"]
    parameters = nn.ParameterList([gradviz.ones(2)])
    assert parameters.append(gradviz.zeros(1))[1].requires_grad and len(list(parameters.parameters())) == 2
    parameters = nn.ParameterDict({"w": gradviz.ones(2)})
    assert parameters["w"].requires_grad and [name for name, _ in parameters.items()] == ["w"]


LOSSES = {
    "PairwiseDistance": ((), "xy"), "TripletMarginLoss": ((), "xyz"), "TripletMarginWithDistanceLoss": ((), "xyz"),
    "CosineEmbeddingLoss": ((0.1,), "xys"), "HingeEmbeddingLoss": ((), "xt"), "MarginRankingLoss": ((0.2,), "xyt"),
    "SoftMarginLoss": ((), "xt"), "MultiMarginLoss": ((2, 0.5), "xc"), "MultiLabelMarginLoss": ((), "xm"),
    "MultiLabelSoftMarginLoss": ((), "xp"), "GaussianNLLLoss": ((), "xyp"), "PoissonNLLLoss": ((False, True), "pq"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_as_a_module_is_pytorchs(name):
    settings, letters = LOSSES[name]
    draws = np.random.RandomState(0)
    given = {letter: draws.randn(4, 3) for letter in "xyz"} | {letter: draws.rand(4, 3) for letter in "pq"}
    given |= {"t": np.sign(draws.randn(4, 3)), "s": np.sign(draws.randn(4)), "c": draws.randint(0, 3, 4)}
    given["m"] = draws.randint(-1, 3, (4, 3))
    found = []
    for side in (gradviz, torch):
        inputs = [side.from_numpy(given[letter]) for letter in letters]
        inputs[0].requires_grad_()
        out = getattr(side.nn, name)(*settings)(*inputs)
        out.sum().backward()
        found.append({"out": out, "gradient": inputs[0].grad})
    assert_same(*found)


def test_an_embedding_shortens_what_it_looks_up():
    found = []
    for side in (gradviz, torch):
        layer = side.nn.Embedding(5, 3, max_norm=1.5, norm_type=3.0)
        with side.no_grad():
            layer.weight.copy_(side.from_numpy(np.random.RandomState(0).randn(5, 3).astype("f4") * 2))
        out = layer(side.tensor([[0, 3], [3, 1]]))
        out.sum().backward()
        found.append({"out": out, "weight": layer.weight, "gradient": layer.weight.grad})
    assert_same(*found)
    assert repr(gradviz.nn.Embedding(5, 3, 1, 1.5, 3.0)) == repr(torch.nn.Embedding(5, 3, 1, 1.5, 3.0))
