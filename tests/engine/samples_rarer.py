"""Volumes, bags, grids and other rarer layers: an example of each op."""

from math import prod

from tests.engine.sampling import Sample, twice

VOLUME, SINGLE = (1, 2, 4, 4, 5), (2, 3, 4, 4)


def _f(name, *args, **kwargs):
    """A function of torch.nn.functional, its first arguments being the inputs."""
    return lambda torch, *tensors: getattr(torch.nn.functional, name)(*tensors, *args, **kwargs)



POOLS = (
    Sample("max_pool3d_with_indices", _f("max_pool3d", 2), (VOLUME,), second=False),
    Sample("max_pool3d_with_indices", _f("max_pool3d", (2, 3, 2), 1, 1, (1, 1, 2), True), (SINGLE,), second=False),
    Sample("max_pool3d_with_indices", lambda torch, a: torch.nn.functional.max_pool3d(a, 2, return_indices=True)[1], (VOLUME,), second=False),  # noqa: E501
    Sample("max_pool3d_backward", twice(_f("max_pool3d", 2)), (VOLUME,), second=False),
    Sample("gather", twice(twice(_f("max_pool3d", 2))), (VOLUME,), second=False),
    Sample("avg_pool3d", _f("avg_pool3d", 2), (VOLUME,), second=False),
    Sample("avg_pool3d", _f("avg_pool3d", (2, 3, 2), 1, 1, True, False), (SINGLE,), second=False),
    Sample("avg_pool3d", _f("avg_pool3d", 2, divisor_override=3), (VOLUME,), second=False),
    Sample("avg_pool3d_backward", twice(_f("avg_pool3d", 2)), (VOLUME,), second=False),
    Sample("adaptive_avg_pool3d", _f("adaptive_avg_pool3d", (2, 3, None)), (VOLUME,), second=False),
    Sample("adaptive_avg_pool3d_backward", twice(_f("adaptive_avg_pool3d", 3)), (VOLUME,), second=False),
    Sample("mean_dim", _f("adaptive_avg_pool3d", 1), (SINGLE,), second=False),
    Sample("adaptive_max_pool3d_backward", twice(_f("adaptive_max_pool3d", 2)), (VOLUME,), second=False),
    Sample("adaptive_max_pool3d", _f("adaptive_max_pool3d", (2, 3, None)), (VOLUME,), second=False),
    Sample("adaptive_max_pool3d", lambda torch, a: torch.nn.functional.adaptive_max_pool3d(a, 2, True)[1], (VOLUME,), second=False),  # noqa: E501
    Sample("convolution", _f("conv_transpose3d", stride=2, output_padding=1), ((1, 2, 2, 3, 2), (2, 2, 2, 1, 2), (2,))),
    Sample("pow_scalar", _f("lp_pool2d", 2, 2), ((1, 2, 4, 4),)),
    Sample("pow_scalar", _f("lp_pool1d", 3.0, 2, 1), (((1, 2, 4), "positive"),)),
    Sample("div", _f("local_response_norm", 2, 0.5), ((2, 4, 3, 2),)),
    Sample("div", _f("local_response_norm", 3, 0.5), ((2, 4, 3),)),
)  # fmt: skip


def _back(dims, *args, **kwargs):
    """A maximum pool and the way back."""

    def run(torch, a):
        pool, unpool = (getattr(torch.nn.functional, f"max_{way}{dims}d") for way in ("pool", "unpool"))
        return unpool(*pool(a, *args, return_indices=True), *args, **kwargs)

    return run


UNPOOLS = (
    Sample("max_unpool2d", _back(1, 2), ((2, 1, 4),), second=False),
    Sample("max_unpool2d", _back(2, 2), ((1, 2, 4, 6),), second=False),
    Sample("max_unpool2d", _back(2, (2, 1), (2, 1), output_size=(1, 2, 5, 3)), ((2, 5, 3),), second=False),
    Sample("max_unpool2d", lambda torch, a: torch.nn.MaxUnpool2d(2)(a, torch.arange(12, -3, -4).reshape(a.shape)), ((1, 2, 2),), second=False),  # noqa: E501
    Sample("max_unpool3d", _back(3, 2), ((1, 2, 2, 4, 2),), second=False),
    Sample("max_unpool3d", _back(3, 2, 2, output_size=(3, 4, 3)), ((2, 3, 4, 3),), second=False),
    Sample("max_pool2d_with_indices", lambda torch, a: torch.nn.MaxPool1d(2, return_indices=True)(a)[0], ((2, 1, 4),), second=False),  # noqa: E501
    Sample("adaptive_max_pool2d", lambda torch, a: torch.adaptive_max_pool1d(a, 2)[0], ((2, 1, 4),), second=False),
)  # fmt: skip


def _packed(lengths, **settings):
    return lambda torch, a: torch.nn.utils.rnn.pack_padded_sequence(a, lengths, **settings).data


def _padded(torch, a):
    rnn = torch.nn.utils.rnn
    return rnn.pad_packed_sequence(rnn.pack_padded_sequence(a, [4, 2, 2]), True, 1.0, 5)[0]


STEPS = (4, 3, 2)
PACKS = (
    Sample("pack_padded_sequence", _packed([4, 2, 2]), (STEPS,), second=False),
    Sample("pack_padded_sequence", _packed([3, 2, 2, 1], batch_first=True), (STEPS,), second=False),  # noqa: E501
    Sample("pack_padded_sequence_backward", twice(_packed([4, 2, 2])), (STEPS,), second=False),
    Sample("pack_padded_sequence_backward", twice(_packed([3, 3, 1, 1], batch_first=True)), (STEPS,), second=False),
    Sample("packed_rows", twice(twice(_packed([4, 2, 2]))), (STEPS,), second=False),
    Sample("pack_padded_sequence", _padded, (STEPS,), second=False),
    Sample("pack_padded_sequence", _packed([4, 3, 1]), (STEPS,), second=False),
)  # fmt: skip

NORMS = (
    Sample("weight_norm_interface", lambda torch, v, g: torch._weight_norm(v, g, 0), (((2, 3, 2), "constant"), (2, 1, 1)), second=False),  # noqa: E501
    # the second derivative takes the norms for constants, as PyTorch's does
    Sample("weight_norm_interface", lambda torch, v, g: torch._weight_norm(v, g, 1), ((2, 3), (1, 3)), slope=False),
    Sample("norm_of_all", lambda torch, v: torch.norm_except_dim(v, 2, -1), ((2, 3),)),
)  # fmt: skip

INDICES = ((6,), "class")


def _offsets(torch):
    return torch.tensor([0, 2, 2])


def _bag(**settings):
    return lambda torch, i, w: torch.nn.functional.embedding_bag(i, w, _offsets(torch), **settings)


def _weighed_bag(torch, i, w, p):
    return torch.nn.functional.embedding_bag(i, w, _offsets(torch), mode="sum", per_sample_weights=p)


def _bag_gradient(which, **settings):
    """The gradient of a bag for its weight or for the factors of its rows, of which PyTorch has no derivative."""

    def run(torch, i, w, p):
        leaves = [each.detach().requires_grad_() for each in (w, p)]
        out = _weighed_bag(torch, i, *leaves)
        return torch.autograd.grad((out * out).sum(), leaves[which], create_graph=True)[0].detach()

    return run


BAGS = (
    Sample("embedding_bag", _bag(), (INDICES, (4, 2)), second=False),
    Sample("embedding_bag", _bag(mode="sum", padding_idx=1, scale_grad_by_freq=True), (INDICES, (4, 2)), second=False, slope=False),  # noqa: E501
    Sample("embedding_bag", _bag(mode="max"), (INDICES, (4, 2)), second=False),
    Sample("embedding_bag", lambda torch, i, w: torch.nn.functional.embedding_bag(i, w), (((2, 3), "class"), (4, 2)), second=False),  # noqa: E501
    Sample("embedding_bag", _weighed_bag, (INDICES, (4, 2), ((6,), "constant")), second=False),
    Sample("embedding_bag_backward", _bag_gradient(0), (INDICES, ((4, 2), "constant"), ((6,), "constant"))),
    Sample("embedding_bag_samples_backward", _bag_gradient(1), (INDICES, ((4, 2), "constant"), ((6,), "constant"))),
    Sample("trilinear", _f("bilinear"), ((5, 3), (5, 4), (2, 3, 4), (2,))),
    Sample("trilinear", _f("bilinear"), ((2, 1, 3), (2, 1, 2), (2, 3, 2))),
)  # fmt: skip

WINDOWS = (
    Sample("windows_of", lambda torch, a: a.unfold(0, 2, 1), ((5, 4),), second=False),
    Sample("windows_of", lambda torch, a: a.unfold(-1, 2, 3), ((2, 7),), second=False),
    Sample("windows_of", lambda torch, a: a.unfold(0, 1, 1), ((),), second=False),
    Sample("unfold_backward", twice(lambda torch, a: a.unfold(0, 2, 1)), ((5, 4),), second=False),
)

def _seeded(run):
    return lambda torch, a: (torch.manual_seed(4), run(torch, a.contiguous()))[1]  # draws go by places in memory


WHERE = (
    Sample("isin_of", lambda torch, a: torch.isin((a > 0).long(), torch.tensor([1, 5])), (((2, 3), "constant"),)),
    Sample("isin_of", lambda torch, c: torch.isin(c, torch.tensor([1, 5]), invert=True), (((2, 3), "class"),)),
    Sample("isposinf", lambda torch, a: (a / 0).isposinf(), ((2, 3),)),
    Sample("isneginf", lambda torch, a: torch.isneginf(a / 0), ((2, 3),)),
    Sample("select", lambda torch, a: torch.select(a, -1, 1), ((2, 3),), second=False),
    Sample("softmax", _seeded(_f("gumbel_softmax", 0.7)), ((2, 3),)),
    Sample("add", _seeded(_f("gumbel_softmax", hard=True)), ((2, 3),), slope=False),
)  # fmt: skip

def _grid_of_one(shape, points, mode="bilinear", padding="zeros", align=False):
    """Input and grid as views of one vector: of two that fit nothing, PyTorch's second backward ends the process."""
    count = prod(shape)

    def run(torch, both):
        input, grid = both[:count].view(shape), both[count:].view(points)
        return torch.nn.functional.grid_sample(input, grid, mode, padding, align)

    return run


PLANE, POINTS = (1, 2, 4, 5), (1, 3, 2, 2)
GRIDS = (
    *(
        Sample("grid_sampler_2d", _f("grid_sample", mode, padding, align), (PLANE, POINTS), second=mode != "nearest")
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in ("zeros", "border", "reflection") for align in (False, True)
    ),
    Sample("grid_sampler_3d", _f("grid_sample", align_corners=False), ((1, 2, 3, 4, 3), (1, 2, 1, 2, 3))),
    *(
        Sample("grid_sampler_2d_backward", twice(_grid_of_one(PLANE, POINTS, *how)), ((52,),), how[0] != "nearest")
        for how in (
            ("bilinear", "zeros", False), ("bilinear", "reflection", True), ("bicubic", "border", False),
            ("nearest", "border", False),
        )
    ),
    Sample("grid_sampler_3d_backward", twice(_grid_of_one((1, 2, 3, 4, 3), (1, 2, 1, 2, 3), "bilinear", "reflection")), ((84,),)),  # noqa: E501
    Sample("affine_grid_generator", _f("affine_grid", (2, 1, 3, 4), False), ((2, 2, 3),), second=False),
    Sample("affine_grid_generator", _f("affine_grid", (1, 1, 2, 3, 1), True), ((1, 3, 4),), second=False),
    Sample("affine_points", twice(_f("affine_grid", (1, 1, 2, 3), False)), ((1, 2, 3),), second=False),
)  # fmt: skip

SAMPLES = (*POOLS, *BAGS, *WINDOWS, *WHERE, *GRIDS, *UNPOOLS, *PACKS, *NORMS)
