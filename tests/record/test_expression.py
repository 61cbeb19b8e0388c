"""-e: the little script that an expression becomes, and the one clear line when it can't."""

import pytest

from gradviz.errors import BadInput
from gradviz.record.expression import expression
from gradviz.record.script import run


def result_of(text, variables=(), constants=()):
    program = expression(text, variables, constants)
    outcome = run(program)
    return outcome, list(program.notes)


def test_the_script_has_one_leaf_a_line():
    program = expression("((w*x + b - y)**2).mean()", ["w=2", "x=[1,2,3]", "b=0.5"], ["y=5"])
    assert program.text.split("\n") == [
        "w = torch.tensor(2.0, requires_grad=True)",
        "x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)",
        "b = torch.tensor(0.5, requires_grad=True)",
        "y = torch.tensor(5)",
        "result = ((w*x + b - y)**2).mean()",
        "result.backward()",
        "result.backward(torch.ones_like(result))",
    ]


def test_backward_runs_from_a_scalar():
    outcome, notes = result_of("((w*x + b - y)**2).mean()", ["w=2", "b=0"], ["x=[1,2,3]", "y=[1.0,0,0]"])
    assert (outcome.how, notes) == ("finished", [])
    # d/dw mean((w*x + b - y)^2) = mean(2*(w*x + b - y)*x)
    assert outcome.namespace["w"].grad.item() == pytest.approx((2 * 1 * 1 + 2 * 4 * 2 + 2 * 6 * 3) / 3)


def test_a_result_of_many_values_gets_ones_and_says_so():
    outcome, (said,) = result_of("x * 2", ["x=[[1,2],[3,4]]"])
    assert outcome.namespace["x"].grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert "ones" in said and "(2, 2)" in said


@pytest.mark.parametrize("text", ["exp(w)", "torch.exp(w)", "gradviz.exp(w)", "(w\n  .exp())", " w.exp() "])
def test_functions_are_found(text):
    outcome, _ = result_of(text, ["w=0"])
    assert outcome.namespace["w"].grad.item() == 1


def test_a_variable_wins_over_a_function():
    outcome, _ = result_of("exp * 3", ["exp=2"])
    assert outcome.namespace["exp"].grad.item() == 3


def test_comprehensions_and_lambdas_bind_their_own_names():
    outcome, _ = result_of("(lambda k: k * w)(2) + [i * w for i in range(3)][2]", ["w=1"])
    assert outcome.namespace["w"].grad.item() == 4


def test_undefined_names_are_all_listed():
    with pytest.raises(BadInput) as caught:
        expression("w*x + b - no_such(y)", ["x=1"])
    assert "undefined names: w, b, no_such, y;" in str(caught.value)


def test_syntax_error_is_pointed_at():
    with pytest.raises(BadInput) as caught:
        expression("w * * x", ["w=1", "x=1"])
    message, line, caret = str(caught.value).split("\n")
    assert "syntax error" in message
    assert line[caret.index("^")] == "*" and caret.index("^") > line.index("*")


@pytest.mark.parametrize("text", ["", "w = 3", "w; w", "import os", "(w", "yield w", "w\0"])
def test_what_is_no_expression(text):
    with pytest.raises(BadInput):
        expression(text, ["w=1"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("w", "expected NAME=VALUE"),
        ("w=", "expected NAME=VALUE"),
        ("=2", "expected NAME=VALUE"),
        ("2w=1", "can't be a variable's name"),
        ("lambda=1", "can't be a variable's name"),
        ("torch=1", "is taken"),
        ("w=two", "isn't a number"),
        ("w=__import__('os')", "isn't a number"),
        ("w=[1, 2", "isn't a number"),
        ("w='a'", "of type str"),
        ("w=[1, 'a']", "of type str"),
        ("w=True", "of type bool"),
        ("w=2j", "of type complex"),
        ("w={1: 2}", "of type dict"),
        ("w=[[1, 2], [3]]", "differ in length"),
        ("w=[1, [2]]", "differ in length"),
        ("w=1" + "0" * 400, ""),
        ("w=" + "[" * 40 + "]" * 40, "nested more than"),
        ("w=" + "[" * 100_000, "isn't a number"),
    ],
)
def test_bad_values_name_the_option(value, message):
    with pytest.raises(BadInput) as caught:
        expression("w * 1", [value])
    text = str(caught.value)
    assert text.startswith("-v ")
    assert message in text
    assert "\n" not in text


def test_a_name_given_twice():
    with pytest.raises(BadInput, match="defined twice"):
        expression("w * 1", ["w=1"], ["w=2"])


def test_constants_keep_their_type_and_nan_can_be_written():
    program = expression("w * k", ["w=nan"], ["k=[1, -2]", "flag=[True, False]", "far=-inf"])
    assert program.text.split("\n")[:4] == [
        'w = torch.tensor(float("nan"), requires_grad=True)',
        "k = torch.tensor([1, -2])",
        "flag = torch.tensor([True, False])",
        'far = torch.tensor(float("-inf"))',
    ]


def test_result_that_is_no_tensor():
    with pytest.raises(BadInput, match="of type int, not a tensor"):
        run(expression("1 + 2"))


def test_result_that_requires_no_grad_is_noted():
    outcome, (said,) = result_of("k * 2", [], ["k=1"])
    assert outcome.how == "finished"
    assert "requires grad" in said


def test_failing_expression_shows_its_own_line_alone(capsys):
    outcome, _ = result_of("x[7]", ["x=[1, 2]"])
    shown = capsys.readouterr().err
    assert (outcome.how, outcome.exit_code) == ("raised", 1)
    assert 'File "<expression>", line 2' in shown
    assert "result = x[7]" in shown
    assert "gradviz" not in shown
