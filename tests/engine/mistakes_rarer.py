"""Mistakes with volumes, bags, bilinear maps, windows and grids, as in mistakes.py."""


def _f(name, *shapes, **kwargs):
    return lambda torch: getattr(torch.nn.functional, name)(*(torch.ones(shape) for shape in shapes), **kwargs)


def _bag(offsets, rows=(6, 3), indices=(1, 2, 4, 5, 4, 3), **kwargs):
    return lambda torch: torch.nn.functional.embedding_bag(
        torch.tensor(indices), torch.ones(rows), None if offsets is None else torch.tensor(offsets), **kwargs
    )


def _of(*shape, **kwargs):
    return lambda torch: torch.ones(shape).unfold(**kwargs)


VOLUME = (1, 1, 2, 2, 2)
MISTAKES = {
    "max_pool3d of a matrix": _f("max_pool3d", (2, 3), kernel_size=2),
    "max_pool3d of a small volume": _f("max_pool3d", VOLUME, kernel_size=3),
    "max_pool3d with too much padding": _f("max_pool3d", VOLUME, kernel_size=2, padding=2),
    "max_pool3d of no depth": _f("max_pool3d", (1, 1, 0, 2, 2), kernel_size=2),
    "avg_pool3d of a small volume": _f("avg_pool3d", VOLUME, kernel_size=3),
    "avg_pool3d by nothing": _f("avg_pool3d", VOLUME, kernel_size=2, divisor_override=0),
    "adaptive_avg_pool3d of an image": _f("adaptive_avg_pool3d", (2, 3, 4), output_size=2),
    "adaptive_max_pool3d of a matrix": _f("adaptive_max_pool3d", (2, 3), output_size=(2, 2, 2)),
    "local_response_norm of a matrix": _f("local_response_norm", (2, 3), size=2),
    "bilinear of another width": _f("bilinear", (5, 3), (5, 4), (2, 4, 4)),
    "bilinear of other batches": _f("bilinear", (5, 3), (4, 4), (2, 3, 4)),
    "bilinear of other dimensions": _f("bilinear", (5, 3), (2, 5, 4), (2, 3, 4)),
    "bilinear with another bias": _f("bilinear", (5, 3), (5, 4), (2, 3, 4), (3,)),
    "bilinear of two dtypes": lambda torch: torch.nn.functional.bilinear(
        torch.ones(5, 3).double(), torch.ones(5, 4), torch.ones(2, 3, 4)
    ),
    "Bilinear of nothing": lambda torch: torch.nn.Bilinear(0, 2, 3),
    "embedding_bag without offsets": _bag(None),
    "embedding_bag of offsets too many": lambda torch: torch.nn.functional.embedding_bag(
        torch.ones(2, 3).long(), torch.ones(6, 3), torch.tensor([0])
    ),
    "embedding_bag that doesn't begin at 0": _bag((1, 2)),
    "embedding_bag beyond the end": _bag((0, 9)),
    "embedding_bag of an unknown mode": _bag((0, 2), mode="min"),
    "embedding_bag of no row": _bag((0, 1), indices=(9, 1)),
    "embedding_bag of a padding that isn't there": _bag((0, 2), padding_idx=9),
    "embedding_bag scaled and greatest": _bag((0, 2), mode="max", scale_grad_by_freq=True),
    "embedding_bag of floats": _f("embedding_bag", (3,), (6, 3), (1,)),
    "embedding_bag, weighed mean": lambda torch: torch.nn.functional.embedding_bag(
        torch.tensor([1, 2]), torch.ones(6, 3), torch.tensor([0]), per_sample_weights=torch.ones(2)
    ),
    "unfold of too large a window": _of(3, dimension=0, size=4, step=1),
    "unfold without a step": _of(3, dimension=0, size=2, step=0),
    "unfold of a negative size": _of(3, dimension=0, size=-2, step=1),
    "unfold of no dimension": _of(3, dimension=2, size=1, step=1),
    "affine_grid of a matrix": _f("affine_grid", (1, 2, 3), size=(1, 1, 4)),
    "affine_grid of another map": _f("affine_grid", (1, 3, 3), size=(1, 1, 4, 4)),
    "affine_grid of nothing": _f("affine_grid", (1, 2, 3), size=(1, 1, 0, 4)),
    "grid_sample of other batches": _f("grid_sample", (2, 2, 3, 3), (1, 3, 3, 2)),
    "grid_sample of other dimensions": _f("grid_sample", (1, 2, 3, 3), (1, 3, 3, 3)),
    "grid_sample of an unknown mode": _f("grid_sample", (1, 2, 3, 3), (1, 3, 3, 2), mode="x"),
    "grid_sample of an unknown padding": _f("grid_sample", (1, 2, 3, 3), (1, 3, 3, 2), padding_mode="x"),
    "grid_sample of nothing": _f("grid_sample", (1, 2, 0, 3), (1, 3, 3, 2)),
    "select of no place": lambda torch: torch.ones(2, 3).select(0, 5),
    "isin of bools": lambda torch: torch.isin(torch.tensor([True]), torch.tensor([1])),
    "tril_indices of less than nothing": lambda torch: torch.tril_indices(-1, 3),
    "orthogonal_ of a vector": lambda torch: torch.nn.init.orthogonal_(torch.ones(3)),
    "eye_ of a vector": lambda torch: torch.nn.init.eye_(torch.ones(3)),
    "dirac_ of a matrix": lambda torch: torch.nn.init.dirac_(torch.ones(2, 2)),
    "CyclicLR of an unknown mode": lambda torch: torch.optim.lr_scheduler.CyclicLR(
        torch.optim.SGD([torch.ones(1, requires_grad=True)], 0.1, 0.9), 0.1, 0.2, mode="round"
    ),
    "contiguous as it is": lambda torch: torch.ones(2, 3).t().contiguous(memory_format=torch.preserve_format),
    "channels_last of a matrix": lambda torch: torch.ones(2, 3).clone(memory_format=torch.channels_last),
}  # fmt: skip
