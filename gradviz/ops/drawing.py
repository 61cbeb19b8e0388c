"""Random numbers in place: PyTorch's own for the same seed; what was there before gets no gradient."""

import numpy as np

from gradviz.engine import backend, random
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.refusals import refuse_kinds
from gradviz.ops.shape import expand_complaint

NONE = {"self": vjp("0", lambda ops, grad: ops.zeros_like(grad))}
PROBABILITIES = (
    "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please "
    "report an enhancement request to PyTorch.)"
)
_TYPES = {
    "int64": "long int", "int32": "int", "int16": "short int", "int8": "signed char", "uint8": "unsigned char",
    "bool": "bool",
}  # fmt: skip
_DIGITS = {"float16": 11, "float32": 24, "float64": 53}


def in_memory_order(array, draw):
    """`draw(shape)` in the order in which the array's elements lie in memory, as PyTorch draws."""
    order = sorted(range(array.ndim), key=lambda d: -array.strides[d])
    drawn = draw(tuple(array.shape[d] for d in order))
    return drawn.transpose([order.index(d) for d in range(array.ndim)])


def _drawn(self, draw):
    return backend.moved(in_memory_order(self, draw).astype(self.dtype), backend.device_of(self))


@op(title="normal", grad_fn="NormalBackward0", **NONE)
def normal_fill(xp, self, *, mean, std):
    """Normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    refuse_kinds("normal_kernel_cpu", self, "biu")
    return _drawn(self, lambda shape: random.normal(shape, self.dtype, mean, std))


@op(title="uniform", grad_fn="UniformBackward0", **NONE)
def uniform_fill(xp, self, *, low, high):
    """Uniform numbers in [low, high)."""
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    refuse_kinds("check_uniform_bounds", self, "biu")
    return _drawn(self, lambda shape: random.uniform(shape, self.dtype, low, high))


@op(title="exponential", grad_fn="ExponentialBackward0", **NONE)
def exponential_fill(xp, self, *, lambd):
    """Exponential numbers of a rate."""
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    if self.dtype.kind != "f":
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {title(self.dtype)}"
        )
    return _drawn(self, lambda shape: random.exponential(shape, np.dtype(np.float64)) / lambd)


@op(title="cauchy", grad_fn="CauchyBackward0", **NONE)
def cauchy_fill(xp, self, *, median, sigma):
    """Numbers of a Cauchy distribution."""
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if self.dtype.kind != "f":
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {_TYPES[self.dtype.name]}"
        )
    return _drawn(self, lambda shape: random.cauchy(shape, median, sigma))


@op(title="geometric", grad_fn="GeometricBackward0", **NONE)
def geometric_fill(xp, self, *, p):
    """How many trials of probability p the first success takes."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    refuse_kinds("geometric_cpu", self, "b")
    return _drawn(self, lambda shape: random.geometric(shape, p))


@op(title="log_normal", grad_fn="LogNormalBackward0", **NONE)
def log_normal_fill(xp, self, *, mean, std):
    """exp of normal numbers."""
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    refuse_kinds("log_normal_cpu", self, "biu")
    return _drawn(self, lambda shape: random.log_normal(shape, mean, std))


def work_dtype(array):
    """What a probability is compared in: doubles with doubles, else single numbers."""
    return array.dtype if array.dtype == np.float64 else np.dtype(np.float32)


def refuse_no_probability(array):
    """The exceptions of PyTorch for an array that holds no probabilities."""
    refuse_kinds("bernoulli_tensor_cpu_p_", array, "biu")
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError(PROBABILITIES)


@op(
    title="bernoulli", grad_fn="BernoulliBackward1", **NONE,
    p=vjp("0", lambda ops, grad, p_sym_sizes: ops.new_zeros(grad, size=tuple(p_sym_sizes))), hidden=("p_sym_sizes",),
)  # fmt: skip
def bernoulli_fill_of(xp, self, p):
    """1 with the probability that each element of p is, else 0."""
    if not self.size:
        return self
    complaint = expand_complaint(p, self.shape)
    if complaint is not None:
        raise RuntimeError(complaint)
    refuse_no_probability(p)
    drawn = in_memory_order(self, lambda shape: random.uniform(shape, work_dtype(p)))
    return (backend.moved(drawn, backend.device_of(self)) < p).astype(self.dtype)


@op(title="bernoulli", grad_fn="BernoulliBackward2", **NONE)
def bernoulli_fill(xp, self, *, p):
    """1 with a probability, else 0."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    return _drawn(self, lambda shape: random.bernoulli(shape, p))


def _random(kind):
    def forward(xp, self, *, low, high):
        return _drawn(self, lambda shape: random.randint(low, high, shape))

    forward.__name__ = f"random_fill_{kind}"
    forward.__doc__ = "Integers in [low, high)."
    return op(title="random", grad_fn=f"RandomBackward{kind}", **NONE)(forward)


_RANDOM = [_random(kind) for kind in range(3)]  # from and to, to alone, neither


def _from(generator, fill, self, **settings):
    with random.drawing_from(generator):
        return fill(self, **settings)


def normal(self, mean=0.0, std=1.0, *, generator=None):
    """Normal numbers."""
    return _from(generator, normal_fill, self, mean=mean, std=std)


def uniform(self, low=0.0, high=1.0, *, generator=None, **named):
    """Uniform numbers in [from, to)."""
    return _from(generator, uniform_fill, self, low=named.get("from", low), high=named.get("to", high))


def exponential(self, lambd=1.0, *, generator=None):
    """Exponential numbers of a rate."""
    return _from(generator, exponential_fill, self, lambd=lambd)


def cauchy(self, median=0.0, sigma=1.0, *, generator=None):
    """Numbers of a Cauchy distribution."""
    return _from(generator, cauchy_fill, self, median=median, sigma=sigma)


def geometric(self, p, *, generator=None):
    """How many trials of probability p the first success takes."""
    return _from(generator, geometric_fill, self, p=p)


def log_normal(self, mean=1.0, std=2.0, *, generator=None):
    """exp of normal numbers."""
    return _from(generator, log_normal_fill, self, mean=mean, std=std)


def bernoulli(self, p=0.5, *, generator=None):
    """1 with a probability, or with that which each element of p is, else 0."""
    if not isinstance(p, Tensor):
        return _from(generator, bernoulli_fill, self, p=p)
    with random.drawing_from(generator):
        return bernoulli_fill_of(self, p)


def integers(self, *bounds, generator=None, **named):
    """Integers in [from, to), [0, to), or all that the dtype holds exactly."""
    bounds = bounds or tuple(named[name] for name in ("from", "to") if name in named)
    if bounds:
        low, high = bounds if len(bounds) == 2 else (0, bounds[0])
        return _from(generator, _RANDOM[2 - len(bounds)], self, low=low, high=high)
    dtype = self._array.dtype
    digits = _DIGITS.get(dtype.name)
    high = 2**digits + 1 if digits else 2 if dtype.kind == "b" else int(np.iinfo(dtype).max) + 1
    return _from(generator, _RANDOM[2], self, low=0, high=high)
