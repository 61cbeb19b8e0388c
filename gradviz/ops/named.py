"""Results with names: (values, indices) and the like, printed as PyTorch prints its torch.return_types."""

from collections import namedtuple


def named_result(name, *fields):
    """A tuple type like torch.return_types.max."""

    def shown(self):
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    base = namedtuple(name, fields)
    return type(name, (base,), {"__slots__": (), "__repr__": shown, "__doc__": f"What {name} returns."})
