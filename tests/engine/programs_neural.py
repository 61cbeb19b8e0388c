"""Matrix products, linear algebra, neural layers and losses: programs whose graphs are compared, as in programs.py."""

M, N, V, BATCH, BATCH_T = (2, 3), (3, 2), (3,), (2, 2, 3), (2, 3, 2)

PRODUCTS = {
    "torch.addmv": (lambda torch, c, a, v: torch.addmv(c, a, v), ((2,), M, V)),
    "torch.addr": (lambda torch, c, a, v: torch.addr(c, a, v), (M, (2,), V)),
    "torch.baddbmm": (lambda torch, c, a, b: torch.baddbmm(c, a, b, alpha=2), ((2, 2), BATCH, BATCH_T)),
    "torch.addbmm": (lambda torch, c, a, b: torch.addbmm(c, a, b), ((2, 2), BATCH, BATCH_T)),
    "torch.vdot": (lambda torch, a, b: torch.vdot(a, b), (V, V)),
    "torch.outer": (lambda torch, a, b: torch.outer(a, b), (V, (2,))),
    "torch.inner": (lambda torch, a, b: torch.inner(a, b), (V, V)),
    "torch.tensordot": (lambda torch, a, b: torch.tensordot(a, b, dims=1), (M, N)),
    "torch.kron": (lambda torch, a, b: torch.kron(a, b), (M, N)),
    "torch.chain_matmul": (lambda torch, a, b, c: torch.chain_matmul(a, b, c), (M, N, M)),
    **{
        f"einsum {equation}": (lambda torch, *operands, equation=equation: torch.einsum(equation, *operands), specs)
        for equation, specs in {
            "ij,jk->ik": (M, N), "ij,j->i": (M, V), "bij,bjk->bik": (BATCH, BATCH_T), "ij,ij->ij": (M, M),
            "ij,jk,kl->il": (M, N, M), "ij->": (M,), "ii->i": ((3, 3),), "i,j->ij": (V, (2,)), "ij->ji": (M,),
            "...ij,...jk->...ik": (BATCH, BATCH_T),
        }.items()
    },
}  # fmt: skip

SQUARE = (3, 3)


def _definite(torch, a):
    return a @ a.t() + 2 * torch.eye(3)


LINALG = {
    "linalg.vector_norm": (lambda torch, a: torch.linalg.vector_norm(a, 3, dim=1), (M,)),
    "linalg.norm": (lambda torch, a: torch.linalg.norm(a), (M,)),
    "linalg.matrix_norm": (lambda torch, a: torch.linalg.matrix_norm(a), (M,)),
    "linalg.inv": (lambda torch, a: torch.linalg.inv(a), (SQUARE,)),
    "a.det()": (lambda torch, a: a.det(), (SQUARE,)),
    "linalg.slogdet": (lambda torch, a: torch.linalg.slogdet(a)[1], (SQUARE,)),
    "linalg.solve": (lambda torch, a, b: torch.linalg.solve(a, b), (SQUARE, (3, 2))),
    "linalg.cholesky": (lambda torch, a: torch.linalg.cholesky(_definite(torch, a)), (SQUARE,)),
    "linalg.matrix_power": (lambda torch, a: torch.linalg.matrix_power(a, 5), (SQUARE,)),
}  # fmt: skip

PROGRAMS: dict[str, tuple] = {**PRODUCTS, **LINALG}
