"""functional_call, where it was before `torch.func`."""

from gradviz.nn.stateless import deprecated_functional_call as functional_call

__all__ = ["functional_call"]
