"""Modules, as `torch.nn`."""

from gradviz.nn import functional
from gradviz.nn.embedding import Embedding
from gradviz.nn.layers import CrossEntropyLoss, Linear, MSELoss, ReLU, Sigmoid, Tanh
from gradviz.nn.module import Module, Parameter, Sequential

__all__ = [
    "CrossEntropyLoss",
    "Embedding",
    "Linear",
    "MSELoss",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "functional",
]
