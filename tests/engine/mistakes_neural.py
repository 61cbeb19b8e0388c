"""Mistakes with matrix products, linear algebra, layers, losses and optimizers, as in mistakes.py."""


def _f(name, *shapes, **kwargs):
    return lambda torch: getattr(torch.nn.functional, name)(*(torch.ones(shape) for shape in shapes), **kwargs)


def _leaf(torch):
    return torch.ones(2, requires_grad=True)


def _adam(**settings):
    return lambda torch: torch.optim.Adam([_leaf(torch)], **settings)


def _scheduled(name, *args, **settings):
    return lambda torch: getattr(torch.optim.lr_scheduler, name)(torch.optim.SGD([_leaf(torch)]), *args, **settings)


def _loaded(torch):
    torch.nn.Linear(1, 2).load_state_dict({"weight": torch.ones(3, 1), "other": torch.ones(1)})


def _assigned(torch):
    torch.nn.Linear(1, 2).weight = torch.ones(2)


def _in_two_groups(torch):
    x = _leaf(torch)
    torch.optim.SGD([{"params": [x]}, {"params": [x]}], lr=0.1)


MISTAKES = {
    # products
    "addmv of sizes that don't match": lambda torch: torch.addmv(torch.ones(2), torch.ones(2, 3), torch.ones(2)),
    "addr of a matrix": lambda torch: torch.addr(torch.ones(2, 2), torch.ones(2, 2), torch.ones(2)),
    "baddbmm of matrices": lambda torch: torch.baddbmm(torch.ones(2), torch.ones(2, 2), torch.ones(2, 2, 2)),
    "outer of a matrix": lambda torch: torch.outer(torch.ones(2, 2), torch.ones(2)),
    "inner of sizes that don't match": lambda torch: torch.inner(torch.ones(2, 3), torch.ones(2)),
    "tensordot of sizes that don't match": lambda torch: torch.tensordot(torch.ones(2, 3), torch.ones(2, 3), dims=1),
    "tensordot of too many dims": lambda torch: torch.tensordot(torch.ones(2, 3), torch.ones(3), dims=2),
    "tensordot of unequal lists": lambda torch: torch.tensordot(torch.ones(2), torch.ones(2), dims=([0], [])),
    "einsum of too few operands": lambda torch: torch.einsum("ij,jk->ik", torch.ones(2, 3)),
    "einsum of too many operands": lambda torch: torch.einsum("ij->i", torch.ones(2, 3), torch.ones(2)),
    "einsum of too few subscripts": lambda torch: torch.einsum("i->i", torch.ones(2, 3)),
    "einsum of an unknown output": lambda torch: torch.einsum("ij->k", torch.ones(2, 3)),
    "einsum of an output twice": lambda torch: torch.einsum("ij->ii", torch.ones(2, 3)),
    # linear algebra
    "inv of no square": lambda torch: torch.linalg.inv(torch.ones(2, 3)),
    "inv of a vector": lambda torch: torch.linalg.inv(torch.ones(2)),
    "inv of a singular matrix": lambda torch: torch.linalg.inv(torch.ones(2, 2)),
    "inv of integers": lambda torch: torch.linalg.inv(torch.ones(2, 2).long()),
    "det of no square": lambda torch: torch.det(torch.ones(2, 3)),
    "solve of a singular matrix": lambda torch: torch.linalg.solve(torch.ones(2, 2), torch.ones(2)),
    "solve of sizes that don't match": lambda torch: torch.linalg.solve(torch.eye(2), torch.ones(3, 1)),
    "cholesky of an indefinite matrix": lambda torch: torch.linalg.cholesky(-torch.eye(2)),
    "matrix_power of no square": lambda torch: torch.linalg.matrix_power(torch.ones(2, 3), 2),
    "vector_norm of integers": lambda torch: torch.linalg.vector_norm(torch.arange(3)),
    # layers
    "conv2d of a vector": _f("conv2d", (3,), (1, 1, 2, 2)),
    "conv2d of other channels": _f("conv2d", (1, 2, 4, 4), (1, 3, 2, 2)),
    "conv2d of a kernel too large": _f("conv2d", (1, 1, 2, 2), (1, 1, 3, 3)),
    "conv2d of a bias of another size": _f("conv2d", (1, 1, 2, 2), (1, 1, 2, 2), (2,)),
    "conv2d of doubles": lambda torch: torch.nn.functional.conv2d(torch.ones(1, 1, 2, 2).double(), torch.ones(1, 1, 1, 1)),  # noqa: E501
    "conv2d same with a stride": _f("conv2d", (1, 1, 2, 2), (1, 1, 2, 2), padding="same", stride=2),
    "max_pool2d of a matrix": _f("max_pool2d", (3, 3), kernel_size=2),
    "max_pool2d of a kernel too large": _f("max_pool2d", (1, 2, 2), kernel_size=3),
    "avg_pool2d of too much padding": _f("avg_pool2d", (1, 4, 4), kernel_size=2, padding=2),
    "max_pool2d of too much padding": _f("max_pool2d", (1, 4, 4), kernel_size=2, padding=2),
    "layer_norm of another shape": _f("layer_norm", (2, 3), normalized_shape=(2,)),
    "layer_norm of a weight of another shape": lambda torch: torch.nn.functional.layer_norm(torch.ones(2, 3), (3,), torch.ones(2)),  # noqa: E501
    "batch_norm of one value": lambda torch: torch.nn.functional.batch_norm(torch.ones(1, 3), None, None, training=True),  # noqa: E501
    "group_norm of channels that don't divide": _f("group_norm", (2, 3, 2), num_groups=2),
    "dropout above 1": _f("dropout", (2,), p=1.5),
    "Conv2d of groups that don't divide": lambda torch: torch.nn.Conv2d(3, 4, 2, groups=2),
    "BatchNorm2d of a matrix": lambda torch: torch.nn.BatchNorm2d(3)(torch.ones(2, 3)),
    "GroupNorm of channels that don't divide": lambda torch: torch.nn.GroupNorm(2, 3),
    "Dropout above 1": lambda torch: torch.nn.Dropout(2),
    "kaiming_uniform_ of a vector": lambda torch: torch.nn.init.kaiming_uniform_(torch.ones(3)),
    # losses
    "binary_cross_entropy of other sizes": _f("binary_cross_entropy", (2,), (3,)),
    "binary_cross_entropy of no probabilities": lambda torch: torch.nn.functional.binary_cross_entropy(
        torch.tensor([2.0]), torch.tensor([1.0])
    ),
    "binary_cross_entropy_with_logits of other sizes": _f("binary_cross_entropy_with_logits", (2,), (3,)),
    "smooth_l1_loss of a negative beta": _f("smooth_l1_loss", (2,), (2,), beta=-1.0),
    "huber_loss of no delta": _f("huber_loss", (2,), (2,), delta=0.0),
    "cross_entropy of too much smoothing": lambda torch: torch.nn.functional.cross_entropy(
        torch.ones(1, 2), torch.tensor([0]), label_smoothing=1.5
    ),
    "cross_entropy of integers as probabilities": lambda torch: torch.nn.functional.cross_entropy(
        torch.ones(1, 2), torch.tensor([[0, 1]])
    ),
    "nll_loss of other places": lambda torch: torch.nn.functional.nll_loss(torch.ones(1, 2, 3), torch.tensor([[0, 1]])),
    # modules and optimizers
    "state_dict that doesn't fit": _loaded,
    "a tensor where a parameter was": _assigned,
    "buffer under a taken name": lambda torch: torch.nn.Linear(1, 2).register_buffer("weight", torch.ones(1)),
    "buffer with a dot": lambda torch: torch.nn.Module().register_buffer("a.b", torch.ones(1)),
    "a number as a module": lambda torch: torch.nn.Module().add_module("x", 3),
    "a number as a parameter": lambda torch: torch.nn.Module().register_parameter("x", 3),
    "Sequential too short": lambda torch: torch.nn.Sequential(torch.nn.ReLU())[3],
    "Adam of a beta of 1": _adam(betas=(1, 0.9)),
    "Adam of a negative rate": _adam(lr=-1.0),
    "Adam of a negative eps": _adam(eps=-1.0),
    "Adam of a negative weight decay": _adam(weight_decay=-1.0),
    "RMSprop of a negative alpha": lambda torch: torch.optim.RMSprop([_leaf(torch)], alpha=-1.0),
    "Adagrad of a negative lr_decay": lambda torch: torch.optim.Adagrad([_leaf(torch)], lr_decay=-1.0),
    "Adadelta of a large rho": lambda torch: torch.optim.Adadelta([_leaf(torch)], rho=2),
    "NAdam of a negative momentum_decay": lambda torch: torch.optim.NAdam([_leaf(torch)], momentum_decay=-1),
    "StepLR of no optimizer": lambda torch: torch.optim.lr_scheduler.StepLR(3, 1),
    "LambdaLR of two functions": _scheduled("LambdaLR", [abs, abs]),
    "LinearLR from zero": _scheduled("LinearLR", 0),
    "OneCycleLR without steps": _scheduled("OneCycleLR", 0.1),
    "ReduceLROnPlateau of growth": _scheduled("ReduceLROnPlateau", "min", 1.5),
    "ReduceLROnPlateau of no mode": _scheduled("ReduceLROnPlateau", "least"),
    "StepLR resumed too early": _scheduled("StepLR", 1, last_epoch=3),
    "SGD of nesterov alone": lambda torch: torch.optim.SGD([_leaf(torch)], nesterov=True),
    "SGD of a number": lambda torch: torch.optim.SGD([3]),
    "SGD of one parameter twice": _in_two_groups,
}  # fmt: skip
