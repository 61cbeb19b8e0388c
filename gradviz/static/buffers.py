"""Which results are written into planned memory, and what each op's ufuncs are that write there.

A result that a node saves has a buffer of its own: the array that the capture saved. What is only passed on shares
buffers with others whose lives don't overlap. What is handed out never lies in planned memory.
"""

import numpy as np

from gradviz.static.program import MADE, Call, Guard, Write, same_bits


class Kernel:
    """An op as ufuncs: `lines(inputs, out)` is their source, where names of arrays stand for the arrays."""

    __slots__ = ("lines", "fits")

    def __init__(self, *templates, fits=lambda settings: True):
        self.lines = lambda inputs, out: [each.format(*inputs, out=out) for each in templates]
        self.fits = fits


def _plain(settings):
    return settings.get("alpha", 1) == 1 and settings.get("beta", 1) == 1


KERNELS = {
    "add": Kernel("add({0}, {1}, {out})", fits=_plain),
    "sub": Kernel("subtract({0}, {1}, {out})", fits=_plain),
    "mul": Kernel("multiply({0}, {1}, {out})"),
    "div": Kernel("divide({0}, {1}, {out})"),
    "neg": Kernel("negative({0}, {out})"),
    "exp": Kernel("exp({0}, {out})"),
    "log": Kernel("log({0}, {out})"),
    "sqrt": Kernel("sqrt({0}, {out})"),
    "sin": Kernel("sin({0}, {out})"),
    "cos": Kernel("cos({0}, {out})"),
    "tanh": Kernel("tanh({0}, {out})"),
    "relu": Kernel("maximum({0}, {0}.dtype.type(0), {out})"),
    "pow_scalar": Kernel("multiply({0}, {0}, {out})", fits=lambda settings: settings["exponent"] == 2),
    "mm": Kernel("matmul({0}, {1}, {out})"),
    "bmm": Kernel("matmul({0}, {1}, {out})"),
    "addmm": Kernel("matmul({1}, {2}, {out})", "add({out}, {0}, {out})", fits=_plain),
}
NAMES = ("add", "subtract", "multiply", "divide", "negative", "exp", "log", "sqrt", "sin", "cos", "tanh", "maximum",
         "matmul")  # fmt: skip
UFUNCS = {name: getattr(np, name) for name in NAMES}


class Buffers:
    """memory: {number of a value: the array that its result is written into}; pooled: bytes that temporaries share."""

    def __init__(self, program):
        self._program = program
        values = program.values
        self.saved = {values[each].root for node in program.nodes for each in node.saved if isinstance(each, int)}
        handed_out = {values[each.value].root for each in program.outputs}
        changed = {values[step.target].root for step in program.steps if isinstance(step, Write)}
        self._fixed = handed_out | changed
        self._last = self._last_uses()
        self.memory, self.pooled = {}, 0
        free, ends = [], {}  # blocks of bytes; {step: those that are free after it}
        for at, step in enumerate(program.steps):
            if isinstance(step, Call) and self._may_be_planned(step):
                number = step.outputs[0]
                value = values[number]
                if number in self.saved:
                    self.memory[number] = value.array
                else:
                    block = self._block(free, value.array.nbytes)
                    order = "C" if value.array.flags.c_contiguous else "F"
                    self.memory[number] = np.ndarray(value.array.shape, value.array.dtype, block, 0, None, order)
                    ends.setdefault(self._last.get(number, at), []).append(block)
            free += ends.pop(at, [])

    def _last_uses(self):
        """{number of memory: the last step that reads it}."""
        values, last = self._program.values, {}
        for at, step in enumerate(self._program.steps):
            for number in reads(step):
                last[values[number].root] = at
        return last

    def _block(self, free, nbytes):
        """The smallest free block that is large enough, or a new one."""
        fitting = [k for k, block in enumerate(free) if block.nbytes >= nbytes]
        if fitting:
            return free.pop(min(fitting, key=lambda k: free[k].nbytes))
        self.pooled += nbytes
        return np.empty(nbytes, np.uint8)

    def _may_be_planned(self, call):
        """Whether the op's ufuncs, into a buffer, give what the capture saw, bit by bit."""
        kernel, number = KERNELS.get(call.op.name), call.outputs[0]
        value = self._program.values[number]
        if (
            kernel is None
            or not kernel.fits(call.settings)
            or any(call.casts)
            or value.kind != MADE
            or value.root != number
            or number in self._fixed
            or not value.array.size
            or value.array.dtype.kind != "f"
            or not (value.array.flags.forc and value.array.flags.owndata and value.array.flags.writeable)
        ):
            return False
        inputs = [self._program.values[each] for each in call.inputs]
        if any(each.root in self._fixed or each.array.dtype != value.array.dtype for each in inputs):
            return False
        scope = UFUNCS | {f"v{k}": each.array for k, each in enumerate(inputs)}
        scope["out"] = np.empty_like(value.array)
        with np.errstate(all="ignore"):
            exec("\n".join(kernel.lines([f"v{k}" for k in range(len(inputs))], "out")), scope)  # noqa: S102  our own
        return same_bits(scope["out"], value.array)


def reads(step):
    """The numbers of the values that a step reads."""
    if isinstance(step, Call):
        flat = [each for item in step.inputs for each in (item if isinstance(item, tuple) else (item,))]
        return [each for each in flat if each is not None]
    if isinstance(step, Write):
        return [step.target, step.value]
    return [step.value] if isinstance(step, Guard) else []



