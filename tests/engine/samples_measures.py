"""Running values, scattered ones, distances, quantiles, special functions and decompositions: an example of each."""

from tests.engine.samples_layers import _first
from tests.engine.sampling import Sample

A, ROW, SQUARE, CUBE, TALL, WIDE = (2, 3), (3,), (3, 3), (2, 3, 2), (4, 3), (2, 3)
INDEX, POSITIVE = ((2, 3), "class"), ((2, 3), "positive")


def _of(name, *args, **kwargs):
    return lambda torch, *tensors: getattr(torch, name)(*tensors, *args, **kwargs)


def _linalg(name, *args, **kwargs):
    return lambda torch, *tensors: getattr(torch.linalg, name)(*tensors, *args, **kwargs)


def _linear(op, run, *inputs):
    return Sample(op, run, inputs, second=False)


RUNNING = (
    _linear("greatest_so_far", lambda torch, a: a.cummax(1)[0], A),
    _linear("greatest_so_far", lambda torch, a: torch.cummax(a, 0).indices, ((3, 2), "constant")),
    _linear("smallest_so_far", lambda torch, a: torch.cummin(a, -1).values, A),
    _linear("smallest_so_far", lambda torch, a: a.cummin(0)[0], ()),
    Sample("log_sums_so_far", _of("logcumsumexp", 1), (A,)),
    Sample("log_sums_so_far", lambda torch, a: a.logcumsumexp(0), (CUBE,)),
    _linear("slice", _of("diff"), A),
    _linear("slice", lambda torch, a: a.diff(2, 0), (4, 3)),
    _linear("cat", lambda torch, a, b: torch.diff(a, prepend=b), A, (2, 1)),
    _linear("select", _of("trapezoid"), A),
    Sample("div_number", lambda torch, a, x: torch.trapezoid(a, x), (A, ROW)),
    _linear("mul_number", _of("trapz", dx=0.5, dim=0), A),
    _linear("cumsum_of", _of("cumulative_trapezoid"), A),
    Sample("cumsum_of", lambda torch, a, x: torch.cumulative_trapezoid(a, x), (A, A)),
    Sample("std_mean_of", lambda torch, a: torch.std_mean(a, 1)[0] * torch.std_mean(a, 1)[1], (A,)),
    Sample("std_mean_of", lambda torch, a: torch.std_mean(a, correction=0)[0], (A,)),
)

SCATTERED = (
    *(
        Sample("scatter_reduced", lambda torch, a, i, b, how=how, own=own: a.scatter_reduce(1, i, b, how, include_self=own), (A, INDEX, A), second=how == "prod")  # noqa: E501
        for how in ("sum", "prod", "mean", "amax", "amin") for own in (True, False)
    ),
    *(
        Sample("index_reduced", lambda torch, a, i, b, how=how, own=own: torch.index_reduce(a, 1, i, b, how, include_self=own), (A, ((3,), "class"), A), second=how == "prod")  # noqa: E501
        for how in ("prod", "mean", "amax", "amin") for own in (True, False)
    ),
    Sample("index_reduced", lambda torch, a, i, b: (a * 1).index_reduce_(0, i, b, "prod"), (ROW, ((4,), "class"), (4,))),  # noqa: E501
    Sample("scatter_reduced", lambda torch, a, i, b: (a * 1).scatter_reduce_(1, i, b, "prod"), (A, INDEX, A)),
    *(
        Sample("scatter_folded", lambda torch, a, i, b, how=how: a.scatter(1, i, b, reduce=how), (((2, 3), "constant"), INDEX, ((2, 3), "constant")))  # noqa: E501
        for how in ("add", "multiply")
    ),
    *(
        Sample("scatter_folded_value", lambda torch, a, i, how=how: a.scatter_(1, i, 0.5, reduce=how), (((2, 3), "constant"), INDEX))  # noqa: E501
        for how in ("add", "multiply")
    ),
    _linear("where", lambda torch, a, m, b: a.where(m, b), A, ((2, 3), "bool"), ROW),
    _linear("select_replaced", lambda torch, a, b: a.select_scatter(b, 0, -1), A, ROW),
    _linear("slice_replaced", lambda torch, a, b: torch.slice_scatter(a, b, 1, 0, None, 2), A, (2, 2)),
    _linear("diagonal_replaced", lambda torch, a, b: a.diagonal_scatter(b), SQUARE, ROW),
    _linear("diagonal_replaced", lambda torch, a, b: torch.diagonal_scatter(a, b, -1, 2, 0), CUBE, (3, 1)),
    _linear("blocks", lambda torch, a, b, c: torch.block_diag(a, b, c), A, ROW, ()),
    _linear("masked_select", _of("combinations"), ROW),
    _linear("masked_select", _of("combinations", 3, True), ROW),
    _linear("slice", lambda torch, a: torch.dsplit(a, 2)[1] * 1, (1, 2, 4)),
    _linear("unique_of", lambda torch, i: torch.unique(i, dim=0, return_inverse=True)[1], ((4, 1), "class")),
    _linear("unique_of", lambda torch, i: torch.unique(i, dim=1, return_counts=True)[0], ((1, 4), "class")),
    _linear("unique_of", lambda torch, i: torch.unique_consecutive(i, return_counts=True)[1], ((6,), "class")),
    _linear("unique_of", lambda torch, i: i.unique_consecutive(True, dim=0)[1], ((6, 1), "class")),
)  # fmt: skip

NEAR, FAR = ((2, 3), "constant"), ((4, 3), "constant")
MEASURES = (
    *(Sample("distances", _of("cdist", p), (NEAR, FAR)) for p in (0.0, 1.0, 1.5, 2.0, 3.0, float("inf"))),
    Sample("distances", lambda torch, a, b: torch.cdist(b, a), (((2, 2, 3), "constant"), FAR)),
    *(
        Sample("distances_backward", _first(lambda torch, a, b, p=p: torch.cdist(a, b, p)), (NEAR, FAR))
        for p in (0.0, 1.0, 1.5, 2.0, 3.0, float("inf"))
    ),
    Sample("distances_backward", _first(lambda torch, a, b: torch.cdist(b, a)), (((2, 2, 3), "constant"), FAR)),
    Sample("distance", _of("dist"), (A, ROW)),
    Sample("distance", lambda torch, a, b: a.dist(b, 3), (A, A)),
    Sample("linalg_cross", lambda torch, a, b: torch.cross(a, b, dim=1) * a * a, (A, A)),
    Sample("linalg_cross", lambda torch, a, b: torch.linalg.cross(a, b) * a * a, (A, (1, 3))),
    Sample("linalg_cross", lambda torch, a, b: a.cross(b, 0) * a * a, ((3, 2), (3, 2))),
    Sample("mul", _linalg("vecdot"), (A, ROW)),
    Sample("bmm", lambda torch, a, b: torch.einsum(a, [0, 1], b, [1, 30], [30, 0]), (A, SQUARE)),
    Sample("bmm", lambda torch, a, b: torch.einsum(a, [..., 1], b, [1, 2]), (A, SQUARE)),
    Sample("mm", lambda torch, a, b: a @ b, (A, (2, 3, 2))),
    Sample("mv", lambda torch, a, b: a @ b, (ROW, (2, 3, 2))),
    Sample("lerp_tensor", _of("quantile", 0.3), (A,), second=False),
    Sample("lerp_tensor", lambda torch, a: torch.quantile(a, torch.tensor([0.3, 0.9], dtype=a.dtype), dim=0, keepdim=True), (A,), second=False),  # noqa: E501
    *(_linear("gather", _of("quantile", 0.4, 1, interpolation=how), A) for how in ("lower", "higher", "nearest")),
    _linear("lerp_tensor", lambda torch, a: a.quantile(0.4, -1, interpolation="midpoint"), CUBE),
    _linear("lerp_tensor", lambda torch, a: torch.nanquantile(torch.where(a > 1, float("nan"), a), 0.6, dim=1), A),
    _linear("mode_along", lambda torch, a: a.mode(1)[0], A),
    _linear("mode_along", lambda torch, i: torch.mode(i, 0, True)[0], ((5, 2), "class")),
    _linear("mode_along", lambda torch, i: torch.mode(i, 0)[1], ((5, 2), "class")),
    _linear("nanmedian_along", lambda torch, a: torch.where(a > 1, float("nan"), a).nanmedian(1)[0], A),
    _linear("nanmedian_of_all", lambda torch, a: torch.nanmedian(torch.where(a > 1, float("nan"), a)), A),
    Sample("mm", _of("cov"), (A,)),
    Sample("mm", lambda torch, a: torch.cov(a, correction=0, fweights=torch.tensor([1, 2, 1]), aweights=torch.tensor([0.2, 0.5, 0.3], dtype=a.dtype)), (A,)),  # noqa: E501
    Sample("mm", _of("cov"), (ROW,)),
    Sample("clamp_numbers", lambda torch, a: a.corrcoef(), ((3, 4),)),
    Sample("counts_in_bins", _of("histc", 4), (((3, 4), "constant"),)),
    Sample("counts_in_bins", _of("histc", 3, 0.5, 1.2), (((3, 4), "constant"),)),
    Sample("lgamma", _of("lgamma"), (A,)),
    Sample("digamma", lambda torch, a: a.digamma(), (POSITIVE,)),
    Sample("polygamma_of", lambda torch, a: torch.polygamma(1, a), (POSITIVE,)),
    Sample("polygamma_of", lambda torch, a: torch.polygamma(0, a), (A,)),
    Sample("erfinv", lambda torch, a: (a * 0.55).erfinv(), (A,)),
)  # fmt: skip


def _symmetric(a):
    return a + a.mT


def _triangle(torch, a):
    return torch.tril(a) + 2 * torch.eye(3, dtype=a.dtype)


def _spectrum(torch, a):
    values, vectors = torch.linalg.eigh(_symmetric(a))
    return (vectors * vectors) @ values.exp()


DECOMPOSED = (
    Sample("linalg_qr", lambda torch, a: torch.linalg.qr(a)[0], (TALL,)),
    Sample("linalg_qr", lambda torch, a: torch.linalg.qr(a)[1], (SQUARE,)),
    Sample("linalg_qr", lambda torch, a: torch.mm(*torch.linalg.qr(a, "complete")) + torch.linalg.qr(a).R, (SQUARE,)),
    Sample("linalg_qr", lambda torch, a: torch.linalg.qr(a).R, (WIDE,)),
    Sample("linalg_qr", lambda torch, a: torch.linalg.qr(a, mode="r")[1], (((4, 3), "constant"),)),
    Sample("linalg_eigh_of", lambda torch, a: torch.linalg.eigvalsh(_symmetric(a)), (SQUARE,)),
    Sample("linalg_eigh_of", _spectrum, (SQUARE,)),
    Sample("linalg_eigh_of", lambda torch, a: torch.linalg.eigh(_symmetric(a), "U")[1] ** 2, ((2, 2, 2),)),
    Sample("linalg_svd_of", _linalg("svdvals"), (TALL,)),
    Sample("linalg_svd_of", lambda torch, a: torch.linalg.svd(a, full_matrices=False)[0] ** 2, (TALL,)),
    Sample("linalg_svd_of", lambda torch, a: torch.linalg.svd(a, full_matrices=False)[2] ** 2, (WIDE,)),
    Sample("linalg_svd_of", lambda torch, a: (torch.svd(a)[0] ** 2 * torch.svd(a)[1]) @ (torch.svd(a)[2] ** 2).mT, (WIDE,)),  # noqa: E501
    Sample("linalg_svd_of", lambda torch, a: torch.linalg.svd(a)[1], (WIDE,)),
    Sample("pseudoinverse", _linalg("pinv"), (TALL,)),
    Sample("pseudoinverse", lambda torch, a: torch.pinverse(a), (WIDE,)),
    Sample("pseudoinverse", lambda torch, a: torch.linalg.pinv(_symmetric(a), hermitian=True), (SQUARE,)),
    Sample("least_squares", lambda torch, a, b: torch.linalg.lstsq(a, b)[0], (TALL, (4, 2))),
    Sample("least_squares", lambda torch, a, b: torch.linalg.lstsq(a, b).solution, (SQUARE, (3, 1))),
    Sample("ranks", _linalg("matrix_rank"), (((2, 3, 4), "constant"),)),
    Sample("solved_triangular", lambda torch, a, b: torch.linalg.solve_triangular(_triangle(torch, a), b, upper=False), (SQUARE, (3, 2))),  # noqa: E501
    Sample("solved_triangular", lambda torch, a, b: torch.linalg.solve_triangular(a, b, upper=True, left=False, unitriangular=True), (SQUARE, (2, 3))),  # noqa: E501
    Sample("solved_cholesky", lambda torch, b, a: torch.cholesky_solve(b, _triangle(torch, a)), ((3, 2), SQUARE)),
    Sample("solved_cholesky", lambda torch, b, a: b.cholesky_solve(_triangle(torch, a).mT, True), ((3, 1), SQUARE)),
    *(Sample("linalg_svd_of", _linalg("matrix_norm", ord), (A,)) for ord in (2, -2, "nuc")),
    *(Sample("linalg_vector_norm", _linalg("matrix_norm", ord), (A,), second=False) for ord in (1, -1, float("inf"))),
    Sample("linalg_vector_norm", _linalg("matrix_norm", 1, (2, 0), True), (CUBE,), second=False),
    Sample("linalg_svd_of", _linalg("matrix_norm", "nuc", (0, 2), True), (CUBE,)),
    Sample("linalg_svd_of", _linalg("norm", 2), (A,)),
    Sample("linalg_svd_of", _linalg("norm", "nuc"), (A,)),
    Sample("linalg_svd_of", lambda torch, a: torch.norm(a, "nuc", dim=(2, 0), keepdim=True), (CUBE,)),
    Sample("linalg_svd_of", _linalg("cond"), (SQUARE,)),
    Sample("linalg_inv_ex", _linalg("cond", "fro"), ((SQUARE, "constant"),)),
    Sample("linalg_inv_ex", _linalg("cond", 1), ((SQUARE, "constant"),)),
    _linear("diagonal", _linalg("diagonal", offset=1), CUBE),
)

SAMPLES: tuple[Sample, ...] = RUNNING + SCATTERED + MEASURES + DECOMPOSED
