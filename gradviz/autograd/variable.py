"""`torch.autograd.Variable`: what tensors of a graph were called before PyTorch 0.4."""

from gradviz.engine.tensor import Tensor


class _AnyTensor(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """A new leaf of the same memory; every tensor is an instance."""

    def __new__(cls, data, requires_grad=False):
        return data.detach().requires_grad_(requires_grad)


__all__ = ["Variable"]
