"""Matrix products, linear algebra, neural layers and losses: an example of each."""

from tests.engine.sampling import Sample, twice

V, A, B, BATCH = (3,), (2, 3), (3, 2), (2, 2, 3)

PRODUCTS = (
    Sample("addmv", lambda torch, c, a, v: torch.addmv(c, a, v), ((2,), A, V)),
    Sample("addmv", lambda torch, c, a, v: c.addmv(a, v, beta=2, alpha=0.5), ((1,), A, V)),
    Sample("addr", lambda torch, c, v, w: torch.addr(c, v, w), ((2, 3), (2,), V)),
    Sample("addr", lambda torch, c, v, w: c.addr(v, w, beta=-1, alpha=3), (V, (2,), V)),
    Sample("baddbmm", lambda torch, c, a, b: torch.baddbmm(c, a, b), ((2, 2, 2), BATCH, (2, 3, 2))),
    Sample("baddbmm", lambda torch, c, a, b: torch.baddbmm(c, a, b, beta=2, alpha=0.5), ((2,), BATCH, (2, 3, 2))),
    Sample("addbmm", lambda torch, c, a, b: torch.addbmm(c, a, b), ((2, 2), BATCH, (2, 3, 2))),
    Sample("addbmm", lambda torch, c, a, b: torch.addbmm(c, a, b, beta=2, alpha=0.5), ((), BATCH, (2, 3, 2))),
    Sample("vdot", lambda torch, a, b: torch.vdot(a, b), (V, V)),
    Sample("mul", lambda torch, a, b: torch.outer(a, b), (V, (2,))),
    Sample("mm", lambda torch, a, b: torch.inner(a, b), (A, (4, 3))),
    Sample("dot", lambda torch, a, b: torch.inner(a, b), (V, V)),
    Sample("mm", lambda torch, a, b: torch.tensordot(a, b, dims=([0, 2], [1, 0])), ((2, 4, 3), (3, 2))),
    Sample("mm", lambda torch, a, b: torch.tensordot(a, b, dims=0), (V, (2,))),
    Sample("mm", lambda torch, a, b: torch.tensordot(a, b, dims=2), (A, A)),
    Sample("mul", lambda torch, a, b: torch.kron(a.contiguous(), b.contiguous()), (A, (2,))),
    Sample("mm", lambda torch, a, b, c: torch.chain_matmul(a, b, c), (A, B, A)),
    Sample("mm", lambda torch, v, a, b: torch.linalg.multi_dot([v, a, b]), ((2,), A, B)),
    *(
        Sample("bmm", lambda torch, *operands, equation=equation: torch.einsum(equation, *operands), specs)
        for equation, specs in (
            ("ij,jk->ik", (A, B)),
            ("ij,j", (A, V)),
            ("bij,bjk->bik", (BATCH, (2, 3, 2))),
            ("...ij,...jk", (BATCH, (3, 2))),
            ("ij,jk,kl->il", (A, B, A)),
            ("i...j,j->...", (BATCH, V)),
            ("bij,bij->b", (BATCH, BATCH)),
            ("Zi,iZ->", (A, B)),
        )
    ),
    Sample("sum_dim", lambda torch, a: torch.einsum("ij->j", a), (A,), second=False),
    Sample("permute", lambda torch, a: torch.einsum("ij->ji", [a]), (A,), second=False),
    Sample("mul", lambda torch, a, b: torch.einsum("i,j->ij", a, b), (V, (2,))),
    Sample("joined", lambda torch, a: torch.einsum("ii->i", a), ((3, 3),), second=False),
    Sample("joined", lambda torch, a: torch.einsum("bii", a), ((2, 3, 3),), second=False),
    Sample("joined_backward", twice(lambda torch, a: torch.einsum("jii->ij", a)), ((2, 3, 3),), second=False),
)  # fmt: skip

S = (3, 3)


def _definite(torch, a):
    return a @ a.transpose(-1, -2) + 2 * torch.eye(3, dtype=a.dtype)


LINALG = (
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.norm(a), (A,)),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, 3, dim=1, keepdim=True), (A,)),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, 1, dim=(0, 1)), (A,), second=False),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, float("inf"), dim=0), (A,), second=False),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, 0, dim=0), (A,), second=False),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.vector_norm(a, -2.5, dim=-1), (A,)),
    Sample("linalg_vector_norm", lambda torch, a: torch.linalg.matrix_norm(a), (BATCH,)),
    Sample("linalg_inv_ex", lambda torch, a: torch.linalg.inv(a), (S,)),
    Sample("linalg_inv_ex", lambda torch, a: a.inverse(), ((2, 3, 3),)),
    Sample("linalg_det", lambda torch, a: torch.linalg.det(a), (S,)),
    Sample("linalg_det", lambda torch, a: a.det(), ((2, 3, 3),)),
    Sample("cofactors", twice(lambda torch, a: torch.det(a)), (S,)),
    Sample("linalg_slogdet", lambda torch, a: torch.linalg.slogdet(a)[1], (S,)),
    Sample("linalg_slogdet", lambda torch, a: torch.slogdet(a).logabsdet, ((2, 3, 3),)),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b), (S, V)),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b), (S, (3, 2))),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b), ((2, 3, 3), (2, 3, 2))),
    Sample("linalg_solve_ex", lambda torch, a, b: torch.linalg.solve(a, b, left=False), (S, (2, 3))),
    Sample("linalg_cholesky_ex", lambda torch, a: torch.linalg.cholesky(_definite(torch, a)), (S,)),
    Sample("linalg_cholesky_ex", lambda torch, a: torch.linalg.cholesky(_definite(torch, a)), ((2, 3, 3),)),
    Sample("linalg_cholesky_ex", lambda torch, a: torch.linalg.cholesky(_definite(torch, a), upper=True), (S,)),
    Sample("triangle", twice(lambda torch, a: torch.linalg.cholesky(_definite(torch, a))), (S,)),
    Sample("slogdet_sign", lambda torch, a: torch.slogdet(a)[0], (S,)),
    Sample("copy", lambda torch, a: a.matrix_power(0), (S,), second=False),
    Sample("mm", lambda torch, a: torch.linalg.matrix_power(a, 5), (S,)),
    Sample("mm", lambda torch, a: torch.linalg.matrix_power(a, -3), (S,)),
    Sample("bmm", lambda torch, a: a.matrix_power(2), ((2, 3, 3),)),
)  # fmt: skip

SAMPLES: tuple[Sample, ...] = PRODUCTS + LINALG
