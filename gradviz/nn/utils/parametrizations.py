"""Parametrizations: a weight as norms and directions, or over its greatest singular value."""

from gradviz.engine.switches import no_grad
from gradviz.engine.tensor import Tensor
from gradviz.nn import functional as F
from gradviz.nn.module import Module
from gradviz.nn.utils.parametrize import register_parametrization
from gradviz.nn.utils.spectral_norm import TRANSPOSED, check_iterations, direction, rows_first
from gradviz.ops import composite, matmul, pointwise, shape
from gradviz.ops.weight_norms import _weight_norm, norm_except_dim


class _WeightNorm(Module):
    def __init__(self, dim=0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        return _weight_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module, name="weight", dim=0):
    """A weight as its norms over all dimensions but one, `original0`, and its directions, `original1`."""
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def as_before(module, state_dict, prefix, *_):
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in old):
            for number, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{number}"] = state_dict.pop(key)

    module.register_load_state_dict_pre_hook(as_before)
    return module


class _SpectralNorm(Module):
    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12):
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})"
            )
        check_iterations(n_power_iterations)
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            height, width = matrix.shape
            self.register_buffer("_u", direction(matrix, height, eps))
            self.register_buffer("_v", direction(matrix, width, eps))
            self._power_method(matrix, 15)

    def _matrix(self, weight):
        return composite.flatten(rows_first(weight, self.dim), 1)

    def _power_method(self, matrix, count):
        with no_grad():
            for _ in range(count):
                self._u.copy_(F.normalize(matmul.mv(matrix, self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matmul.mv(shape.t(matrix), self._u), dim=0, eps=self.eps))

    def forward(self, weight):
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # what a backward needs, the next forward may change
        return pointwise.div(weight, matmul.vdot(u, matmul.mv(matrix, v)))

    def right_inverse(self, value):
        return value


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """A weight over its greatest singular value, which power iterations find, one a forward in training."""
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module


__all__ = ["spectral_norm", "weight_norm"]
