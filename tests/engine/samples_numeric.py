"""Powers in doubles and of two, next numbers, divisors, slices made shorter: an example of each op."""

from math import inf

from tests.engine.sampling import Sample

A, ROW, CUBE, WHOLE = (2, 3), (3,), (2, 3, 2), ((2, 3), "class")

SAMPLES: tuple[Sample, ...] = (
    Sample("ldexp_of", lambda torch, a, b: torch.ldexp(a, b), (A, A)),
    Sample("ldexp_of", lambda torch, a, b: a.ldexp(b), (A, ROW)),
    Sample("ldexp_of", lambda torch, a, k: (a * 1).ldexp_(k), (A, WHOLE), second=False),
    # forward steps by so little that no difference can tell its slope
    Sample("nextafter_of", lambda torch, a, b: torch.nextafter(a, b), (A, ROW), second=False, slope=False),
    Sample("nextafter_of", lambda torch, a, b: (a * 1).nextafter_(b), (A, A), second=False, slope=False),
    Sample("gcd_of", lambda torch, a, b: torch.gcd(a * 4, b * 6), (WHOLE, WHOLE)),
    Sample("lcm_of", lambda torch, a, b: (a * 4).lcm_(b * 6), (WHOLE, WHOLE)),
    Sample("pow_scalar", lambda torch, a: torch.float_power(a, 3), (A,)),
    Sample("pow_tensor", lambda torch, a, b: torch.float_power(a, b), (((2, 3), "positive"), ROW)),
    Sample("pow_number", lambda torch, a: torch.float_power(2, a), (A,)),
    Sample("pow_scalar", lambda torch, a: (a.double() * 1).float_power_(2), (A,)),
    Sample("renormed", lambda torch, a: torch.renorm(a, 2, 0, 1.0), (A,)),
    Sample("renormed", lambda torch, a: a.renorm(3, -1, 0.5), (CUBE,)),
    Sample("renormed", lambda torch, a: a.renorm(1, 1, 0.75), (A,)),
    Sample("renormed", lambda torch, a: (a * 1).renorm_(inf, 1, 0.5), (CUBE,)),
    Sample("renormed", lambda torch, a: a.renorm(2, 0, 100.0), (A,), second=False),
    Sample("strided_view_in_place", lambda torch, a: (a * 1).as_strided_((2, 2), (1, 2), 1), (A,), second=False),
    Sample("fill_number", lambda torch, a: (a * 1).fill_diagonal_(0.5), (A,), second=False),
    Sample("fill_number", lambda torch, a: (a * 1).t().fill_diagonal_(0.5, wrap=True), ((2, 5),), second=False),
)
