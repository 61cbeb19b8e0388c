"""Optimizers, as `torch.optim`."""

from gradviz.optim import lr_scheduler
from gradviz.optim.adam import Adam, AdamW
from gradviz.optim.adam_kin import Adamax, NAdam, RAdam
from gradviz.optim.lbfgs import LBFGS
from gradviz.optim.optimizer import Optimizer
from gradviz.optim.rmsprop import Adadelta, Adagrad, RMSprop
from gradviz.optim.rprop import ASGD, Rprop
from gradviz.optim.sgd import SGD

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam",
    "RMSprop", "Rprop", "lr_scheduler",
]  # fmt: skip
