"""What rows refer to by number, each written once: origins, metas, calls, the names of modules."""

import numpy as np

from gradviz.engine import backend
from gradviz.engine.coerce import SCALARS
from gradviz.engine.dtypes import of_array
from gradviz.record.formulas import formulas
from gradviz.record.saved import saved_names
from gradviz.trace.events import Kind

INTERNED = 100_000  # definitions kept to be shared; beyond that they are written again


class Definitions:
    """Numbers for what is met again and again, and the rows that define them."""

    def __init__(self, journal):
        self._journal = journal
        self._known = {kind: {} for kind in ("meta", "call", "within", "text")}
        self._made = dict.fromkeys(("origin", "meta", "call", "within"), 0)

    def origin(self, described):
        """A place in the source, as Sources describes it."""
        ref = self._journal.text(described)
        number = self._number("origin")
        self._journal.row(Kind.ORIGIN, origin=number, ref=ref)
        return number

    def meta(self, array):
        """Shape, dtype and device."""
        known = self._known["meta"]
        kind = array.__class__
        if kind is np.ndarray or kind in SCALARS:  # on the CPU
            key = (array.shape, array.dtype)
        else:
            key = (array.shape, array.dtype, backend.device_of(array))
        number = known.get(key)
        if number is None:
            described = {
                "shape": list(array.shape),
                "dtype": of_array(array).name,
                "device": backend.device_of(array),
                "nbytes": array.nbytes,
            }
            ref = self._journal.text(described)
            number = self._keep(known, key, "meta")
            self._journal.row(Kind.META, meta=number, ref=ref)
        return number

    def call(self, key, describe, *given):
        """An op with its settings and saving pattern; settings that can't be compared are written each time.

        describe: what is asked, with what is given, for the JSON of one that is new.
        """
        known = self._known["call"]
        try:
            number = known.get(key)
        except TypeError:
            known, number = {}, None
            key = 0
        if number is None:
            ref = self._journal.text(describe(*given))
            number = self._keep(known, key, "call")
            self._journal.row(Kind.CALL, a=number, ref=ref)
        return number

    def within(self, name, inside, aside, path, around):
        """The modules and composite functions that an op runs in, outermost first."""
        known = self._known["within"]
        key = (path, inside, aside, name, around)
        number = known.get(key)
        if number is None:
            described = {"name": name, "inside": inside, "aside": aside, "path": list(path), "around": around}
            ref = self._journal.text(described)
            number = self._keep(known, key, "within")
            self._journal.row(Kind.WITHIN, within=number, ref=ref)
        return number

    def text(self, key, described):
        """The ref of a small JSON that many rows share."""
        known = self._known["text"]
        ref = known.get(key)
        if ref is None:
            ref = known[key] = self._journal.text(described)
        return ref

    def _keep(self, known, key, kind):
        if len(known) >= INTERNED:
            known.clear()
        number = known[key] = self._number(kind)
        return number

    def _number(self, kind):
        self._made[kind] += 1
        return self._made[kind]


def described(name, declared, inputs, outputs, node, settings):
    """The JSON of a CALL row for an op that ran."""
    grad_fn = node.name().rpartition("::")[2] if node is not None else ""
    saved = [] if node is None else saved_names(declared, node, inputs, outputs)
    return call_json(name, grad_fn, settings, saved, len(inputs)) | formulas(declared, node, inputs)


def call_json(name, grad_fn, settings, saved, inputs):
    """The JSON of a CALL row."""
    params = {
        key: value if isinstance(value, (int, float, str, bool, type(None))) else str(value)
        for key, value in settings.items()
    }
    return {
        "op": name,
        "grad_fn": grad_fn or "",
        "params": params,
        "saved": [list(each) for each in saved],
        "inputs": inputs,
    }
