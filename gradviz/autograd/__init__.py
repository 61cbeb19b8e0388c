"""`torch.autograd`: backward, grad, Function, the modes, and numeric checks of gradients."""

from gradviz.autograd import function, functional, graph
from gradviz.autograd.batched import grad
from gradviz.autograd.variable import Variable
from gradviz.engine.anomaly import detect_anomaly, set_detect_anomaly
from gradviz.engine.backward import backward
from gradviz.engine.function import Function
from gradviz.engine.gradcheck import gradcheck, gradgradcheck
from gradviz.engine.inference import inference_mode
from gradviz.engine.switches import enable_grad, no_grad, set_grad_enabled

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "function", "functional", "grad", "gradcheck",
    "gradgradcheck", "graph", "inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip
