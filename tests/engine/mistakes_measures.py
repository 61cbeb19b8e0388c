"""Mistakes with running values, scattered ones, distances, quantiles and decompositions, as in mistakes.py."""

A = (2, 3)


def _t(name, *shapes, **kwargs):
    return lambda torch: getattr(torch, name)(*(torch.ones(each) for each in shapes), **kwargs)


def _l(name, *shapes, **kwargs):
    return lambda torch: getattr(torch.linalg, name)(*(torch.ones(each) for each in shapes), **kwargs)


def _scatter(how, *, src=lambda torch: torch.ones(A), index=1):
    return lambda torch: torch.ones(A).scatter_reduce(1, torch.full(A, index), src(torch), how)


def _learned(run):
    return lambda torch: run(torch, torch.ones(4, 3, requires_grad=True)).sum().backward()


MISTAKES = {
    "cummax of too large a dim": _t("cummax", A, dim=2),
    "logcumsumexp of integers": lambda torch: torch.logcumsumexp(torch.ones(2).long(), 0),
    "diff of a number": _t("diff", ()),
    "diff backwards": _t("diff", A, n=-1),
    "trapezoid of too few points": _t("trapezoid", A, (2,)),
    "scatter_reduce somehow": _scatter("median"),
    "scatter_reduce of another dtype": _scatter("sum", src=lambda torch: torch.ones(A).double()),
    "scatter_reduce too far": _scatter("sum", index=5),
    "select_scatter of another size": _t("select_scatter", A, (2,), dim=0, index=0),
    "select_scatter too far": _t("select_scatter", A, (3,), dim=0, index=5),
    "slice_scatter of another size": _t("slice_scatter", A, A, dim=1, start=0, end=2),
    "diagonal_scatter of another size": _t("diagonal_scatter", A, (3,)),
    "block_diag of a cube": _t("block_diag", A, (2, 2, 2)),
    "combinations of a matrix": _t("combinations", A),
    "combinations of less than nothing": _t("combinations", (3,), r=-1),
    "dsplit of a matrix": lambda torch: torch.dsplit(torch.ones(A), 2),
    "cdist of a vector": _t("cdist", A, (3,)),
    "cdist of other columns": _t("cdist", A, (3, 2)),
    "cdist of integers": lambda torch: torch.cdist(torch.ones(A).long(), torch.ones(A)),
    "cdist of a negative order": _t("cdist", A, A, p=-1.0),
    "second backward through cdist": lambda torch: torch.autograd.grad(
        torch.cdist(x := torch.eye(2, requires_grad=True), torch.ones(1, 2)).sum(), x, create_graph=True
    )[0].sum().backward(),
    "cross of two elements": _l("cross", (2, 2), (2, 2)),
    "cross of other dimensions": _l("cross", (3,), A),
    "quantile above 1": _t("quantile", A, q=1.5),
    "quantile of integers": lambda torch: torch.quantile(torch.ones(A).long(), 0.5),
    "quantile of another dtype": lambda torch: torch.quantile(torch.ones(A), torch.tensor(0.5).double()),
    "quantile of a matrix of fractions": lambda torch: torch.quantile(torch.ones(A), torch.ones(1, 1)),
    "quantile of nothing": _t("quantile", (0,), q=0.5),
    "quantile somehow": _t("quantile", A, q=0.5, interpolation="somehow"),
    "nanquantile below 0": _t("nanquantile", A, q=-0.5),
    "cov of a cube": _t("cov", (2, 2, 2)),
    "cov of bools": lambda torch: torch.cov(torch.ones(A) > 0),
    "corrcoef of a cube": _t("corrcoef", (2, 2, 2)),
    "histc of integers": lambda torch: torch.histc(torch.ones(2).long()),
    "histc of no bins": _t("histc", A, bins=0),
    "histc the wrong way round": _t("histc", A, bins=3, min=3, max=1),
    "polygamma of a negative order": lambda torch: torch.polygamma(-1, torch.ones(2)),
    "qr of a vector": _l("qr", (3,)),
    "qr of integers": lambda torch: torch.linalg.qr(torch.ones(A).long()),
    "qr of an unknown mode": _l("qr", A, mode="full"),
    "qr complete of a tall matrix, backward": _learned(lambda torch, a: torch.linalg.qr(a, "complete")[0]),
    "qr without Q, backward": _learned(lambda torch, a: torch.linalg.qr(a, "r")[1]),
    "eigh of no square": _l("eigh", A),
    "eigh of integers": lambda torch: torch.linalg.eigh(torch.eye(2).long()),
    "eigh of an unknown triangle": _l("eigh", (2, 2), UPLO="X"),
    "svd of a vector": _l("svd", (3,)),
    "svd of integers": lambda torch: torch.linalg.svd(torch.ones(A).long()),
    "pinv of a vector": _l("pinv", (3,)),
    "pinv of integers": lambda torch: torch.linalg.pinv(torch.ones(A).long()),
    "matrix_rank of a vector": _l("matrix_rank", (3,)),
    "lstsq of a vector": _l("lstsq", (3,), (3,)),
    "lstsq of other rows": _l("lstsq", (3, 2), (4, 2)),
    "solve_triangular of no square": _l("solve_triangular", A, A, upper=True),
    "solve_triangular of a vector": _l("solve_triangular", (2, 2), (2,), upper=True),
    "solve_triangular of other rows": _l("solve_triangular", (2, 2), (3, 1), upper=True),
    "cholesky_solve of a vector": _t("cholesky_solve", (2,), (2, 2)),
    "cholesky_solve of other rows": _t("cholesky_solve", (3, 1), (2, 2)),
    "matrix_norm of order 3": _l("matrix_norm", A, ord=3),
    "matrix_norm of an unknown order": _l("matrix_norm", A, ord="no"),
    "matrix_norm of a vector": _l("matrix_norm", (3,)),
    "matrix_norm of integers": lambda torch: torch.linalg.matrix_norm(torch.ones(A).long()),
    "cond of no square": _l("cond", A, p=1),
    "cond of order 3": _l("cond", (2, 2), p=3),
}  # fmt: skip
