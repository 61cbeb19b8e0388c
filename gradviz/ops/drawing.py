"""Random numbers in place: PyTorch's own for the same seed; what was there before gets no gradient."""

import numpy as np

from gradviz.engine import backend, random
from gradviz.engine.dtypes import title
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor
from gradviz.ops.refusals import refuse_kinds

_NONE = {"self": vjp("0", lambda ops, grad: ops.zeros_like(grad))}
_DIGITS = {"float16": 11, "float32": 24, "float64": 53}


def in_memory_order(array, draw):
    """`draw(shape)` in the order in which the array's elements lie in memory, as PyTorch draws."""
    order = sorted(range(array.ndim), key=lambda d: -array.strides[d])
    drawn = draw(tuple(array.shape[d] for d in order))
    return drawn.transpose([order.index(d) for d in range(array.ndim)])


def _drawn(self, draw):
    return backend.moved(in_memory_order(self, draw).astype(self.dtype), backend.device_of(self))


@op(title="normal", grad_fn="NormalBackward0", **_NONE)
def normal_fill(xp, self, *, mean, std):
    """Normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    refuse_kinds("normal_kernel_cpu", self, "biu")
    return _drawn(self, lambda shape: random.normal(shape, self.dtype) * std + mean)


@op(title="uniform", grad_fn="UniformBackward0", **_NONE)
def uniform_fill(xp, self, *, low, high):
    """Uniform numbers in [low, high)."""
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    refuse_kinds("check_uniform_bounds", self, "biu")
    return _drawn(self, lambda shape: random.uniform(shape, self.dtype, low, high))


@op(title="exponential", grad_fn="ExponentialBackward0", **_NONE)
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


@op(title="bernoulli", grad_fn="BernoulliBackward2", **_NONE)
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
    return op(title="random", grad_fn=f"RandomBackward{kind}", **_NONE)(forward)


_RANDOM = [_random(kind) for kind in range(3)]  # from and to, to alone, neither


def normal(self, mean=0.0, std=1.0):
    """Normal numbers."""
    return normal_fill(self, mean=mean, std=std)


def uniform(self, low=0.0, high=1.0, **named):
    """Uniform numbers in [from, to)."""
    return uniform_fill(self, low=named.get("from", low), high=named.get("to", high))


def exponential(self, lambd=1.0):
    """Exponential numbers of a rate."""
    return exponential_fill(self, lambd=lambd)


def bernoulli(self, p=0.5):
    """1 with a probability, else 0."""
    if isinstance(p, Tensor):
        raise NotImplementedError("bernoulli_() takes a number in gradviz; torch.bernoulli(p) takes a tensor of them")
    return bernoulli_fill(self, p=p)


def integers(self, *bounds, **named):
    """Integers in [from, to), [0, to), or all that the dtype holds exactly."""
    bounds = bounds or tuple(named[name] for name in ("from", "to") if name in named)
    if bounds:
        low, high = bounds if len(bounds) == 2 else (0, bounds[0])
        return _RANDOM[2 - len(bounds)](self, low=low, high=high)
    dtype = self._array.dtype
    digits = _DIGITS.get(dtype.name)
    high = 2**digits + 1 if digits else 2 if dtype.kind == "b" else int(np.iinfo(dtype).max) + (dtype.itemsize < 8)
    return _RANDOM[2](self, low=0, high=high)
