"""The first sample of each op of samples_measures.py, and what is composed, as programs whose graphs are compared."""

from tests.engine.samples_measures import SAMPLES, _linalg, _of

A, ROW, SQUARE = (2, 3), (3,), (3, 3)
_FIRST = {}
for _place, _sample in enumerate(SAMPLES):
    if any(_sample.floating()) and _sample.op not in ("gather", "mm", "mul", "cat", "masked_select", "linalg_inv_ex"):
        _FIRST.setdefault(_sample.op, (_place, _sample))

PROGRAMS: dict[str, tuple] = {
    **{f"{op} {place}": (sample.run, sample.inputs) for op, (place, sample) in _FIRST.items()},
    "torch.cdist": (_of("cdist"), (A, (4, 3))),
    "torch.diff": (_of("diff"), (A,)),
    "torch.trapezoid": (_of("trapezoid"), (A,)),
    "torch.trapezoid of points": (lambda torch, a, x: torch.trapezoid(a, x), (A, ROW)),
    "torch.cumulative_trapezoid": (_of("cumulative_trapezoid"), (A,)),
    "torch.quantile along a dim": (_of("quantile", 0.3, 1), (A,)),
    "torch.quantile along another dim": (_of("quantile", 0.3, 0), (A,)),
    "torch.cov": (_of("cov"), (A,)),
    "torch.corrcoef": (_of("corrcoef"), (A,)),
    "torch.combinations": (_of("combinations"), (ROW,)),
    "torch.logdet": (_of("logdet"), (SQUARE,)),
    "linalg.slogdet, both": (lambda torch, a: torch.mul(*torch.linalg.slogdet(a)), (SQUARE,)),
    "linalg.eigh, vectors": (lambda torch, a: torch.linalg.eigh(a)[1], (SQUARE,)),
    "linalg.svd, vectors": (lambda torch, a: torch.linalg.svd(a, False)[2], (A,)),
    "linalg.qr, complete": (lambda torch, a: torch.linalg.qr(a, "complete")[1], (SQUARE,)),
    "linalg.vecdot": (_linalg("vecdot"), (A, A)),
    "linalg.matrix_norm 1": (_linalg("matrix_norm", 1), (A,)),
    "linalg.matrix_norm nuc": (_linalg("matrix_norm", "nuc"), (A,)),
    "linalg.matrix_norm 2, kept": (_linalg("matrix_norm", 2, keepdim=True), (A,)),
    "linalg.cond": (_linalg("cond"), (SQUARE,)),
}
