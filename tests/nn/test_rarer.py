"""Rarer layers, initializers, L-BFGS and what scripts do before they start, beside PyTorch's."""

import numpy as np
import pytest

import gradviz

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

SIDES = (gradviz, torch)
LAYERS = {
    "MaxPool3d": (lambda nn: nn.MaxPool3d(2, padding=1), [(1, 2, 4, 4, 4)]),
    "AvgPool3d": (lambda nn: nn.AvgPool3d(2), [(1, 2, 4, 4, 4)]),
    "AdaptiveAvgPool3d": (lambda nn: nn.AdaptiveAvgPool3d((2, None, 1)), [(1, 2, 4, 3, 4)]),
    "AdaptiveMaxPool3d": (lambda nn: nn.AdaptiveMaxPool3d(2), [(1, 2, 4, 3, 4)]),
    "ConvTranspose3d": (lambda nn: nn.ConvTranspose3d(2, 3, 2, stride=2), [(1, 2, 2, 3, 2)]),
    "LPPool1d": (lambda nn: nn.LPPool1d(2, 2), [(1, 2, 4)]),
    "LPPool2d": (lambda nn: nn.LPPool2d(2, 2, stride=1), [(1, 2, 4, 4)]),
    "LPPool3d": (lambda nn: nn.LPPool3d(2.5, (1, 2, 2)), [(1, 2, 2, 4, 4)]),
    "LPPool2d, the greatest": (lambda nn: nn.LPPool2d(float("inf"), 2), [(1, 2, 4, 4)]),
    "LPPool1d, the least": (lambda nn: nn.LPPool1d(-float("inf"), 2, stride=1), [(1, 2, 4)]),
    "LocalResponseNorm": (lambda nn: nn.LocalResponseNorm(2), [(2, 4, 3, 3)]),
    "Bilinear": (lambda nn: nn.Bilinear(3, 2, 4), [(5, 3), (5, 2)]),
    "Bilinear without bias": (lambda nn: nn.Bilinear(3, 2, 4, bias=False), [(3,), (2,)]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    make, shapes = LAYERS[name]
    found = []
    for side in SIDES:
        side.manual_seed(3)
        layer = make(side.nn)
        inputs = [side.randn(*shape).requires_grad_() for shape in shapes]
        out = layer(*inputs)
        out.sum().backward()
        found.append((repr(layer), [list(layer.state_dict()), [each.tolist() for each in (out, inputs[0].grad)]]))
    assert found[0][0] == found[1][0]
    assert found[0][1][0] == found[1][1][0]
    for mine, its in zip(found[0][1][1], found[1][1][1], strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_back_from_a_maximum_pool(dims):
    found = []
    for side in SIDES:
        pool = getattr(side.nn, f"MaxPool{dims}d")(2, return_indices=True)
        back = getattr(side.nn, f"MaxUnpool{dims}d")(2)
        side.manual_seed(3)
        leaf = side.randn(2, 3, *(4,) * dims).requires_grad_()
        values, places = pool(leaf)
        out = back(values, places, output_size=(5,) * dims)
        out.square().sum().backward()
        found.append([repr(back), places.tolist(), out.tolist(), leaf.grad.tolist()])
    assert found[0][:2] == found[1][:2]
    for mine, its in zip(found[0][2:], found[1][2:], strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"mode": "max"}, {"mode": "sum", "include_last_offset": True}, {"padding_idx": 1}])  # noqa: E501
def test_bags(settings):
    found = []
    for side in SIDES:
        side.manual_seed(3)
        layer = side.nn.EmbeddingBag(5, 2, **settings)
        out = layer(side.tensor([1, 2, 4, 1]), side.tensor([0, 2, 4] if len(settings) > 1 else [0, 2]))
        out.square().sum().backward()
        found.append([repr(layer), out.tolist(), layer.weight.grad.tolist()])
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-6)
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-6)


@pytest.mark.parametrize(
    "fill",
    [
        lambda init, w: init.eye_(w),
        lambda init, w: init.trunc_normal_(w, std=0.02),
        lambda init, w: init.sparse_(w, 0.4, 0.5) if w.ndim == 2 else init.normal_(w),
        lambda init, w: init.trunc_normal_(w, std=1.0, a=-0.5, b=0.5),
        lambda init, w: init.trunc_normal_(w, std=1.0, a=1.0, b=1.2),
        lambda init, w: init.orthogonal_(w, gain=2),
        lambda init, w: init.orthogonal_(w.t()),
        lambda init, w: init.dirac_(w.view(4, 2, 3), 2),
    ],
)
def test_initializers(fill):
    found = []
    for side in SIDES:
        side.manual_seed(5)
        found.append(fill(side.nn.init, side.zeros(4, 6)).tolist())
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"lr": 0.3, "max_iter": 4}, {"lr": 0.1, "history_size": 2, "max_eval": 6}])
def test_lbfgs(settings):
    found = []
    for side in SIDES:
        p = side.tensor([1.5, -0.5, 2.0], dtype=side.float64, requires_grad=True)
        optimizer = side.optim.LBFGS([p], **settings)

        def closure(p=p, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ((p[1:] - p[:-1] ** 2) ** 2).sum() + ((1 - p) ** 2).sum()
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(4)]
        state = optimizer.state_dict()["state"][0]
        found.append([*losses, *p.tolist(), state["func_evals"], state["n_iter"]])
    np.testing.assert_allclose(*found, rtol=1e-7, atol=1e-9)


def test_vectors_and_sequences():
    found = []
    for side in SIDES:
        utils = side.nn.utils
        parts = [side.ones(2, requires_grad=True), side.ones(2, 3, requires_grad=True)]
        whole = utils.parameters_to_vector(parts)
        utils.vector_to_parameters(side.arange(8.0), parts)
        rows = [side.ones(2, 2), side.ones(3, 2)]
        padded = [utils.rnn.pad_sequence(rows, *how) for how in ((), (True, 0.5), (True, 2.0, "left"))]
        total = utils.get_total_norm(rows)
        said = []
        for call, given in ((utils.rnn.pad_sequence, ([],)), (utils.vector_to_parameters, (3, parts))):
            try:
                call(*given)
            except (RuntimeError, TypeError) as error:
                said.append((type(error).__name__, str(error)))
        values = [each.tolist() for each in (whole, *parts, *padded, total)]
        found.append([whole.grad_fn.name(), *values, said])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_interpolate_by_its_old_names(name):
    found = []
    for side in SIDES:
        with pytest.warns(UserWarning) as warned:
            out = getattr(side.nn.functional, name)(side.arange(6.0).reshape(1, 1, 2, 3), scale_factor=2)
        found.append([str(warned[0].message), out.numpy()])
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_fusion(bias):
    found = []
    for side in SIDES:
        nn, utils = side.nn, side.nn.utils
        side.manual_seed(2)
        linear = utils.fuse_linear_bn_eval(nn.Linear(3, 2, bias=bias).eval(), nn.BatchNorm1d(2).eval())
        conv = utils.fuse_conv_bn_eval(nn.Conv2d(2, 3, 2, bias=bias).eval(), nn.BatchNorm2d(3).eval())
        turned = utils.fuse_conv_bn_eval(nn.ConvTranspose2d(2, 3, 2, bias=bias).eval(), nn.BatchNorm2d(3).eval(), True)
        images = side.arange(24.0).reshape(1, 2, 3, 4)
        found.append([linear(side.ones(2, 3)), conv(images), turned(images)])
        with pytest.raises(AssertionError, match="Fusion only for eval!"):
            utils.fuse_linear_bn_eval(nn.Linear(3, 2), nn.BatchNorm1d(2))
        with pytest.raises(AssertionError, match="got linear.out_features=2 and bn.num_features=3"):
            utils.fuse_linear_bn_eval(nn.Linear(3, 2).eval(), nn.BatchNorm1d(3).eval())
    for mine, its in zip(*found, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), its.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_tensors_of_older_scripts():
    for make in (
        lambda torch: torch.Tensor([1, 2]), lambda torch: torch.Tensor(2, 3).shape, lambda torch: torch.Tensor().shape,
        lambda torch: torch.FloatTensor([1, 2]), lambda torch: torch.LongTensor([1.5, 2]),
        lambda torch: torch.LongTensor(2, 1).shape, lambda torch: torch.BoolTensor([0, 1]),
        lambda torch: torch.tril_indices(3, 3), lambda torch: torch.triu_indices(2, 4, 1),
        lambda torch: (torch.set_num_threads(1), torch.get_num_threads())[1],
        lambda torch: torch.backends.mps.is_available(),
    ):  # fmt: skip
        assert repr(make(gradviz)) == repr(make(torch))


def test_the_third_derivative_of_layer_norm_is_that_of_its_values():
    """PyTorch's isn't: see docs/ops.md."""
    x, weight = np.random.RandomState(0).randn(2, 4), gradviz.from_numpy(np.random.RandomState(1).randn(2, 4))

    def second(array):
        leaf = gradviz.from_numpy(array.copy()).requires_grad_()
        out = gradviz.nn.functional.layer_norm(leaf, (4,)) * weight
        (grad,) = gradviz.autograd.grad(out.sum(), leaf, create_graph=True)
        (again,) = gradviz.autograd.grad((grad * grad).sum(), leaf, create_graph=True)
        return leaf, (again * again).sum()

    leaf, value = second(x)
    (third,) = gradviz.autograd.grad(value, leaf)
    numeric = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-5
        numeric[place] = (second(x + step)[1].item() - second(x - step)[1].item()) / 2e-5
    np.testing.assert_allclose(third.numpy(), numeric, rtol=1e-5, atol=1e-5)
