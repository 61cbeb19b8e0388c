"""Which results are written into planned memory.

A result that a node saves has a buffer of its own: the array that the capture saved. What is only passed on shares
buffers with others whose lives don't overlap. What is handed out never lies in planned memory.
"""

import numpy as np

from gradviz.static.kernels import forward_kernel, written
from gradviz.static.program import MADE, Call, Guard, Write, same_bits


class Pool:
    """Blocks of bytes that are lent and given back; nbytes: all of them together."""

    def __init__(self):
        self.nbytes, self._free = 0, []

    def take(self, nbytes):
        """The smallest free block that is large enough, or a new one."""
        fitting = [k for k, block in enumerate(self._free) if block.nbytes >= nbytes]
        if fitting:
            return self._free.pop(min(fitting, key=lambda k: self._free[k].nbytes))
        self.nbytes += nbytes
        return np.empty(nbytes, np.uint8)

    def give(self, block):
        """It is free again."""
        self._free.append(block)

    @staticmethod
    def shaped(block, like):
        """A block as an array of the shape, dtype and order of another one."""
        return np.ndarray(like.shape, like.dtype, block, 0, None, "C" if like.flags.c_contiguous else "F")


class Buffers:
    """memory: {number of a value: the array that it is written into}; kernels: {number: how}; pool: what is shared."""

    def __init__(self, program):
        self._program = program
        values = program.values
        saved = [each for node in program.nodes for each in node.saved if isinstance(each, int)]
        self.saved = {values[each].root for each in saved}
        handed_out = {values[each.value].root for each in program.outputs}
        changed = {values[step.target].root for step in program.steps if isinstance(step, Write)}
        self.fixed = handed_out | changed  # memory that is new in each call
        self._last = self._last_uses()
        self.memory, self.kernels, self.pool = {}, {}, Pool()
        ends = {}  # step -> blocks that are free after it
        for at, step in enumerate(program.steps):
            kernel = self._kernel_of(step) if isinstance(step, Call) and len(step.outputs) == 1 else None
            if kernel is not None:
                number = step.outputs[0]
                self.kernels[number] = kernel
                value = values[number]
                if number in self.saved:
                    self.memory[number] = value.array
                else:
                    block = self.pool.take(value.array.nbytes)
                    self.memory[number] = Pool.shaped(block, value.array)
                    ends.setdefault(self._last.get(number, at), []).append(block)
            for block in ends.pop(at, ()):
                self.pool.give(block)

    def _last_uses(self):
        """{number of memory: the last step that reads it}."""
        values, last = self._program.values, {}
        for at, step in enumerate(self._program.steps):
            for number in reads(step):
                last[values[number].root] = at
        return last

    def _kernel_of(self, call):
        """The op's kernel, where it gives what the capture saw, bit by bit."""
        number = call.outputs[0]
        value = self._program.values[number]
        if (
            any(call.casts)
            or any(each.__class__ is not int for each in call.inputs)
            or value.kind != MADE
            or value.root != number
            or number in self.fixed
            or not value.array.size
            or value.array.dtype.kind != "f"
            or not (value.array.flags.forc and value.array.flags.owndata and value.array.flags.writeable)
        ):
            return None
        inputs = [self._program.values[each] for each in call.inputs]
        if any(each.root in self.fixed or each.array.dtype != value.array.dtype for each in inputs):
            return None
        kernel = forward_kernel(call.op, call.settings, value.array.dtype)
        if kernel is None:
            return None
        scope = {f"a_{name}": each.array for name, each in zip(call.op.inputs, inputs, strict=True)}
        scope["out"] = np.empty_like(value.array)
        lines = written(kernel, {name: f"a_{name}" for name in call.op.inputs}, "out", scope)
        with np.errstate(all="ignore"):
            exec("\n".join(lines), scope)  # noqa: S102  our own
        return kernel if same_bits(scope["out"], value.array) else None


def reads(step):
    """The numbers of the values that a step reads."""
    if isinstance(step, Call):
        flat = [each for item in step.inputs for each in (item if isinstance(item, tuple) else (item,))]
        return [each for each in flat if each is not None]
    if isinstance(step, Write):
        return [step.target, step.value]
    return [step.value] if isinstance(step, Guard) else []
