"""`torch.autograd`: backward, grad, Function, the grad modes, and numeric checks of gradients."""

from gradviz.engine.backward import backward, grad
from gradviz.engine.function import Function
from gradviz.engine.gradcheck import gradcheck, gradgradcheck
from gradviz.engine.switches import enable_grad, no_grad, set_grad_enabled

__all__ = [
    "Function", "backward", "enable_grad", "grad", "gradcheck", "gradgradcheck", "no_grad", "set_grad_enabled",
]  # fmt: skip
