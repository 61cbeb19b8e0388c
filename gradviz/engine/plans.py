"""Plans: an elementwise forward or vjp as a short list of NumPy's own inner loops, which the C twins run by themselves.

What a call of a ufunc costs on small arrays is the way to its loop; on large ones, the memory between one ufunc and the
next. A plan has neither: it goes from loop to loop, a block that fits the cache at a time, with NumPy's bits. The
formula stays the only one there is: it is called once, with sketches in the arrays' place, and what it does with them
is written down. A formula that does anything else (asks for a shape, sums, decides by a value) has no plan.

A plan is for arrays of one dtype, float32 or float64, of one shape, and numbers.
"""

from functools import partial
from math import isinf, isnan

import numpy as np

CAST, WHERE = 1, 2  # what the machine does itself, beside ufuncs (0)
MOST_REGISTERS, MOST_STEPS, MOST_OUTPUTS = 64, 128, 4  # as in compiled/plan.h
FLOAT, BOOL = "f", "?"


class Unplanned(Exception):  # noqa: N818  it ends the drawing, and is no error
    """A formula that is more than elementwise."""


class Drawing:
    """What a formula does: values are numbered, inputs first; a step is (code, ufunc, operands)."""

    def __init__(self, dtype, count):
        self.dtype = np.dtype(dtype)
        self.inputs = count
        self.kinds = [FLOAT] * count
        self.steps = [None] * count  # of each value; None for an input, a float for a constant
        self._constants = {}

    def sketch(self, value):
        """A sketch of this value."""
        return Sketch(self, value)

    def constant(self, number):
        """The value of a number, Python's or of the arrays' dtype; once for each."""
        if number.__class__ not in (int, float, self.dtype.type) or isnan(number):
            raise Unplanned
        if abs(number) > 3e38 and not isinf(number):
            raise Unplanned  # it may overflow, of which NumPy warns
        if number.__class__ is int and abs(number) > 1 << 24:
            raise Unplanned
        key = float(number).hex()
        if key not in self._constants:
            self._constants[key] = self._add(float(number), FLOAT)
        return self._constants[key]

    def operand(self, given, kind=FLOAT):
        """The value of an operand, in this kind."""
        if given.__class__ is not Sketch:
            return self.constant(given)
        value = given.value
        if self.kinds[value] == kind:
            return value
        if kind == BOOL:
            raise Unplanned
        return self._add((CAST, None, (value,)), FLOAT)

    def apply(self, ufunc, *operands):
        """The sketch of a ufunc's result."""
        if ufunc in _LOGIC:
            values = tuple(self.operand(each, BOOL) for each in operands)
            return Sketch(self, self._add((0, ufunc, values), BOOL))
        if all(each.__class__ is Sketch and self.kinds[each.value] == BOOL for each in operands):
            raise Unplanned  # bools among themselves count otherwise
        values = tuple(self.operand(each) for each in operands)
        kinds = FLOAT * len(values)
        for kind in (FLOAT, BOOL):
            if f"{kinds}->{kind}".replace(FLOAT, self.dtype.char) in ufunc.types:
                return Sketch(self, self._add((0, ufunc, values), kind))
        raise Unplanned

    def where(self, condition, chosen, other):
        """The sketch of `xp.where`."""
        if not {chosen.__class__, other.__class__} & {Sketch, self.dtype.type}:
            raise Unplanned  # of two numbers NumPy makes its own dtype
        values = (self.operand(condition, BOOL), self.operand(chosen), self.operand(other))
        return Sketch(self, self._add((WHERE, None, values), FLOAT))

    def folded(self, ufunc, row, axis, keepdims):
        """None: a sum takes more than an element."""
        raise Unplanned

    def _add(self, step, kind):
        self.steps.append(step)
        self.kinds.append(kind)
        return len(self.steps) - 1

    def parts(self, values):
        """All values that these come from, they among them."""
        waiting, seen = [*values], set()
        while waiting:
            value = waiting.pop()
            if value not in seen and self.steps[value].__class__ is tuple:
                waiting.extend(self.steps[value][2])
            seen.add(value)
        return seen


def _binary(ufunc, turned=False):
    def method(self, other):
        return self.drawing.apply(ufunc, other, self) if turned else self.drawing.apply(ufunc, self, other)

    return method


def _unary(ufunc):
    return lambda self: self.drawing.apply(ufunc, self)


class Sketch:
    """Stands for an array: remembers what is done with it, and refuses to be anything in particular."""

    __slots__ = ("drawing", "value")
    __array_ufunc__ = None
    __hash__ = None

    def __init__(self, drawing, value):
        self.drawing, self.value = drawing, value

    @property
    def dtype(self):
        """As of the array that it stands for."""
        return self.drawing.dtype if self.drawing.kinds[self.value] == FLOAT else np.dtype(bool)

    __add__, __radd__ = _binary(np.add), _binary(np.add, True)
    __sub__, __rsub__ = _binary(np.subtract), _binary(np.subtract, True)
    __mul__, __rmul__ = _binary(np.multiply), _binary(np.multiply, True)
    __truediv__, __rtruediv__ = _binary(np.divide), _binary(np.divide, True)
    __lt__, __le__, __gt__, __ge__ = map(_binary, (np.less, np.less_equal, np.greater, np.greater_equal))
    __eq__, __ne__ = map(_binary, (np.equal, np.not_equal))
    __neg__, __abs__ = _unary(np.negative), _unary(np.absolute)

    def __and__(self, other):
        return self.drawing.apply(np.logical_and, self, other)

    def __or__(self, other):
        return self.drawing.apply(np.logical_or, self, other)

    def __invert__(self):
        return self.drawing.apply(np.logical_not, self)

    def __pow__(self, exponent):
        if exponent.__class__ is Sketch:
            return self.drawing.apply(np.power, self, exponent)
        if exponent.__class__ not in (int, float) or exponent in (0, 1):
            raise Unplanned
        short = {2: np.square, -1: np.reciprocal, 0.5: np.sqrt}.get(exponent)  # as NumPy's own ** does
        return self.drawing.apply(np.power, self, exponent) if short is None else self.drawing.apply(short, self)

    def astype(self, dtype, copy=True):
        """Itself in the arrays' dtype, which a bool may be brought to."""
        if dtype != self.drawing.dtype:
            raise Unplanned
        return self.drawing.sketch(self.drawing.operand(self))

    def sum(self, axis=None, keepdims=False):
        """A row's sum, where the drawing is of rows."""
        return self.drawing.folded(np.add, self, axis, keepdims)

    def max(self, axis=None, keepdims=False):
        """A row's greatest element, where the drawing is of rows."""
        return self.drawing.folded(np.maximum, self, axis, keepdims)

    def __bool__(self):
        raise Unplanned

    def __array__(self, *args, **kwargs):
        raise Unplanned


_LOGIC = {np.logical_and, np.logical_or, np.logical_not}
CLIP = np._core.umath.clip if hasattr(np, "_core") else np.core.umath.clip  # the ufunc behind np.clip


class Functions:
    """`xp` for sketches: NumPy's ufuncs, where and clip."""

    def __init__(self, drawing):
        self._drawing = drawing
        self.where = drawing.where

    def __getattr__(self, name):
        found = getattr(np, name)
        if not isinstance(found, np.ufunc) or found.nout != 1:
            raise Unplanned
        return self.function(found)

    def function(self, ufunc):
        """A ufunc, NumPy's or another, for sketches."""
        return partial(self._called, ufunc)

    def clip(self, array, least, most, out=None):
        """As `np.clip` with two bounds."""
        return self._called(CLIP, array, least, most, out=out)

    def empty_like(self, array):
        """Room for a result."""
        return self._drawing.sketch(self._drawing.constant(0.0))

    def _called(self, ufunc, *operands, out=None):
        result = self._drawing.apply(ufunc, *operands)
        if out is None:
            return result
        if self._drawing.kinds[out.value] != self._drawing.kinds[result.value]:
            raise Unplanned
        out.value = result.value
        return out


def functions_of(module):
    """What `xp` is when a formula gets sketches; None for an array module."""
    return module if isinstance(module, Functions) else None


class Ops:
    """`ops` for sketches: the catalogue's forwards."""

    def __init__(self, functions):
        self._functions = functions

    def __getattr__(self, name):
        from gradviz.engine.op import catalogue

        op = catalogue[name]
        if op.intermediates or op.several:
            raise Unplanned
        return partial(op.forward, self._functions)


def plan_of_forward(op, dtype, *settings):
    """What the machine takes of an op's forward on arrays of a dtype with these settings, or None.

    That is (inputs, constants, kinds of the outputs, registers, steps, the outputs' registers).
    """
    return _written(drawn_forward(op, dtype, *settings))


def plan_of_run(op, mask, dtype, *settings):
    """The same of the vjps that a mask asks for: their inputs are the gradient and what the node saved."""
    return _written(drawn_run(op, mask, dtype, *settings))


def plan_of_sum(dtype):
    """The plan of the sum of two gradients."""
    return _written(_drawn(Drawing(dtype, 2), lambda both: [both[0] + both[1]], (0, 1)))


def drawn_forward(op, dtype, *settings):
    """(the drawing of an op's forward, the values of its results), or None."""
    drawing = Drawing(dtype, len(op.inputs))

    def formula(sketches):
        return [op.forward(Functions(drawing), *sketches, **dict(zip(op.settings, settings, strict=True)))]

    return _drawn(drawing, formula, range(len(op.inputs)))


def drawn_run(op, mask, dtype, *settings):
    """The same of the vjps that a mask asks for, None for one that it doesn't ask for."""
    drawing = Drawing(dtype, 1 + len(op.saved))
    rules = [op.vjps[name] if mask >> i & 1 else None for i, name in enumerate(op.differentiable)]

    def formula(sketches):
        functions = Functions(drawing)
        known = dict(zip(("grad", *op.saved), sketches, strict=True))
        known |= dict(zip(op.node_class.setting_names, settings, strict=True)) | {"ops": Ops(functions)}
        return [None if rule is None else rule.function(*(known[name] for name in rule.names)) for rule in rules]

    return _drawn(drawing, formula, (0,))


def _drawn(drawing, formula, used):
    """(a drawing of a formula, the values of its results), or None; all of them need the inputs that are `used`."""
    try:
        results = formula([drawing.sketch(value) for value in range(drawing.inputs)])
        values = [None if each is None else each.value for each in results]
        if any(drawing.steps[each].__class__ is float for each in values if each is not None):
            return None
    except Exception:  # whatever a formula does with a sketch that an array alone can do
        return None
    there = [each for each in values if each is not None]
    if not there or len(values) > MOST_OUTPUTS or any(not drawing.parts([each]) >= {*used} for each in there):
        return None
    return drawing, values


def _written(drawn):
    """The registers: inputs, constants, outputs, then temporaries, each used again when nobody needs its value."""
    if drawn is None:
        return None
    drawing, values = drawn
    outputs = [value for value in dict.fromkeys(values) if value is not None and value >= drawing.inputs]
    parts = sorted(drawing.parts(outputs))
    constants = [value for value in parts if drawing.steps[value].__class__ is float]
    named = [*range(drawing.inputs), *constants, *outputs]
    register = {value: place for place, value in enumerate(named)}
    made = [value for value in parts if drawing.steps[value].__class__ is tuple]
    last = {operand: value for value in made for operand in drawing.steps[value][2]}
    count, free, steps = len(named), [], []
    for value in made:
        code, ufunc, operands = drawing.steps[value]
        done = [each for each in dict.fromkeys(operands) if last[each] == value and register[each] >= len(named)]
        if value not in register:
            over = next((each for each in done if drawing.kinds[each] == drawing.kinds[value]), None)
            if over is not None:
                done.remove(over)
                register[value] = register[over]
            elif free:
                register[value] = free.pop()
            else:
                register[value], count = count, count + 1
        free += [register[each] for each in done]
        kinds = "".join(drawing.kinds[each] for each in (*operands, value))
        steps.append((code, ufunc, kinds, register[value], *(register[each] for each in operands)))
    if count > MOST_REGISTERS or len(steps) > MOST_STEPS:
        return None
    numbers = tuple(drawing.steps[value] for value in constants)
    kinds = "".join(drawing.kinds[value] for value in outputs)
    placed = tuple(-1 if value is None else register[value] for value in values)
    return drawing.inputs, numbers, kinds, count, tuple(steps), placed
