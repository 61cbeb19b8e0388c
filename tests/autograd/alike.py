"""A program on gradviz and on PyTorch: what it notes, and how it fails, is the same."""

import warnings

from tests.engine.peers import sides


def same(program):
    """Asserts that program(torch, note) notes the same on both sides; an exception that ends it is noted too."""
    ours, theirs = (notes(side, program) for side in sides())
    assert ours == theirs, f"gradviz: {ours}\nPyTorch: {theirs}"


def notes(torch, program):
    """What a program notes, as plain values: tensors with dtype, values and requires_grad, nodes by name."""
    found = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            program(torch, lambda *values: found.append(values))
        except Exception as error:
            found.append((type(error).__name__, str(error)))
    warned = [each for each in warned if "gradviz" not in each.filename or each.category is not RuntimeWarning]
    return plain(found) + [f"{each.category.__name__}: {without_place(str(each.message))}" for each in warned]


def without_place(text):
    """A warning's text without the place in PyTorch's C++ that it comes from."""
    return text.partition("(Triggered internally")[0].strip()


def plain(value):
    """Values that two sides can be compared by."""
    if hasattr(value, "requires_grad") and hasattr(value, "tolist"):
        kind = str(value.dtype), tuple(value.shape), value.requires_grad
        return ("tensor", *kind, plain(value.detach().tolist()))
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, float):
        return float(f"{value:.4g}") + 0.0
    if hasattr(value, "next_functions"):
        return value.name()
    return value if isinstance(value, (bool, int, str, type(None))) else str(value)
