"""Random numbers from distributions that tensors describe: an example of each op."""

from tests.engine.sampling import Sample

A, ROW, POSITIVE = (2, 3), (3,), ((2, 3), "positive")


def _drawn(op, draw, *inputs):
    """A sample of what is drawn, which has no slope: the gradient is zero on purpose."""

    def run(torch, *tensors):
        torch.manual_seed(3)
        return draw(torch, *tensors)

    return Sample(op, run, inputs, second=False, slope=False)


def _filled(name, *args, **settings):
    return lambda torch, a: getattr(a * 1, name)(*args, **settings)


SAMPLES: tuple[Sample, ...] = (
    _drawn("normal_around", lambda torch, a: torch.normal(a, 2.0), A),
    _drawn("normal_within", lambda torch, a: torch.normal(0.5, a), POSITIVE),
    _drawn("normal_of", lambda torch, a, b: torch.normal(a, b), A, POSITIVE),
    _drawn("normal_of", lambda torch, a, b: torch.normal(mean=a, std=b), ROW, POSITIVE),
    _drawn("bernoulli_of", lambda torch, a: torch.bernoulli(a * 0.5), POSITIVE),
    _drawn("bernoulli_of", lambda torch, a: (a * 0.5).t().bernoulli(), POSITIVE),
    _drawn("bernoulli_like", lambda torch, a: torch.bernoulli(a, 0.5), ((2, 3), "constant")),
    _drawn("bernoulli_fill_of", lambda torch, a, p: (a * 1).bernoulli_(p * 0.5), A, POSITIVE),
    _drawn("bernoulli_fill_of", lambda torch, a, p: (a * 1).bernoulli_(p * 0.5), A, ((3,), "positive")),
    _drawn("poisson_of", lambda torch, a: torch.poisson(a), POSITIVE),
    _drawn("poisson_of", lambda torch, a: torch.poisson(a * 40), POSITIVE),
    _drawn("cauchy_fill", _filled("cauchy_", 1.0, 2.0), A),
    _drawn("geometric_fill", _filled("geometric_", 0.3), A),
    _drawn("log_normal_fill", _filled("log_normal_", 0.5, std=0.25), A),
)
