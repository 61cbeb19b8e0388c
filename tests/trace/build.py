"""Hand-made traces: say what a script did, get the file that a recorder would have written.

    build = Builder(path)
    w = build.leaf("w", 2.0)
    y = build.op("mul", [w, w], 4.0, saved=["self", "other"], text="y = w * w", name="y")
    build.backward(y)          # steps through the nodes, adds to leaf grads, releases what was saved
    build.gone(y)              # `del y`: its node, and all that only it held, end
    trace = build.load()

Gradients are made up (ones) unless given as grads={result: value}.
"""

from dataclasses import dataclass

import numpy as np

from gradviz.trace.events import Flag, Kind
from gradviz.trace.journal import Journal
from gradviz.trace.preview import encode
from gradviz.trace.store import load

HEADER = {
    "format": 1,
    "gradviz": "0.1.0",
    "script": "train.py",
    "argv": [],
    "mode": "script",
    "started": "2026-01-02T03:04:05",
    "python": "3.11.7",
    "device": "cpu",
    "source": "",
}


@dataclass(frozen=True, eq=False)
class Made:
    """One result of a built op: its running numbers, its value, and what it was made from."""

    tensor: int
    node: int
    buffer: int
    value: np.ndarray
    inputs: tuple
    saved: tuple[tuple[str, int], ...]
    leaf: bool


class Builder:
    """Writes a trace row by row through a real Journal, with the numbers a recorder would hand out."""

    def __init__(self, path, script="train.py", **header):
        self.path = path
        self.journal = Journal(path, {**HEADER, "script": script, **header})
        self.script = script
        self.time = 0
        self._counts = {}
        self._known = {}
        self._names = {}
        self._accumulating = set()  # tensors of the leaves that require grad
        self._accumulators = {}  # leaf tensor -> its AccumulateGrad, while a graph holds it
        self._grads = {}
        self._grad_buffers = {}
        self._closed = False

    # what a script does

    def leaf(self, name="", value=0.0, *, requires_grad=True, dtype=np.float32, line=0, text=""):
        """A tensor that the script makes: a parameter, or a constant with requires_grad=False."""
        return self._result("tensor", "", (), value, (), name, line, text, requires_grad, False, dtype, True)

    def constant(self, name="", value=0.0, **more):
        """A leaf that doesn't require grad."""
        return self.leaf(name, value, requires_grad=False, **more)

    def op(
        self,
        op,
        inputs,
        value=0.0,
        *,
        saved=(),
        name="",
        line=0,
        text="",
        no_grad=False,
        grad_fn="",
        within="",
        formulas=None,
    ):
        """An op; it has a node when gradients are on and an input requires grad.

        saved: names of inputs by position ('self', 'other', 'arg2', …) or 'result'
        formulas: {input's name: local gradient in words}, of inputs that are all there and have an edge each
        """
        grad = not no_grad and any(
            made and (made.node or made.tensor in self._accumulating) for made in inputs
        )
        places = {"self": 0, "other": 1, "result": -1} | {f"arg{at}": at for at in range(len(inputs))}
        kept = tuple((f"_saved_{what}", places[what]) for what in saved)
        grad_fn = grad_fn or op.title().replace("_", "") + "Backward0"
        dtype = np.result_type(*(made.value for made in inputs if made)) if any(inputs) else np.float32
        return self._result(
            op, grad_fn, tuple(inputs), value, kept, name, line, text, grad, no_grad, dtype, False, within, formulas
        )  # noqa: E501

    def backward(
        self, root, *, grads=None, line=0, retain_graph=False, create_graph=False, failed=False, during=None
    ):
        """Run backward from a result: STEP, GRAD, ADDED and RELEASED rows in the engine's order.

        during: called between the steps and the end, for the ops of create_graph
        """
        call = self._next("backward")
        flags = (Flag.RETAIN_GRAPH if retain_graph else 0) | (Flag.CREATE_GRAPH if create_graph else 0)
        origin = self.origin(line, f"{root and self._name(root)}.backward()")
        self.row(Kind.BACKWARD, flags, origin=origin, a=call, node=root.node, tensor=root.tensor)
        given = grads or {}
        for made in self._order(root):
            grad = np.asarray(given.get(made, np.ones_like(made.value)))
            if made.leaf:
                self._add(made, grad, call)
                continue
            self._valued(Kind.STEP, grad, a=call, node=made.node, duration=300)
            for position, source in enumerate(made.inputs):
                node = source and (source.node or self._accumulators.get(source.tensor, 0))
                if node:
                    handed = np.asarray(given.get(source, np.ones_like(source.value)))
                    self._valued(Kind.GRAD, handed, a=call, b=position, c=node)
            if made.saved and not retain_graph and not create_graph and not failed:
                self.release(made, call)
        if during:
            during()
        self.row(Kind.BACKWARD_ENDED, Flag.FAILED if failed else 0, a=call)
        return call

    def release(self, made, backward=0):
        """The node of a result lets go of its saved tensors."""
        self.row(Kind.RELEASED, node=made.node, a=backward)

    def freed(self, *results):
        """The buffers of these results end."""
        for made in results:
            self.row(Kind.FREED, buffer=made.buffer)

    def gone(self, *results):
        """The nodes of these results end; a leaf's AccumulateGrad does."""
        for made in results:
            node = self._accumulators.pop(made.tensor, 0) if made.leaf else made.node
            self.row(Kind.GONE, node=node)

    def mutate(self, made, value, version=1, line=0, text=""):
        """A tensor is changed in place."""
        origin = self.origin(line, text)
        self._valued(
            Kind.MUTATED,
            np.asarray(value, made.value.dtype),
            made.buffer,
            tensor=made.tensor,
            a=version,
            origin=origin,
        )  # noqa: E501

    def hold(self, name, made):
        """A variable still holds a result at the end."""
        self.row(Kind.HOLDER, tensor=made.tensor, node=made.node, ref=self.journal.text({"name": name}))

    def end(self, how="finished", error="", exit_code=0, line=0, text=""):
        """The script's end; then the file is closed."""
        ending = {
            "how": how,
            "error": error,
            "exit_code": exit_code,
            "origin": self.origin(line, text) if line else 0,
        }
        self.row(Kind.ENDED, ref=self.journal.text(ending))
        self.close()

    def close(self):
        """Close the file; without end() before, it looks like that of a run that was cut off."""
        self._closed = True
        self.journal.close()

    def load(self):
        """End the script if it hasn't ended, and open the file."""
        if not self._closed:
            self.end()
        return load(self.path)

    # rows and definitions

    def row(self, kind, flags=0, **columns):
        """Any row, with a clock that ticks a microsecond an event."""
        self.time += 1000
        self.journal.row(int(kind), int(flags), time=self.time, **columns)

    @property
    def step(self):
        """The step of the newest row."""
        return self.time // 1000 - 1

    def origin(self, line=0, text="", target="", function="<module>", column=0):
        """An origin's number; text is the source line."""
        record = dict(file=self.script, function=function, line=line, column=column, end_line=line)
        record |= dict(end_column=len(text), text=text, target=target)
        return self._define(Kind.ORIGIN, "origin", record)

    def meta(self, array):
        """A meta's number for an array."""
        record = dict(shape=list(array.shape), dtype=array.dtype.name, device="cpu", nbytes=array.nbytes)
        return self._define(Kind.META, "meta", record)

    def _result(
        self, op, grad_fn, inputs, value, saved, name, line, text, grad, no_grad, dtype, leaf, within="",
        formulas=None,
    ):  # fmt: skip
        value = np.asarray(value, dtype)
        tensor, buffer = self._next("tensor"), self._next("buffer")
        node = self._next("node") if grad and not leaf else 0
        if grad and leaf:
            self._accumulating.add(tensor)
        for source in inputs if node else ():
            if source and source.tensor in self._accumulating and source.tensor not in self._accumulators:
                self._accumulate(source)
        record = dict(
            op=op, grad_fn=grad_fn, params={}, saved=[list(pair) for pair in saved], inputs=len(inputs)
        )
        if formulas:
            record |= dict(names=list(formulas), edges=[list(pair) for pair in formulas.items()])
        call = self._define(Kind.CALL, "a", record)
        text = text or (f"{name} = {op}(...)" if name else f"{op}(...)")
        origin = self.origin(line or tensor, text, name)
        called = {"name": within, "inside": False, "aside": False}
        within = self._define(Kind.WITHIN, "within", called) if within else 0
        flags = Flag.NEW_BUFFER | (Flag.REQUIRES_GRAD if grad else 0) | (Flag.NO_GRAD if no_grad else 0)
        flags |= 0 if node else Flag.LEAF
        slots = [source.tensor if source else 0 for source in inputs]
        first = dict(zip("abc", slots, strict=False))
        columns = dict(node=node, tensor=tensor, origin=origin, within=within, ref=call, duration=500)
        self._valued(Kind.FORWARD, value, buffer, flags, **columns, **first)
        for position, slot in enumerate(slots[3:], 3):
            self.row(Kind.INPUT, tensor=slot, a=position)
        if name:
            self.row(Kind.NAMED, tensor=tensor, ref=self.journal.text({"name": name}))
            self._names[tensor] = name
        return Made(tensor, node, buffer, value, inputs, saved, leaf)

    def _valued(self, kind, value, buffer=0, flags=0, **columns):
        value = np.asarray(value)
        columns |= dict(meta=self.meta(value), buffer=buffer)
        if value.ndim == 0:
            self.row(kind, int(flags) | Flag.INLINE, value=float(value), **columns)
        else:
            self.row(kind, flags, value=self.journal.blob(encode(value)), **columns)

    def _add(self, leaf, grad, call):
        before = self._grads.get(leaf.tensor)
        after = grad if before is None else before + grad
        self._grads[leaf.tensor] = after
        ref = 0 if before is None else self.journal.blob(encode(before))
        node = self._accumulators[leaf.tensor]
        if before is None:
            self._grad_buffers[leaf.tensor] = self._next("buffer")
        buffer, new = self._grad_buffers[leaf.tensor], Flag.NEW_BUFFER if before is None else 0
        self._valued(
            Kind.ADDED,
            after.astype(leaf.value.dtype),
            buffer,
            new,
            a=call,
            node=node,
            tensor=leaf.tensor,
            ref=ref,
        )  # noqa: E501

    def _accumulate(self, leaf):
        node = self._accumulators[leaf.tensor] = self._next("node")
        self.row(
            Kind.NODE, node=node, tensor=leaf.tensor, ref=self.journal.text({"grad_fn": "AccumulateGrad"})
        )

    def _order(self, root):
        """What backward runs through, the newest first, each leaf right after its last user."""
        seen, todo, found = set(), [root], []
        while todo:
            made = todo.pop()
            if made is None or made.tensor in seen or not (made.node or made.tensor in self._accumulators):
                continue
            seen.add(made.tensor)
            found.append(made)
            todo += made.inputs
        ops = sorted((made for made in found if not made.leaf), key=lambda made: -made.tensor)
        after = {}
        for place, made in enumerate(ops):
            after |= {source.tensor: place for source in made.inputs if source}
        leaves = [made for made in found if made.leaf]
        ranked = [((place, 0), made) for place, made in enumerate(ops)]
        ranked += [((after.get(made.tensor, 0), made.tensor), made) for made in leaves]
        return [made for _, made in sorted(ranked, key=lambda pair: pair[0])]

    def _define(self, kind, column, record):
        key = (kind, repr(record))
        if key not in self._known:
            self._known[key] = self._next(kind)
            self.row(kind, ref=self.journal.text(record), **{column: self._known[key]})
        return self._known[key]

    def _next(self, what):
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]

    def _name(self, made):
        return self._names.get(made.tensor, "?")


def linear_regression(path, *, delete=True):
    """The trace of loss = ((w*x + b - y)**2).mean(); loss.backward(); with delete also `del loss`.

    Numbers of the results: w 1, b 2, x 3, y 4, w*x 5, +b 6, -y 7, **2 8, loss 9.
    """
    build = Builder(path)
    x_values = np.array([1, 2, 3], np.float32)
    y_values = np.array([3, 5, 9], np.float32)
    w = build.leaf("w", 2.0, line=1, text="w = gv.tensor(2.0, requires_grad=True)")
    b = build.leaf("b", 0.5, line=2, text="b = gv.tensor(0.5, requires_grad=True)")
    x = build.constant("x", x_values, line=3, text="x = gv.tensor([1., 2., 3.])")
    y = build.constant("y", y_values, line=4, text="y = gv.tensor([3., 5., 9.])")
    text = "loss = ((w*x + b - y)**2).mean()"
    product = 2 * x_values
    error = product + np.float32(0.5) - y_values
    wx = build.op("mul", [w, x], product, saved=["other"], line=5, text=text)
    sum_ = build.op("add", [wx, b], product + np.float32(0.5), line=5, text=text)
    diff = build.op("sub", [sum_, y], error, line=5, text=text)
    square = build.op("pow", [diff], error**2, saved=["self"], line=5, text=text)
    loss = build.op("mean", [square], (error**2).mean(), name="loss", line=5, text=text)
    down = 2 * error / 3
    grads = {
        loss: 1.0,
        square: np.full(3, 1 / 3),
        diff: down,
        sum_: down,
        wx: down,
        w: down @ x_values,
        b: down.sum(),
    }
    build.freed(sum_, square)  # nobody keeps these values: only diff is saved, by pow
    build.backward(loss, grads=grads, line=6)
    build.freed(diff)
    if delete:
        build.gone(loss, square, diff, sum_, b, wx, w)
        build.freed(loss, wx)
    else:
        build.hold("loss", loss)
    build.end()
    return load(path)
