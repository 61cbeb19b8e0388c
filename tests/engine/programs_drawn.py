"""The first sample of each op of samples_drawn.py and samples_numeric.py, as programs whose graphs are compared."""

from tests.engine import samples_drawn, samples_numeric

_KNOWN = ("add", "fill_number", "mul", "pow_number", "pow_scalar", "pow_tensor")  # of other files
_FIRST = {}
for _sample in (*samples_drawn.SAMPLES, *samples_numeric.SAMPLES):
    if any(_sample.floating()) and _sample.op not in _KNOWN:
        _FIRST.setdefault(_sample.op, _sample)

PROGRAMS: dict[str, tuple] = {f"{op} drawn or numeric": (each.run, each.inputs) for op, each in _FIRST.items()}
