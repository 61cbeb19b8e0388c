"""Changes in place and views of memory: an example of each op that only they run."""

from tests.engine.sampling import Sample, twice

A, ROW = (2, 3), (3,)


def _changed(name, *args, view=False, **settings):
    """A sample that changes a tensor, or the first row of it, and gives the whole tensor back."""

    def run(torch, a, *others):
        x = a * 1
        part = x[0] if view else x
        torch.manual_seed(3)
        getattr(part, name)(*others, *args, **settings)
        return x

    return run


def _in_place(word, *args, view=False):
    """The same for a function of torch.nn.functional."""

    def run(torch, a):
        x = a * 1
        getattr(torch.nn.functional, word)(x[0] if view else x, *args, inplace=True)
        return x

    return run


def _linear(op, run, *inputs):
    return Sample(op, run, inputs, second=False)


def _old_view(torch, a):
    x = a * 1
    view = x.t()
    x.mul_(2)
    return view.exp()


def _read(torch, a):
    view = a.expand(2, 3)
    with torch.no_grad():
        a.mul_(1)
    return view * 2


SAMPLES: tuple[Sample, ...] = (
    Sample("strided_view", _old_view, (A,)),
    _linear("strided_view", lambda torch, a: torch.as_strided(a * 1, (2, 2), (1, 2), 1), A),
    _linear("strided_view", lambda torch, a: (a * 1).as_strided((3, 2), (1, 1)), (4,)),
    _linear("strided_view", _read, (1, 3)),
    _linear("strided_view", twice(lambda torch, a: torch.as_strided(a * 1, (2, 2), (1, 2))), A),
    Sample("copy", twice(_changed("exp_", view=True)), (A,)),
    Sample("copy", twice(_changed("mul_", view=True)), (A, ROW)),
    *(
        _linear(f"{word}_in_place_{len(other)}", _changed(f"{word}_", *([] if other else [0.5]), view=view), A, *other)
        for word in "eq ne lt le gt ge".split()
        for view in (False, True)
        for other in ((), (ROW,))
    ),
    _linear("normal_fill", _changed("normal_", 1.0, 2.0), A),
    _linear("uniform_fill", _changed("uniform_", -1.0, 2.0), A),
    _linear("exponential_fill", _changed("exponential_", 2.0), A),
    _linear("bernoulli_fill", _changed("bernoulli_", 0.3), A),
    _linear("random_fill_0", _changed("random_", 2, 7), A),
    _linear("random_fill_1", _changed("random_", 7), A),
    _linear("random_fill_2", _changed("random_"), A),
    _linear("t_in_place", _changed("t_"), A),
    _linear("transpose_in_place", _changed("transpose_", 0, -1), (2, 3, 4)),
    _linear("unsqueeze_in_place", _changed("unsqueeze_", -1), A),
    _linear("squeeze_in_place", _changed("squeeze_"), (1, 3, 1)),
    _linear("squeeze_dim", _changed("squeeze_", 0), (1, 3)),
    _linear("squeeze_several_in_place", _changed("squeeze_", (0, -1)), (1, 3, 2, 1)),
    Sample("elu_in_place", _in_place("elu", 1.5), (A,)),
    Sample("elu_in_place", _in_place("selu", view=True), (A,)),
    Sample("celu_in_place", _in_place("celu", 1.5), (A,)),
    _linear("leaky_relu_in_place", _in_place("leaky_relu", 0.2), A),
    _linear("threshold_in_place", _in_place("threshold", 0.5, 2.0), A),
)
