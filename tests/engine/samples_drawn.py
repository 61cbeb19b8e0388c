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


def _dropped(op, word, *args, sizes=A):
    """A function of torch.nn.functional that draws; the same each time, so that it has a slope."""

    def run(torch, a):
        torch.manual_seed(3)
        return getattr(torch.nn.functional, word)(a * 1, *args)

    return Sample(op, run, (sizes,), second=False)


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
    _dropped("mul", "dropout", 0.3, True, True),
    _dropped("mul", "alpha_dropout", 0.3, True, True),
    _dropped("add", "alpha_dropout", 0.3, True),
    _dropped("mul", "dropout1d", 0.5, True, True, sizes=(2, 3, 2)),
    _dropped("mul", "dropout3d", 0.5, True, True, sizes=(3, 2, 1, 2)),
    _dropped("mul", "feature_alpha_dropout", 0.5, True, True, sizes=(2, 3, 2)),
    _dropped("rrelu_in_place", "rrelu", 0.1, 0.3, True, True),
    _dropped("rrelu_in_place", "rrelu", 0.1, 0.3, False, True),
    _drawn("cauchy_fill", _filled("cauchy_", 1.0, 2.0), A),
    _drawn("geometric_fill", _filled("geometric_", 0.3), A),
    _drawn("log_normal_fill", _filled("log_normal_", 0.5, std=0.25), A),
)
