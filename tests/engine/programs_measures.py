"""The first sample of each op of samples_measures.py, and what is composed, as programs whose graphs are compared."""

from tests.engine.samples_measures import SAMPLES, _linalg, _of

A, ROW, SQUARE = (2, 3), (3,), (3, 3)
_SEVERAL = ("gather", "mm", "mul", "cat", "masked_select", "linalg_inv_ex", "bmm", "mv")  # of several functions
_FIRST = {}
for _place, _sample in enumerate(SAMPLES):
    if any(_sample.floating()) and _sample.op not in _SEVERAL:
        _FIRST.setdefault(_sample.op, (_place, _sample))

PROGRAMS: dict[str, tuple] = {
    **{f"{op} {place}": (sample.run, sample.inputs) for op, (place, sample) in _FIRST.items()},
    "matmul 2d@3d": (lambda torch, a, b: a @ b, (A, (2, 3, 2))),
    "matmul 1d@3d": (lambda torch, a, b: a @ b, (ROW, (2, 3, 2))),
    "einsum of lists": (lambda torch, a, b: torch.einsum(a, [0, 1], b, [1, 2], [0, 2]), (A, SQUARE)),
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
