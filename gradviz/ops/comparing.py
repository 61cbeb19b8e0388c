"""Comparisons in place: the answers, 1 or 0, as numbers of the tensor's own dtype; nothing flows back through them."""

import operator

import numpy as np

from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor

WORDS = ("eq", "ne", "lt", "le", "gt", "ge")


def _declare(word):
    """The two ops of one comparison, with a tensor and with a number; their in-place form."""
    compare = getattr(operator, word)
    none = vjp("0", lambda ops, grad: ops.zeros_like(grad))

    def with_tensor(xp, self, other):
        return compare(self, other).astype(self.dtype)

    def with_number(xp, self, *, other):
        return compare(self, other).astype(self.dtype)

    declared = []
    for forward, kind, vjps in ((with_number, 0, {"self": none}), (with_tensor, 1, {"self": none, "other": none})):
        forward.__name__ = f"{word}_in_place_{kind}"
        forward.__doc__ = f"`{word}` with a {'tensor' if kind else 'number'}, 1 or 0."
        declared.append(op(title=word, grad_fn=f"{word.title()}Backward{kind}", **vjps)(forward))
    of_number, of_tensor = declared

    def compared(self, other):
        if isinstance(other, Tensor):
            return of_tensor(self, other)
        if not isinstance(other, (bool, int, float, np.generic)):
            raise TypeError(f"{word}_(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
        return of_number(self, other=other)

    return compared


COMPARED = {word: _declare(word) for word in WORDS}
COMPARED |= {
    "not_equal": COMPARED["ne"], "less": COMPARED["lt"], "less_equal": COMPARED["le"], "greater": COMPARED["gt"],
    "greater_equal": COMPARED["ge"],
}  # fmt: skip
