"""no_grad, enable_grad and set_grad_enabled, as context managers and as decorators."""

import pytest

import gradviz as torch


@pytest.fixture(autouse=True)
def _grad_mode_is_left_as_found():
    yield
    assert torch.is_grad_enabled()
    torch.set_grad_enabled(True)


@pytest.fixture
def x():
    return torch.ones(2, requires_grad=True)


def test_no_graph_is_built_inside_no_grad(x):
    with torch.no_grad():
        y = x * 2
        assert not torch.is_grad_enabled()
    assert not y.requires_grad and y.grad_fn is None and y.is_leaf
    assert (x * 2).requires_grad


def test_a_leaf_made_inside_no_grad_may_require_grad():
    with torch.no_grad():
        w = torch.ones(2, requires_grad=True)
    assert w.requires_grad and (w * 2).grad_fn is not None


def test_they_nest_and_come_back(x):
    seen = []
    with torch.no_grad():
        with torch.enable_grad():
            seen.append((x * 2).requires_grad)
            with torch.set_grad_enabled(False):
                seen.append((x * 2).requires_grad)
            seen.append((x * 2).requires_grad)
        seen.append((x * 2).requires_grad)
    assert seen == [True, False, True, False]


def test_an_exception_puts_the_mode_back():
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        1 / 0  # noqa: B018
    assert torch.is_grad_enabled()


def test_one_object_can_be_used_again_and_within_itself(x):
    quiet = torch.no_grad()
    with quiet:
        with quiet:
            assert not torch.is_grad_enabled()
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    with quiet:
        assert not (x * 2).requires_grad


@pytest.mark.parametrize("mark", [torch.no_grad(), torch.no_grad, torch.set_grad_enabled])
def test_as_decorators(x, mark):
    def double(t):
        """Twice."""
        return t * 2

    quiet = mark(False)(double) if mark is torch.set_grad_enabled else mark(double)
    assert torch.is_grad_enabled()
    assert not quiet(x).requires_grad and double(x).requires_grad
    assert (quiet.__name__, quiet.__doc__) == ("double", "Twice.")


def test_enable_grad_as_a_decorator(x):
    @torch.enable_grad()
    def loud(t):
        return t * 2

    with torch.no_grad():
        assert loud(x).requires_grad
        assert not (x * 2).requires_grad


def test_a_decorated_function_calls_itself(x):
    @torch.no_grad()
    def countdown(n):
        return [torch.is_grad_enabled()] + (countdown(n - 1) if n else [])

    assert countdown(3) == [False] * 4 and torch.is_grad_enabled()


def test_a_decorated_method_keeps_its_self(x):
    class Model:
        @torch.no_grad()
        def predict(self, t):
            return t * self.factor

        factor = 3

    assert Model().predict(x).tolist() == [3, 3] and not Model().predict(x).requires_grad


def test_a_decorated_generator_runs_in_its_mode_and_lends_the_caller_theirs(x):
    @torch.no_grad()
    def steps():
        sent = yield torch.is_grad_enabled()
        yield torch.is_grad_enabled(), sent
        yield (x * 2).requires_grad

    running = steps()
    assert next(running) is False
    assert torch.is_grad_enabled()
    assert running.send("back") == (False, "back")
    assert next(running) is False
    assert torch.is_grad_enabled()


def test_a_decorated_generator_closes_and_throws_in_its_mode():
    closed = []

    @torch.no_grad()
    def steps():
        try:
            while True:
                try:
                    yield
                except KeyError:
                    closed.append(("thrown", torch.is_grad_enabled()))
        finally:
            closed.append(("closed", torch.is_grad_enabled()))

    running = steps()
    next(running)
    running.throw(KeyError)
    running.close()
    assert closed == [("thrown", False), ("closed", False)]


def test_set_grad_enabled_as_a_call_switches_at_once(x):
    torch.set_grad_enabled(False)
    assert not (x * 2).requires_grad
    torch.set_grad_enabled(True)
    assert (x * 2).requires_grad


def test_a_backward_runs_without_building_a_graph_unless_asked(x):
    y = (x * x).sum()
    y.backward(retain_graph=True)
    assert not x.grad.requires_grad
    x.grad = None
    y.backward(create_graph=True)
    assert x.grad.requires_grad
