"""`torch.utils`."""

from gradviz.utils import checkpoint

__all__ = ["checkpoint"]
