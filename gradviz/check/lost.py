"""GV103: where the path from the loss to what is to be learned was cut.

A cut alone is no fault: targets are detached, numbers are logged, labels are integers. So the rule speaks only where
backward can't do anything: it was refused, since its root does not require grad; or its root is a leaf that holds
values of tensors that do, so that it ends where it begins. A loss that reaches one leaf and has another one's values
through a detach is what many scripts want, and is left alone.
"""

from collections.abc import Iterator

from gradviz.check.case import Case
from gradviz.check.cuts import CASTS, MOST, Cuts, Earlier
from gradviz.check.finding import Finding, Place
from gradviz.check.mending import statement_text, unwrapped, with_argument, without
from gradviz.check.wording import at_line, bare, called
from gradviz.trace.events import Kind


def lost_path(case: Case) -> Iterator[Finding]:
    """GV103, one finding a backward call that could not reach a leaf."""
    trace, rows = case.trace, case.trace.rows
    refused, starts = trace.of(Kind.REFUSED), trace.of(Kind.BACKWARD)
    from_leaves = starts[rows["node"][starts] == 0]
    if not refused.size + from_leaves.size:
        return
    earlier = Earlier(trace)
    for step in refused.tolist():
        root = int(rows["tensor"][step])
        cuts = Cuts(trace, earlier, root, step)
        start = f"{called(trace, root)} does not require grad"
        yield (
            _Lost(trace, cuts).finding(f"{start}: ", step, "failed") if cuts.found else _never(trace, cuts, root, step)
        )
    asked = set(rows["a"][trace.of(Kind.CAPTURED)].tolist())  # autograd.grad wants the gradient there
    for step in from_leaves.tolist():
        root = int(rows["tensor"][step])
        cuts = Cuts(trace, earlier, root, step)
        if cuts.found and int(rows["a"][step]) not in asked:
            start = f"backward from {called(trace, root)} ends where it begins, at a leaf: "
            yield _Lost(trace, cuts).finding(start, step, "backward")


class _Lost:
    """What there is to say of the newest cut; the others are shown."""

    def __init__(self, trace, cuts):
        self.trace, self.rows, self.cuts = trace, trace.rows, cuts
        self.first = cuts.found[0]
        self.line = self.trace.origin(self._origin(self.first))
        self.source = called(self.trace, self.first.source) if self.first.source else ""
        self.op = cuts.op_name(self.first.row)
        self.dtype = self.trace.meta(int(self.rows["meta"][self.first.row])).dtype

    def finding(self, start, step, role):
        """The finding, of a sentence that starts so and ends with the cut."""
        words, fix = getattr(self, f"_{self.first.how}")()
        has = "has the values of" if role == "backward" else "is computed from"
        begin = f"it {has} {self.source}, but " if self.source else ""
        cause = f"{start}{begin}{at_line(self.trace, self.line)} {words}."
        return Finding("GV103", cause, fix, (*self._places(), Place(role, int(self.rows["origin"][step]))), step)

    def _places(self):
        lost = [Place("lost", self._origin(each)) for each in reversed(self.cuts.found)]
        made = self.trace.forwards.first_row(self.first.source)
        origin = int(self.rows["origin"][made]) if made >= 0 else 0
        one_line = origin and self.line and self.trace.origin(origin).line == self.line.line
        return dict.fromkeys([*([Place("had grad", origin)] if origin and not one_line else []), *lost])

    def _origin(self, cut):
        """The line that cut: of the gradient in a leaf's .grad, that of the backward call."""
        rows, forwards = self.rows, self.trace.forwards
        row = rows[forwards.steps[forwards.op_of(cut.row)]]
        if cut.how == "gradient" and row["c"]:
            added = self.trace.of(Kind.ADDED)
            added = added[(rows["tensor"][added] == row["c"]) & (added < cut.row)]
            calls = self.trace.of(Kind.BACKWARD)
            if added.size and (calls := calls[calls < added[-1]]).size:
                return int(rows["origin"][calls[-1]])
        return int(row["origin"])

    def _no_grad(self):
        line = statement_text(self.line)
        return "ran where gradients are off", f"# where gradients are on, outside torch.no_grad()\n{line}"

    def _detach(self):
        return "detached it", without(self.line, "detach", "detach_") or bare(self.source)

    def _data(self):
        mended = without(self.line, "data") or f"{bare(self.source)}  # itself, not its .data"
        return "took its .data, which is outside the graph", mended

    def _new(self):
        mended = unwrapped(self.line) or f"{bare(self.source)}  # itself, not its values"
        whose = "its values" if self.source else "values that had left the graph"
        return f"made a new tensor of {whose}", mended

    def _cast(self):
        mended = without(self.line, *CASTS) or bare(self.source)
        return f"cast it to {self.dtype}, which has no gradient", mended

    def _integer(self):
        words = f"took its {self.op}, which is {self.dtype} and has no gradient"
        if "bool" in self.dtype:
            return words, f"torch.sigmoid({bare(self.source)})  # a soft step, in place of the comparison"
        return words, f"torch.softmax({bare(self.source)}, -1)  # weights, in place of {self.op}"

    def _gradient(self):
        return "computed a gradient that is outside any graph", with_argument(self.line, "create_graph")

    def _other(self):
        mended = f"{bare(self.source)}  # or an op with a gradient, for {self.op}"
        return f"took its {self.op}, which has no gradient", mended


def _never(trace, cuts, root, step):
    """The finding where nothing required grad from the start: of a module, its parameters are frozen."""
    rows = trace.rows
    floats = [row for row in sorted(cuts.leaves) if "float" in trace.meta(int(rows["meta"][row])).dtype]
    frozen = [row for row in floats if cuts.op_name(row) == "Parameter"]
    leaves = frozen or floats or sorted(cuts.leaves)
    names = list(dict.fromkeys(called(trace, int(rows["tensor"][row])) for row in leaves))
    asked = called(trace, root)
    listed = ", ".join(names[:MOST]) + (" and others" if len(names) > MOST else "")
    if not names or names == [asked]:
        cause = f"{asked} does not require grad, and no op computed it."
    else:
        kind = "" if floats else ", as integers and booleans can't"
        cause = f"{asked} does not require grad, and nothing that it was computed from does{kind}: {listed}."
    fix = _marking(trace, leaves[0], names[:MOST], "" if floats else ".float()") if leaves else ""
    places = [Place("made", int(rows["origin"][row])) for row in leaves[:MOST]]
    return Finding("GV103", cause, fix, (*places, Place("failed", int(rows["origin"][step]))), step)


def _marking(trace, leaf, names, cast):
    """The line that lets a leaf require grad, by its name or where it is made."""
    named = [bare(name) for name in names if bare(name).replace(".", "").isidentifier()]
    if not named:
        return with_argument(trace.origin(int(trace.rows["origin"][leaf])), "requires_grad")
    fix = f"{named[0]} = {named[0]}{cast}.requires_grad_()" if cast else f"{named[0]}.requires_grad_()"
    others = f"; or {' or '.join(named[1:])}: what is to be learned" if len(named) > 1 else ""
    return f"{fix}  # before the forward pass{others}"
