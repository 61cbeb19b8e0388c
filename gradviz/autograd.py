"""`torch.autograd`: backward, grad, Function, and the grad modes."""

from gradviz.engine.backward import backward, grad
from gradviz.engine.function import Function
from gradviz.engine.switches import enable_grad, no_grad, set_grad_enabled

__all__ = ["Function", "backward", "enable_grad", "grad", "no_grad", "set_grad_enabled"]
