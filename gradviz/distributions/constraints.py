"""What parameters and values of distributions must be; `check` tells for each event whether it is so."""

from gradviz.linalg import cholesky
from gradviz.ops.statistics import all


class Constraint:
    """event_dim: how many last dims one checked value has; is_discrete: whether it is a whole number."""

    is_discrete = False
    event_dim = 0

    def check(self, value):
        """A boolean for each event of (*batch, *event) values."""
        raise NotImplementedError

    def __repr__(self):
        return type(self).__name__.lstrip("_") + "()"


class _Real(Constraint):
    def check(self, value):
        return value == value  # false for NaN


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value):
        return (value == 0) | (value == 1)


class _Bounded(Constraint):
    """With bounds that its repr tells; they may be tensors."""

    def __init__(self, **bounds):
        self.__dict__.update(bounds)

    def __repr__(self):
        told = ", ".join(f"{name}={value}" for name, value in self.__dict__.items())
        return f"{type(self).__name__.lstrip('_')}({told})"


class _GreaterThan(_Bounded):
    def check(self, value):
        return self.lower_bound < value


class _GreaterThanEq(_Bounded):
    def check(self, value):
        return self.lower_bound <= value


class _LessThan(_Bounded):
    def check(self, value):
        return value < self.upper_bound


class _Interval(_Bounded):
    def check(self, value):
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _IntegerInterval(_Interval):
    is_discrete = True

    def check(self, value):
        return (value % 1 == 0) & super().check(value)


class _IntegerGreaterThan(_Bounded):
    is_discrete = True

    def check(self, value):
        return (value % 1 == 0) & (value >= self.lower_bound)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value):
        return all(value >= 0, -1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value):
        either = (value == 0) | (value == 1)
        return all(either, -1) & (value.sum(-1) == 1)


class _LowerCholesky(Constraint):
    event_dim = 2

    def check(self, value):
        lower = (value.tril() == value).flatten(-2)
        return all(lower, -1) & all(value.diagonal(dim1=-2, dim2=-1) > 0, -1)


class _PositiveDefinite(Constraint):
    event_dim = 2

    def check(self, value):
        alike = all((value - value.mT).abs().flatten(-2) < 1e-6, -1)
        try:
            cholesky(value.detach())
        except RuntimeError:
            return alike & False
        return alike


class _IndependentConstraint(Constraint):
    def __init__(self, base, count):
        self.base_constraint, self.count = base, count
        self.event_dim, self.is_discrete = base.event_dim + count, base.is_discrete

    def check(self, value):
        found = self.base_constraint.check(value)
        return all(found.reshape(*found.shape[: found.ndim - self.count], -1), -1)

    def __repr__(self):
        return f"IndependentConstraint({self.base_constraint!r}, {self.count})"


def independent(base, count):
    """A constraint of `count` more dims, all of whose values fulfil another one."""
    return _IndependentConstraint(base, count)


def greater_than(lower_bound):
    """Above a bound."""
    return _GreaterThan(lower_bound=lower_bound)


def less_than(upper_bound):
    """Below a bound."""
    return _LessThan(upper_bound=upper_bound)


def interval(lower_bound, upper_bound):
    """Between bounds, which belong to it."""
    return _Interval(lower_bound=lower_bound, upper_bound=upper_bound)


def integer_interval(lower_bound, upper_bound):
    """Whole numbers between bounds, which belong to it."""
    return _IntegerInterval(lower_bound=lower_bound, upper_bound=upper_bound)


real, boolean, simplex, one_hot = _Real(), _Boolean(), _Simplex(), _OneHot()
real_vector = independent(real, 1)
positive, nonnegative = greater_than(0.0), _GreaterThanEq(lower_bound=0.0)
unit_interval = interval(0.0, 1.0)
nonnegative_integer = _IntegerGreaterThan(lower_bound=0)
lower_cholesky, positive_definite = _LowerCholesky(), _PositiveDefinite()
