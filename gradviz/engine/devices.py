"""torch.device: a device as people write it."""

from gradviz.engine import backend

INVALID = """device() received an invalid combination of arguments - got ({0}), but expected one of:
 * (torch.device device)
      didn't match because some of the arguments have invalid types: (!{0}!)
 * (str type, int index = -1)
"""


class Device(str):
    """A device: Device("cuda:0"), Device("cuda", 0) or Device(0); `.type` and `.index` as PyTorch's torch.device."""

    __slots__ = ()

    def __new__(cls, type, index=None):
        if isinstance(type, int):
            type, index = "cuda", type
        if not isinstance(type, str):
            raise TypeError(INVALID.format(type.__class__.__name__))
        kind, written = backend.parsed(type)
        if index is None:
            return super().__new__(cls, type)
        if written is not None:
            raise RuntimeError(
                f"type (string) must not include an index because index was passed explicitly: {type}"
            )
        if index < 0:
            raise RuntimeError("Device index must not be negative")
        return super().__new__(cls, f"{kind}:{index}")

    type = property(lambda self: self.partition(":")[0])
    index = property(lambda self: int(self.partition(":")[2]) if ":" in self else None)

    def __repr__(self):
        return f"device(type='{self.type}'" + (f", index={self.index})" if ":" in self else ")")
