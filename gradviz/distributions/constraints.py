"""What parameters and values must be, as PyTorch's messages name it."""

from gradviz.ops import pointwise, statistics


class Constraint:
    """A condition on each element; printed as PyTorch prints it."""

    event_dim = 0

    def __init__(self, shown, holds, event_dim=0):
        self._shown, self._holds, self.event_dim = shown, holds, event_dim

    def check(self, value):
        """Where the condition holds, bools."""
        return self._holds(value)

    def __repr__(self):
        return self._shown


def _all(tensor):
    return statistics.all(tensor, -1)


def interval(low, high):
    """Between two bounds, these included."""
    return Constraint(f"Interval(lower_bound={low}, upper_bound={high})", lambda x: (low <= x) & (x <= high))


def integer_interval(low, high):
    """A whole number between two bounds, these included."""
    shown = f"IntegerInterval(lower_bound={low}, upper_bound={high})"
    return Constraint(shown, lambda x: (x % 1 == 0) & (low <= x) & (x <= high))


real = Constraint("Real()", lambda x: pointwise.eq(x, x))
positive = Constraint("GreaterThan(lower_bound=0.0)", lambda x: x > 0.0)
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1))
unit_interval = interval(0.0, 1.0)
simplex = Constraint("Simplex()", lambda x: _all(x >= 0) & ((x.sum(-1) - 1).abs() < 1e-6), 1)
real_vector = Constraint("IndependentConstraint(Real(), 1)", lambda x: _all(x == x), 1)


def less_than(bound):
    """Below a bound."""
    return Constraint(f"LessThan(upper_bound={bound})", lambda x: x < bound)


def greater_than(bound):
    """Above a bound."""
    return Constraint(f"GreaterThan(lower_bound={bound})", lambda x: x > bound)
