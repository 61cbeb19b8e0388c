"""What a capture has to hear and no observer is told: looks at values, tensors made outside the ops, draws.

While a function is captured, two slots of Tensor and one method of Generator are watched, and put back afterwards:
nobody else pays for it. An op's own generated code takes arrays freely, and so may whoever only asks for a layout.
Anybody else who takes a tensor's array might decide by its values.
"""

import dis
import sys
from functools import cache
from pathlib import Path

from gradviz.engine.random import Generator, default_generator
from gradviz.engine.tensor import Tensor

PACKAGE = str(Path(__file__).parents[1])
OP = "<gradviz op "

LAYOUT = {"shape", "ndim", "dtype", "size", "nbytes", "itemsize", "strides", "flags", "device", "__class__"}
# Files of gradviz that take arrays without deciding by their values, or whose changes are announced by themselves.
TRUSTED = {
    "engine/backward", "engine/births", "engine/coerce", "engine/dtypes", "engine/generated", "engine/hooks",
    "engine/inference", "engine/likeness", "engine/meeting", "engine/node", "engine/op", "engine/reach",
    "engine/versions", "engine/views", "engine/within", "nn/module", "ops/in_place", "ops/refusals", "ops/strided",
}  # fmt: skip
# Functions that only look at shape, dtype and device, or hand the array on to one that does.
LOOKING = {
    "engine/creation": {"tensor"},
    "engine/tensor": {"Tensor"},
    "nn/attention_functions": {"_in_one", "_in_steps"},
    "nn/layer_functions": {"rms_norm"},
    "nn/pooling_functions": {"max_pool1d"},
    "nn/recurrent": {"_zeros"},
    "ops/composite": {"_folds", "expand", "matmul", "reshape", "to"},
    "ops/contraction": {"inner"},
    "ops/decompositions": {"_decomposed", "lstsq", "matrix_rank", "pinv", "qr", "svd", "svd_of_columns", "svdvals"},
    "ops/dropping": {"_like", "_like_selu", "_scaled"},
    "ops/gates": {"softshrink"},
    "ops/linear_algebra": {"_square_only"},
    "ops/matrix_norms": {"cond", "matrix_norm"},
    "ops/recurrent": {"_gates", "_gru_step", "_lstm_step"},
    "ops/subscripts": {"_like", "check_indices"},
    "ops/triangles": {"cholesky_solve", "solve_triangular"},
}
FOREIGN = ("engine/exchange", "engine/copying")  # whose tensors show memory that others may change
DECIDING = {"item", "tolist", "__bool__", "__float__", "__int__", "_only", "__index__", "__format__"}  # of Tensor


class Watch:
    """Tells a capture of the looks, the makings and the draws inside a with block."""

    def __init__(self, capture):
        self._capture = capture
        self._array, self._grad = (Tensor.__dict__[name] for name in ("_array", "_grad"))
        self._words = Generator._words
        self._stream = default_generator._draws
        self.array_of = self._array.__get__

    def __enter__(self):
        words, capture = self._words, self._capture

        def watched_words(generator, count):
            capture.drew(generator)
            return words(generator, count)

        Tensor._array = property(self._took, self._gave)
        Tensor._grad = property(self._took_grad, self._grad.__set__)
        Generator._words = watched_words
        return self

    def __exit__(self, *exception):
        if default_generator._draws is not self._stream:
            self._capture.refuse("seeds the random numbers, which a replay would not")
        Tensor._array, Tensor._grad, Generator._words = self._array, self._grad, self._words

    def _took(self, tensor):
        frame = sys._getframe(1)
        if not _only_looks(frame.f_code, frame.f_lasti):
            self._capture.looked(tensor, frame.f_code.co_name == "__bool__")
        return self._array.__get__(tensor)

    def _gave(self, tensor, array):
        code = sys._getframe(1).f_code
        self._array.__set__(tensor, array)
        if code.co_name in ("__init__", "_leaf"):
            self._capture.made(tensor, _file(sys._getframe(2).f_code.co_filename) in FOREIGN)
        elif not code.co_filename.startswith(OP):
            self._capture.refuse("gives a tensor other memory")

    def _took_grad(self, tensor):
        file = _file(sys._getframe(1).f_code.co_filename)
        if not file.startswith(("engine/backward", "engine/hooks", "record/")):
            self._capture.refuse("reads .grad")
        return self._grad.__get__(tensor)


def op_frame(frame):
    """The frame of the op that is running above this one; None where none is."""
    while frame is not None and not frame.f_code.co_filename.startswith(OP):
        frame = frame.f_back
    return frame


def line():
    """`train.py:12`: the innermost line that is not gradviz's own."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((PACKAGE, "<gradviz ")):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else "an unknown line"


@cache
def _only_looks(code, lasti):
    """Whether the instruction that takes a tensor's array can't lead to a decision by its values."""
    if code.co_filename.startswith(OP):
        return True
    file, function = _file(code.co_filename), code.co_qualname.partition(".")[0]
    if file in TRUSTED or file.startswith(("record/", "static/")):
        return True
    if function in LOOKING.get(file, ()) and code.co_name not in DECIDING:
        return True
    return _next_attribute(code, lasti) in LAYOUT


def _file(filename):
    """`engine/tensor` for a file of gradviz; "" for others."""
    return filename[len(PACKAGE) + 1 : -3] if filename.startswith(PACKAGE) else ""


def _next_attribute(code, lasti):
    """The attribute that is read off what the instruction at lasti gives; "" where something else is done with it."""
    instructions = dis.get_instructions(code)
    for instruction in instructions:
        if instruction.offset == lasti:
            following = next(instructions)
            return following.argval if following.opname in ("LOAD_ATTR", "LOAD_METHOD") else ""
    return ""
