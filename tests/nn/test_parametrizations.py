"""Weights made of others, by hooks and by parametrizations, beside PyTorch's; and hooks around state_dict."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)
LAYERS = {
    "Linear": (lambda nn: nn.Linear(3, 2), (4, 3)),
    "Conv2d": (lambda nn: nn.Conv2d(2, 3, 2), (1, 2, 3, 3)),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(2, 3, 2), (1, 2, 3, 3)),
}


def told(side, layer, shape):
    """What a layer is and does: its looks, names and sizes; its output, its gradients, and the graph of its weight."""
    inputs = side.from_numpy(np.sin(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape))
    layer.zero_grad()
    out = layer(inputs)
    graph = names(layer.weight.grad_fn)
    out.square().sum().backward()
    state = [(name, tuple(each.shape)) for name, each in layer.state_dict().items()]
    learned = {name: each.grad for name, each in layer.named_parameters()}
    return [repr(layer), type(layer).__name__, state, list(learned), graph], [out, *learned.values()]


def names(node):
    """The names of a graph's nodes."""
    return node and (node.name().rpartition("::")[2], [names(each) for each, _ in node.next_functions])


def same(found):
    """AssertionError unless both sides were told the same, but for rounding."""
    (mine, mine_numbers), (its, its_numbers) = found
    assert mine == its
    for one, other in zip(mine_numbers, its_numbers, strict=True):
        np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=1e-4, atol=1e-5)


def compared(name, *changes):
    """A layer on both sides, told after each change."""
    make, shape = LAYERS[name]
    found = []
    for side in SIDES:
        side.manual_seed(3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = make(side.nn)
            found.append([told(side, each(side, layer) or layer, shape) for each in changes])
    for both in zip(*found, strict=True):
        same(both)


def nothing(side, layer):
    """No change."""


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_by_a_hook(name, dim):
    compared(
        name,
        lambda side, layer: side.nn.utils.weight_norm(layer, dim=dim),
        lambda side, layer: side.nn.utils.remove_weight_norm(layer),
    )


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(name, dim):
    def doubled(side, layer):
        layer.weight = layer.weight.detach() * 2

    compared(
        name,
        lambda side, layer: side.nn.utils.parametrizations.weight_norm(layer, dim=dim),
        doubled,
        lambda side, layer: side.nn.utils.parametrize.remove_parametrizations(layer, "weight"),
    )


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dim", [1, None])
def test_spectral_norm_by_a_hook(name, dim):
    compared(
        name,
        lambda side, layer: side.nn.utils.spectral_norm(layer, n_power_iterations=2, dim=dim),
        nothing,
        lambda side, layer: layer.eval(),
        lambda side, layer: side.nn.utils.remove_spectral_norm(layer),
    )


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dim", [1, None])
def test_spectral_norm(name, dim):
    compared(
        name,
        lambda side, layer: side.nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=2, dim=dim),
        nothing,
        lambda side, layer: layer.eval(),
        lambda side, layer: copy.deepcopy(layer),
        lambda side, layer: side.nn.utils.parametrize.remove_parametrizations(layer, "weight"),
    )


def test_an_old_state_fits_the_new_weight_norm():
    for side in SIDES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = side.nn.utils.weight_norm(side.nn.Linear(3, 2))
        layer = side.nn.utils.parametrizations.weight_norm(side.nn.Linear(3, 2))
        assert str(layer.load_state_dict(old.state_dict())) == "<All keys matched successfully>"
        assert layer.parametrizations.weight.original1.tolist() == old.weight_v.tolist()


# -- parametrizations of one's own -------------------------------------------------------------------


def own(side):
    """Parametrizations, {name: a module that makes one tensor of others}."""

    def module(forward, inverse=None):
        members = {"forward": lambda self, *given: forward(*given)}
        if inverse is not None:
            members["right_inverse"] = lambda self, given: inverse(given)
        return type("Own", (side.nn.Module,), members)()

    return {
        "symmetric": lambda: module(lambda x: x.triu() + x.triu(1).transpose(-1, -2), lambda a: a.triu()),
        "twice": lambda: module(lambda x: x * 2),
        "a pair": lambda: module(lambda a, b: a + b, lambda x: (x / 2, x / 2)),
        "a double": lambda: module(lambda x: x.double()),
        "a row": lambda: module(lambda x: x[0]),
        "a number": lambda: module(lambda x: 3),
        "back to a number": lambda: module(lambda x: x, lambda x: 3),
        "back to a double": lambda: module(lambda x: x, lambda x: x.double()),
    }


def test_parametrizations_follow_each_other():
    found = []
    for side in SIDES:
        side.manual_seed(3)
        layer, made, tell = side.nn.Linear(3, 3), own(side), side.nn.utils.parametrize
        seen = []
        tell.register_parametrization(layer, "weight", made["symmetric"]())
        seen.append(told(side, layer, (2, 3)))
        layer.weight = side.ones(3, 3)
        tell.register_parametrization(layer, "weight", made["twice"]())
        tell.register_parametrization(layer, "bias", made["twice"]())
        seen.append(told(side, layer, (2, 3)))
        with tell.cached():
            assert layer.weight is layer.weight
        assert layer.weight is not layer.weight
        assert tell.is_parametrized(layer, "bias") and not tell.is_parametrized(layer, "other")
        assert tell.type_before_parametrizations(layer) is side.nn.Linear
        tell.remove_parametrizations(layer, "weight", leave_parametrized=False)
        seen.append(told(side, layer, (2, 3)))
        tell.remove_parametrizations(layer, "bias")
        seen.append(told(side, layer, (2, 3)))
        tell.register_parametrization(layer, "weight", made["a pair"]())
        layer.weight = side.ones(3, 3)
        seen.append(told(side, layer, (2, 3)))
        found.append(seen)
    for both in zip(*found, strict=True):
        same(both)


def _register(kind, name="weight", first=None):
    def run(side):
        layer = side.nn.Linear(3, 3)
        for each in (first, kind):
            if each is not None:
                side.nn.utils.parametrize.register_parametrization(layer, name, own(side)[each]())
        return layer

    return run


REFUSED = {
    **{kind: _register(kind) for kind in ("a double", "a row", "a number", "back to a number", "back to a double")},
    **{
        f"{kind} behind another": _register(kind, first="twice")
        for kind in ("a double", "a row", "a number", "back to a number", "back to a double")
    },
    "nothing of this name": _register("twice", "nothing"),
    "nothing to remove": lambda side: side.nn.utils.parametrize.remove_parametrizations(side.nn.Linear(3, 3), "weight"),
    "a value without an inverse": lambda side: setattr(_register("twice")(side), "weight", side.ones(3, 3)),
    "a pair left as it is": lambda side: side.nn.utils.parametrize.remove_parametrizations(_register("a pair")(side), "weight", False),  # noqa: E501
    "a pickle": lambda side: pickle.dumps(_register("twice")(side)),
    "no such weight": lambda side: side.nn.utils.parametrizations.spectral_norm(side.nn.Linear(2, 2), "w"),
    "a dimension beyond": lambda side: side.nn.utils.parametrizations.spectral_norm(side.nn.Linear(2, 2), dim=5),
    "no iterations": lambda side: side.nn.utils.parametrizations.spectral_norm(side.nn.Linear(2, 2), n_power_iterations=0),  # noqa: E501
    "no iterations of a hook": lambda side: side.nn.utils.spectral_norm(side.nn.Linear(2, 2), n_power_iterations=0),
    "no weight norm": lambda side: side.nn.utils.remove_weight_norm(side.nn.Linear(2, 2)),
    "no spectral norm": lambda side: side.nn.utils.remove_spectral_norm(side.nn.Linear(2, 2)),
    "a spectral norm twice": lambda side: side.nn.utils.spectral_norm(side.nn.utils.spectral_norm(side.nn.Linear(2, 2))),  # noqa: E501
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    said = []
    for side in SIDES:
        with pytest.raises(Exception) as refusal:  # noqa: PT011  the class is compared below
            REFUSED[name](side)
        said.append((type(refusal.value).__name__, str(refusal.value)))
    assert said[0] == said[1]


# -- state and names ---------------------------------------------------------------------------------


def test_hooks_around_the_state():
    heard = []
    for side in SIDES:
        net, said = side.nn.Sequential(side.nn.Linear(2, 2), side.nn.Sequential(side.nn.Linear(2, 1))), []

        def renamed(module, state, prefix, metadata, strict, missing, unexpected, errors, said=said):
            said.append(("before", prefix, strict))
            if "old" in state:
                state["0.weight"] = state.pop("old")

        for each in (net, net[1]):
            each.register_state_dict_pre_hook(lambda module, prefix, keep, said=said: said.append((prefix, keep)))
            each.register_state_dict_post_hook(lambda module, state, prefix, _, said=said: said.append((prefix, len(state))))  # noqa: E501
            each.register_load_state_dict_post_hook(lambda module, keys, said=said: said.append(list(keys.missing_keys)))  # noqa: E501
            each.register_load_state_dict_pre_hook(renamed)
        state = net.state_dict()
        state["old"] = state.pop("0.weight")
        said.append(repr(net.load_state_dict(state, strict=False)))
        heard.append(sorted(map(str, said)))
    assert heard[0] == heard[1]


def test_parts_by_their_names():
    for side in SIDES:
        net = side.nn.Sequential(side.nn.Linear(2, 2), side.nn.Sequential(side.nn.BatchNorm1d(2)))
        assert net.get_submodule("1.0") is net[1][0] and net.get_submodule("") is net
        assert net.get_parameter("1.0.weight") is net[1][0].weight
        assert net.get_buffer("1.0.running_mean") is net[1][0].running_mean
        net.set_submodule("1.0", side.nn.Identity())
        assert isinstance(net[1][0], side.nn.Identity)


WRONG = {
    "get_submodule": ["3", "0.weight", "0.x"], "get_parameter": ["0.x", "0.in_features", "1.running_mean"],
    "get_buffer": ["1.x", "1.weight"],
}  # fmt: skip


@pytest.mark.parametrize(("what", "path"), [(what, path) for what, paths in WRONG.items() for path in paths])
def test_names_that_lead_nowhere(what, path):
    said = []
    for side in SIDES:
        net = side.nn.Sequential(side.nn.Linear(2, 2), side.nn.BatchNorm1d(2))
        with pytest.raises(AttributeError) as refusal:
            getattr(net, what)(path)
        said.append(str(refusal.value))
    assert said[0] == said[1]
