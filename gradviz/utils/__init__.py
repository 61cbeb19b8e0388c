"""torch.utils, as far as it is here."""

from gradviz.utils import dlpack

__all__ = ["dlpack"]
