"""torch.utils, as far as it is here."""

from gradviz.utils import checkpoint, dlpack

__all__ = ["checkpoint", "dlpack"]
