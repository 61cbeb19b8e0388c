"""Modules, as `torch.nn`."""

from gradviz.nn import activations as _activations
from gradviz.nn import functional
from gradviz.nn.activations import *
from gradviz.nn.embedding import Embedding
from gradviz.nn.layers import CrossEntropyLoss, Linear, MSELoss, ReLU, Sigmoid, Tanh
from gradviz.nn.module import Module, Parameter, Sequential

__all__ = [
    *_activations.__all__,
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
