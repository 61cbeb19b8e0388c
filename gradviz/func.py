"""`torch.func`, as far as it is here."""

from gradviz.nn.stateless import functional_call

__all__ = ["functional_call"]
