"""Optimizers, as `torch.optim`."""

from gradviz.optim.adam import Adam, AdamW
from gradviz.optim.optimizer import Optimizer
from gradviz.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
