"""Modules, as `torch.nn`."""

from gradviz.nn import activations as _activations
from gradviz.nn import clipping as utils
from gradviz.nn import functional, init
from gradviz.nn.activations import *
from gradviz.nn.containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from gradviz.nn.convolutions import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AvgPool1d,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    MaxPool1d,
    MaxPool2d,
    Unfold,
    Upsample,
)
from gradviz.nn.embedding import Embedding
from gradviz.nn.layers import Linear, ReLU, Sigmoid, Tanh
from gradviz.nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CosineSimilarity,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from gradviz.nn.module import Module, Parameter
from gradviz.nn.norms import BatchNorm1d, BatchNorm2d, Dropout, Flatten, GroupNorm, Identity, LayerNorm, RMSNorm

__all__ = [
    *_activations.__all__,
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "SmoothL1Loss",
    "Tanh",
    "Unfold",
    "Upsample",
    "functional",
    "init",
    "utils",
]
