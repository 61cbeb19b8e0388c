"""torch.utils, as far as it is here."""

from gradviz.utils import checkpoint, data, dlpack

__all__ = ["checkpoint", "data", "dlpack"]
