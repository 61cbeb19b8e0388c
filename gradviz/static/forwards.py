"""The generated forward of a static graph: straight-line source, one line an op, no Tensor and no node in it."""

import numpy as np

from gradviz.engine.generated import define
from gradviz.ops.in_place import count, writable
from gradviz.static.buffers import Buffers
from gradviz.static.kernels import written
from gradviz.static.program import ARGUMENT, CONSTANT, HELD


class Changed(Exception):
    """A value that the function looked at in the capture is another one now."""


class Forward:
    """run(tensors, arrays) -> (arrays of the outputs, what the nodes keep of this call).

    kept: numbers of the values in the latter; fixed: {number: array} of those that lie in planned memory.
    """

    def __init__(self, program):
        self._program = program
        self.buffers = Buffers(program)
        self.scope = {"numpy": np, "ndarray": np.ndarray, "asarray": np.asarray, "Changed": Changed, "count": count,
                      "writable": writable}  # fmt: skip
        self.fixed = dict(self.buffers.memory)
        self._lines = []
        for value in program.values:
            self._open(value)
        for step in program.steps:
            getattr(self, f"_{type(step).__name__.lower()}")(step)
        saved = dict.fromkeys(each for node in program.nodes for each in node.saved if isinstance(each, int))
        self.kept = [number for number in saved if number not in self.fixed]
        for number, array in self.fixed.items():
            self.scope[f"v{number}"] = array
        outputs = "".join("None, " if each.outside else f"v{each.value}, " for each in program.outputs)
        kept = "".join(f"v{number}, " for number in self.kept)
        self._lines.append(f"return ({outputs}), ({kept})")
        text = ["def forward(tensors, arrays):", *("    " + line for line in self._lines)]
        self.run = define(f"<gradviz static {program.name} {program.where}>", text, "forward", self.scope)

    def _put(self, thing):
        name = f"K{len(self.scope)}"
        self.scope[name] = thing
        return name

    def _open(self, value):
        """Where a value from outside comes from."""
        name = f"v{value.number}"
        if value.kind == ARGUMENT:
            self._lines.append(f"{name} = arrays[{value.number}]")
        elif value.kind == HELD:
            self._lines.append(f"{name} = {self._put(value.tensor)}._array")
        elif value.kind == CONSTANT and value.root in self.buffers.fixed:  # changed inside, or handed out
            self._lines.append(f"{name} = {self._put(value.array.copy(order='K'))}.copy(order='K')")
        elif value.kind == CONSTANT:
            self.fixed[value.number] = value.array

    def _call(self, step):
        values, op = self._program.values, step.op
        names = self._inputs(step)
        number = step.outputs[0] if step.outputs else None
        kernel = self.buffers.kernels.get(number)
        if kernel is not None:
            self._lines += written(kernel, dict(zip(op.inputs, names, strict=True)), f"v{number}", self.scope)
            return
        if self._is_fixed_view(step):
            inputs = [self.fixed[each] for each in step.inputs]
            self.fixed[number] = op.forward(np, *inputs, **step.settings)
            return
        settings = "".join(f", {name}={self._literal(each)}" for name, each in step.settings.items())
        call = f"{self._put(op.forward)}(numpy{''.join(', ' + name for name in names)}{settings})"
        results = step.outputs[: len(step.outputs) - len(op.intermediates)]
        targets = [f"v{each}" for each in results]
        whole = f"({''.join(name + ', ' for name in targets)})" if op.several else targets[0]
        more = "".join(f", v{each}" for each in step.outputs[len(results) :])
        self._lines.append(f"{whole}{more} = {call}")
        for each in results:
            if not np.ndim(values[each].array):
                self._lines.append(f"if v{each}.__class__ is not ndarray: v{each} = asarray(v{each})")
            if not op.view:
                self._lines.append(f"if v{each}.shape != {np.shape(values[each].array)!r}: raise Changed")

    def _inputs(self, step):
        casts, names = iter(step.casts), []
        for item in step.inputs:
            several = isinstance(item, tuple)
            for each in item if several else (item,):
                cast = next(casts)
                name = "None" if each is None else f"v{each}"
                if cast is not None and each in self.fixed:
                    name = self._put(self.fixed[each].astype(cast))
                elif cast is not None:
                    name = f"{name}.astype({self._put(cast)})"
                names.append(name)
        return names

    def _literal(self, setting):
        plain = setting is None or setting.__class__ in (bool, int)
        return repr(setting) if plain else self._put(setting)

    def _is_fixed_view(self, step):
        """Whether the op shows planned memory otherwise, so that one view serves all calls."""
        values = self._program.values
        return (
            step.op.view
            and not step.op.several
            and len(step.outputs) == 1
            and all(each in self.fixed for each in step.inputs)
            and not any(step.casts)
            and values[step.outputs[0]].root == values[step.inputs[0]].root
            and not self._program.memory_of(step.inputs[0]).written
        )

    def _write(self, step):
        target = self._program.values[step.target]
        self._lines.append(f"writable(v{step.target})[...] = v{step.value}")
        if target.kind == ARGUMENT:
            self._lines.append(f"count(tensors[{step.target}], '')")
        elif target.kind == HELD:
            self._lines.append(f"count({self._put(target.tensor)}, '')")

    def _guard(self, step):
        name = f"v{step.value}"
        now = f"bool({name}.any())" if step.truth else f"{name}.tobytes()"
        self._lines.append(f"if {now} != {self._put(step.expected)}: raise Changed({step.where!r})")

    def _draw(self, step):
        self._lines.append(f"v{step.output} = {self._put(step.make)}()._array")
