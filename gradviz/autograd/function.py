"""`torch.autograd.function`: ops of your own."""

from gradviz.engine.function import Function, FunctionCtx, FunctionNode, once_differentiable

BackwardCFunction = FunctionNode

__all__ = ["BackwardCFunction", "Function", "FunctionCtx", "once_differentiable"]
