"""The trace of one run: its rows as columns, and lookups from the numbers in them to what they stand for."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradviz.errors import BadTrace
from gradviz.trace.events import GRAD, MET, Flag, Kind
from gradviz.trace.forwards import Forwards
from gradviz.trace.happened import happened
from gradviz.trace.memory import Lives
from gradviz.trace.preview import Preview, decode
from gradviz.trace.stored import Stored

if TYPE_CHECKING:
    from gradviz.trace.sharing import Sharing

_INDEXED = ("node", "tensor", "buffer", "meta", "origin", "a", "b", "c")
_MOST_GRADS = 8  # `.grad` in a row: w.grad.grad has two
_HOW = ("finished", "raised", "interrupted", "exited")
_NUMBERS = {
    name: np.dtype(name)
    for name in "bool uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 float32 float64".split()
}


class Origin(NamedTuple):
    """A place in the script: lines and columns, the whole line's text, and the variable assigned."""

    file: str
    function: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    target: str


class Meta(NamedTuple):
    """What an array is, without its values."""

    shape: tuple[int, ...]
    dtype: str
    device: str
    nbytes: int


class Call(NamedTuple):
    """What an op was called with; saved: (name, which), an input's position, -1 the result, -2 another.

    names: the op's names for its inputs; edges: (input's name, local gradient as people read it), one an edge of
    its node. Both are empty where the recorder did not know them.
    """

    op: str
    grad_fn: str
    params: dict
    saved: tuple[tuple[str, int], ...]
    inputs: int
    names: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()


class Within(NamedTuple):
    """The calls that an op ran in, `Net > Linear`; the rest: see WITHIN in events.py."""

    name: str
    inside: bool
    aside: bool
    path: tuple[str, ...] = ()
    around: int = 0


_NOWHERE = Within("", False, False)


class Ending(NamedTuple):
    """How the script ended: 'finished', 'raised', 'interrupted' or 'exited'; origin: of the failing line."""

    how: str
    error: str
    exit_code: int
    origin: int


class Trace:
    """One run, read from its file; nothing but the rows is in memory until it is asked for.

    rows: structured array of events.ROW, in the order in which things happened; a step is an index into it.
    damaged: '' or one line that says what is missing. Lookups raise BadTrace when the file is damaged there.
    """

    def __init__(self, path: Path, header: dict, rows: np.ndarray, heap, damaged: str = ""):
        self.path = path
        self.header = header
        self.rows = rows
        self.damaged = damaged
        self._heap = heap
        self._steps: dict[tuple, np.ndarray] = {}
        self.origin = lru_cache(maxsize=None)(self._origin)
        self.meta = lru_cache(maxsize=None)(self._meta)
        self.call = lru_cache(maxsize=None)(self._call)
        self.within = lru_cache(maxsize=None)(self._within)
        _check_numbers(rows)

    def of(self, *kinds: Kind) -> np.ndarray:
        """The steps of all rows of these kinds, ascending."""
        if kinds not in self._steps:
            wanted = np.zeros(256, bool)
            wanted[[int(kind) for kind in kinds]] = True
            self._steps[kinds] = np.flatnonzero(wanted[self._kinds])
        return self._steps[kinds]

    @cached_property
    def ending(self) -> Ending | None:
        """How the script ended; None when the run was killed, so that nobody could write it down."""
        steps = self.of(Kind.ENDED)
        if not steps.size:
            return None
        how, error, exit_code, origin = self.fields(
            int(self.rows["ref"][steps[-1]]), how=str, error=str, exit_code=int, origin=int
        )
        if how not in _HOW:
            raise BadTrace(f"this trace is damaged: a run can't end as {how[:40]!r}")
        return Ending(how, error, exit_code, origin)

    @cached_property
    def not_looked_at(self) -> int:
        """How many objects, or more, were too many to look for holders in them."""
        steps = self.of(Kind.ENDED)
        amount = self.record(int(self.rows["ref"][steps[-1]])).get("not_looked_at", 0) if steps.size else 0
        return amount if type(amount) is int else 0

    @property
    def end(self) -> int:
        """The step of the script's end, or the last one known; -1 when there are no rows."""
        steps = self.of(Kind.ENDED)
        return int(steps[-1]) if steps.size else len(self.rows) - 1

    @cached_property
    def files(self) -> frozenset[str]:
        """The source files that lines of this trace stand in."""
        refs = self._definitions[Kind.ORIGIN].values()
        return frozenset(self.text(ref, "file") for ref in refs)

    @cached_property
    def forwards(self) -> Forwards:
        """The forward ops as columns, with the inputs and the saved tensors of each."""
        return Forwards(self)

    @cached_property
    def in_place(self) -> dict[int, int]:
        """{op: its MUTATED row} for the ops whose result was written into one of their inputs."""
        steps = self.of(Kind.MUTATED)
        return dict(zip(self.forwards.op_of(steps).tolist(), steps.tolist(), strict=True))

    @cached_property
    def lives(self) -> Lives:
        """When nodes and buffers ended."""
        return Lives(self)

    @cached_property
    def sharing(self) -> "Sharing":
        """Whose memory the saved tensors are in."""
        from gradviz.trace.sharing import Sharing

        return Sharing(self)

    @cached_property
    def stored(self) -> Stored:
        """What each .grad was when."""
        return Stored(self)

    def name(self, tensor: int) -> str:
        """The script's newest name for a tensor, the variable its op was assigned to, one that held it, or ''."""
        for grads in range(_MOST_GRADS):
            name, leaf = self._own_name(tensor)
            if not leaf:
                return name and name + ".grad" * grads
            tensor = leaf
        return ""  # rows of a damaged trace name each other

    def _own_name(self, tensor):
        """(name, 0), or ('', leaf) for what has no name but that of the leaf whose .grad it is."""
        ref = self._names.get(tensor)
        if ref is not None:
            return self.text(ref, "name"), 0
        step = self.forwards.first_row(tensor)
        if step < 0:
            return "", 0
        row = self.rows[step]
        if row["kind"] == Kind.FORWARD and (op := self.call(int(row["ref"])).op) in MET:
            return "", int(row["c"]) if op == GRAD else 0
        # inside a call: the variable takes what the whole call returns
        inside = self.within(int(row["within"])).inside
        origin = None if inside else self.origin(int(row["origin"]))
        if origin is not None and origin.target:
            return origin.target, 0
        held = self._held.get(tensor) if tensor else None
        return self.text(held, "name") if held is not None else "", 0

    def changed(self, tensor: int, at: int) -> int:
        """The step of the newest in-place change of a tensor, up to a step; -1 for none."""
        steps = self._changes.get(tensor, ())
        place = bisect_right(steps, at) - 1
        return steps[place] if place >= 0 else -1

    def value(self, step: int) -> Preview | None:
        """The preview in a row's value column; None when none was recorded."""
        row = self.rows[step]
        bits = int(row["value"])
        if int(row["flags"]) & Flag.INLINE:
            number = self.rows["value"][step : step + 1].view("<f8")
            meta = self.meta(int(row["meta"]))
            shape = meta.shape if prod(meta.shape) == 1 else ()
            dtype = _NUMBERS.get(meta.dtype.removeprefix("torch."), np.dtype("float64"))
            if dtype.kind != "f" and not np.isfinite(number[0]):
                raise BadTrace(
                    f"this trace is damaged: row {step} has the value {number[0]} of dtype {meta.dtype}"
                )
            try:
                with np.errstate(all="ignore"):
                    values = number.astype(dtype).reshape(shape)
            except ValueError:
                raise BadTrace(f"this trace is damaged: row {step} has {len(shape)} dimensions") from None
            return Preview(shape, dtype.name, True, 3, values, None)
        return self.preview(bits) if bits and row["kind"] != Kind.BUFFER else None

    def preview(self, ref: int) -> Preview:
        """The preview at a position of the heap, such as ADDED's ref."""
        return decode(self._heap.blob(ref))

    def record(self, ref: int) -> dict:
        """The JSON at a position of the heap; {} where it is no object."""
        found = self._heap.json(ref)
        return found if isinstance(found, dict) else {}

    def text(self, ref: int, field: str) -> str:
        """One text field of the JSON at a position of the heap."""
        return self.fields(ref, **{field: str})[0]

    def events(
        self, kinds: Iterable[Kind] | None = None, start: int = 0, stop: int | None = None
    ) -> Iterator[NamedTuple]:  # noqa: E501
        """The events between two steps, one NamedTuple each (see happened.py), made as they are asked for."""
        return happened(self, kinds, start, stop)

    def _origin(self, number):
        if not number:
            return None
        return Origin(
            *self.fields(
                self._ref(Kind.ORIGIN, "origin", number),
                file=str,
                function=str,
                line=int,
                column=int,
                end_line=int,
                end_column=int,
                text=str,
                target=str,
            )
        )

    def _meta(self, number):
        ref = self._ref(Kind.META, "meta", number)
        shape, dtype, device, nbytes = self.fields(ref, shape=list, dtype=str, device=str, nbytes=int)
        if not all(type(size) is int and 0 <= size < 1 << 60 for size in shape) or nbytes < 0:
            raise BadTrace(
                f"this trace is damaged: meta {number} has the shape {shape!r:.60} and {nbytes} bytes"
            )
        return Meta(tuple(shape), dtype, device, nbytes)

    def _call(self, number):
        ref = self._ref(Kind.CALL, "a", number)
        op, grad_fn, params, saved, inputs = self.fields(
            ref, op=str, grad_fn=str, params=dict, saved=list, inputs=int
        )
        try:
            pairs = tuple((name, which) for name, which in saved)
            whole = all(
                type(name) is str and type(which) is int and -2 <= which < inputs for name, which in pairs
            )
        except (TypeError, ValueError):
            whole = False
        if not whole or inputs < 0:
            raise BadTrace(
                f"this trace is damaged: call {number} ({op!r:.40}) has inputs or saved tensors that can't be"
            )  # noqa: E501
        return Call(op, grad_fn, params, pairs, inputs, *self._formulas(ref, number))

    def _formulas(self, ref, number):
        """The names and edges of a call; older traces have none."""
        record = self._heap.json(ref)
        names, edges = record.get("names", []), record.get("edges", [])
        if not (_texts(names) and type(edges) is list and all(_texts(edge) and len(edge) == 2 for edge in edges)):
            raise BadTrace(f"this trace is damaged: call {number} has formulas that can't be")
        return tuple(names), tuple(map(tuple, edges))

    def _within(self, number):
        if not number:
            return _NOWHERE
        ref = self._ref(Kind.WITHIN, "within", number)
        name, inside, aside = self.fields(ref, name=str, inside=bool, aside=bool)
        record, calls = self._heap.json(ref), name.split(" > ")
        path, around = record.get("path", calls), record.get("around", len(calls) - inside)
        if not (_texts(path) and len(path) == len(calls) and type(around) is int and 0 <= around <= len(path)):
            raise BadTrace(f"this trace is damaged: within {number} has a path that can't be")
        return Within(name, inside, aside, tuple(path), around)

    def _ref(self, kind, column, number):
        ref = self._definitions[kind].get(number)
        if ref is None:
            raise BadTrace(f"this trace is damaged: {kind.name.lower()} {number} is used but not defined")
        return ref

    def fields(self, ref, **types):
        """The named fields of the JSON at ref, in order. Raises BadTrace when one is missing or of wrong type."""
        record = self._heap.json(ref)
        values = [record.get(name) for name in types] if isinstance(record, dict) else [None]
        for value, wanted in zip(values, types.values(), strict=False):
            if type(value) is not wanted or (wanted is int and not -(1 << 62) < value < 1 << 62):
                raise BadTrace(f"this trace is damaged: the text at position {ref} lacks {', '.join(types)}")
        return values

    @cached_property
    def _kinds(self):
        return np.ascontiguousarray(self.rows["kind"])

    @cached_property
    def _definitions(self):
        columns = {Kind.ORIGIN: "origin", Kind.META: "meta", Kind.WITHIN: "within", Kind.CALL: "a"}
        return {kind: self._refs(kind, column) for kind, column in columns.items()}

    @cached_property
    def _names(self):
        return self._refs(Kind.NAMED, "tensor")

    @cached_property
    def _changes(self):
        steps, found = self.of(Kind.MUTATED), {}
        for tensor, step in zip(self.rows["tensor"][steps].tolist(), steps.tolist(), strict=True):
            found.setdefault(tensor, []).append(step)
        return found

    @cached_property
    def _held(self):
        return self._refs(Kind.HOLDER, "tensor", newest=False)

    def _refs(self, kind, column, newest=True):
        """{number: ref of its newest (or oldest) row} for one kind of definition."""
        rows = self.rows[self.of(kind)][:: 1 if newest else -1]
        return dict(zip(rows[column].tolist(), rows["ref"].tolist(), strict=True))


def _texts(value):
    return type(value) is list and all(type(each) is str for each in value)


def _check_numbers(rows):
    """Running numbers can't run far ahead of the rows: a damaged one must not become an array's length."""
    most = 8 * len(rows) + (1 << 16)
    for column in _INDEXED:
        if rows.size and (largest := int(rows[column].max())) > most:
            raise BadTrace(
                f"this trace is damaged: it has {len(rows)} rows and a {column} with the number {largest}"
            )
