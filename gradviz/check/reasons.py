"""Why a parameter got no gradient, in words, and what to write in place of the line that is to blame."""

import re

from gradviz.check.case import Case
from gradviz.check.words import called, noted
from gradviz.trace.events import SHARED, Flag
from gradviz.trace.masked import RELU, ZEROS, Mask
from gradviz.trace.passage import CUT, FROZEN, NOWHERE, REFUSED, Lack

_ROLES = {NOWHERE: "computed", CUT: "cut", REFUSED: "refused", ZEROS: "multiplied", RELU: "masked"}


def role(how: str) -> str:
    """The part that the op of a Lack or Mask played."""
    return _ROLES.get(how, "used")


def reason(case: Case, why: Lack | Mask, several: int) -> str:
    """What follows `w got no gradient`."""
    it, its, does = ("it", "its", "does") if several == 1 else ("them", "their", "do")
    op = _op(case, why)
    if why.how == NOWHERE:
        return f": what {op} computes with {it} leads to no backward"
    if why.how == CUT:
        return f": {its} way to the loss leads through {_cut(case, why)}"
    if why.how == REFUSED:
        return f": the backward of {op} gives {it} None"
    if why.how == FROZEN:
        return f": {'it' if several == 1 else 'they'} {does} not require grad"
    if why.how == ZEROS:
        return f" but zeros: {op} multiplies by {called(case.trace.name(why.factor))}, which is all zeros"
    if why.how == RELU:
        return f" but zeros: {op} let nothing through, since no element of its input is above zero"
    return f": no op of the loss took {it} in"


def fix(case: Case, why: Lack | Mask, names: list[str], made: int) -> str:
    """The line as it could be; made: the row of the optimizer, or of the parameter where there is none."""
    line = case.line(case.at(why.step if why.step >= 0 else made))
    if why.how == NOWHERE:
        return noted("use the result in the loss", line)
    if why.how == CUT:
        return _uncut(case, why, line)
    if why.how == REFUSED:
        return noted(f"in {_op(case, why)}.backward: a gradient for each input that requires one", "return ...")
    if why.how == FROZEN:
        return "\n".join(f"{name}.requires_grad_()" for name in names)
    if why.how == ZEROS:
        return noted("with a factor that is not all zeros", line)
    if why.how == RELU:
        leaky = re.sub(r"\b(?:torch|F)?\.?relu\(", "torch.nn.functional.leaky_relu(", line)
        return leaky if leaky != line else noted("with nn.LeakyReLU, or other initial values", line)
    return _without(line, [name for name in names if name])


def _without(line, names):
    """The line without these names in its lists; where they don't stand in it, with a comment."""
    shorter = line
    for name in names:
        shorter = re.sub(rf",\s*{re.escape(name)}\b(?=\s*[,\])])|(?<=[\[(]){re.escape(name)}\s*,\s*", "", shorter)
    told = ", ".join(names) or "it"
    return noted(f"without {told}, or compute the loss with {told}", shorter)


def _cut(case, why):
    op, row = _op(case, why), case.trace.rows[why.step]
    dtype = case.trace.meta(int(row["meta"])).dtype if row["meta"] else ""
    if "float" not in dtype:
        return f"{op}, whose result of dtype {dtype} has no gradient"
    if row["flags"] & Flag.NO_GRAD:
        return f"{op}, which ran where gradients are off"
    if op == "detach":
        return "`detach()`"
    return "`.data`, which no graph knows" if _takes_data(case, why) else f"{op}, which has no gradient"


def _takes_data(case, why):
    """Whether an op took in a tensor that shows another one's memory."""
    forwards = case.trace.forwards
    op = int(forwards.op_of(why.step))
    made = forwards.input_op[forwards.input_from[op] : forwards.input_from[op + 1]]
    return any(case.trace.call(int(forwards.call[each])).op == SHARED for each in made.tolist() if each >= 0)


def _uncut(case, why, line):
    if _cut(case, why).endswith("gradients are off"):
        return noted("outside torch.no_grad()", line)
    bare = re.sub(r"\.detach\(\)|\.data\b", "", line)
    return bare if bare != line else noted(f"with an op that has a gradient in place of {_op(case, why)}", line)


def _op(case, why):
    """The op of a row by name, '' for none."""
    return case.trace.call(int(case.trace.rows["ref"][why.step])).op if why.step >= 0 else ""
