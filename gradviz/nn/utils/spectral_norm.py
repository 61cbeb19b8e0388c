"""spectral_norm by a hook: a weight divided by its greatest singular value. Miyato et al. (2018)."""

from gradviz.engine.switches import no_grad
from gradviz.nn import functional as F
from gradviz.nn.convolutions import ConvTranspose1d, ConvTranspose2d
from gradviz.nn.module import Parameter
from gradviz.nn.uninitialized import is_lazy
from gradviz.nn.utils.weight_norm import _hook
from gradviz.nn.volumes import ConvTranspose3d
from gradviz.ops import composite, matmul, pointwise, shape

TRANSPOSED = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)


def rows_first(weight, dim):
    """A weight with one dimension in front."""
    if dim == 0:
        return weight
    return composite.permute(weight, dim, *(d for d in range(weight.ndim) if d != dim))


def direction(weight, size, eps):
    """A random vector of length 1."""
    return F.normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps)


def check_iterations(count):
    """ValueError unless there is one at least."""
    if count <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={count}")


class SpectralNorm:
    """The hook: `name` is `name_orig` over `u @ name_orig @ v`, the vectors being nearer to their goal each time."""

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        check_iterations(n_power_iterations)
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def reshape_weight_to_matrix(self, weight):
        """One row for each of the outputs."""
        rows = rows_first(weight, self.dim)
        return composite.reshape(rows, rows.shape[0], -1)

    def compute_weight(self, module, do_power_iteration):
        """The weight of what is there now; the vectors are brought nearer in place."""
        weight, u, v = (getattr(module, self.name + suffix) for suffix in ("_orig", "_u", "_v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matmul.mv(shape.t(matrix), u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matmul.mv(matrix, v), dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()  # what a backward needs, the next forward may change
        return pointwise.div(weight, matmul.dot(u, matmul.mv(matrix, v)))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Divides a weight by its greatest singular value, which power iterations find, one a forward."""
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    if _hook(module, SpectralNorm, name):
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    if is_lazy(weight):
        raise ValueError(
            "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
            "forward before applying spectral normalization"
        )
    with no_grad():
        height, width = hook.reshape_weight_to_matrix(weight).shape
        u, v = direction(weight, height, eps), direction(weight, width, eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module, name="weight"):
    """Makes the weight a parameter again; ValueError where it isn't divided."""
    found = _hook(module, SpectralNorm, name)
    if found is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    key, hook = found
    with no_grad():
        weight = hook.compute_weight(module, do_power_iteration=False)
    for suffix in ("", "_u", "_v", "_orig"):
        delattr(module, name + suffix)
    module.register_parameter(name, Parameter(weight.detach()))
    del module._forward_pre_hooks[key]
    return module
