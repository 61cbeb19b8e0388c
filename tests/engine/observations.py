"""What PyTorch does, as plain data: each function here runs on a module `torch`, gradviz's or PyTorch's own.

`python -m tests.engine.observations` writes what the installed PyTorch answers to facts/*.json. The tests hold
gradviz to those files where no PyTorch is installed, and the files to PyTorch where it is.
"""

import contextlib
import io
import itertools
import json
import warnings
from pathlib import Path

from tests.engine.mistakes import MISTAKES, answer
from tests.engine.programs import cases, described
from tests.engine.questions import QUESTIONS, answered
from tests.engine.scripts import SCRIPTS
from tests.engine.sights import SIGHTS

FACTS = Path(__file__).parent / "facts"
DTYPES = ("float16", "float32", "float64", "int64", "bool")
NUMBERS = {"2.5": 2.5, "3": 3, "True": True}
ARITHMETIC = {
    "add": lambda a, b: a + b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "lt": lambda a, b: a < b,
    "sub": lambda a, b: a - b, "pow": lambda a, b: a**b,
}  # fmt: skip


def graphs(torch):
    """The graph of every program under each pattern of requires_grad, as tests/engine/programs.py describes it."""
    return {key: described(torch, name, wanted) for key, name, wanted in cases()}


def errors(torch):
    """What every mistake raises: [class, text]."""
    return {name: list(answer(torch, name)) for name in MISTAKES}


def prints(torch):
    """How tensors print."""
    return {name: repr(make(torch)) for name, make in SIGHTS.items()}


def promotions(torch):
    """The dtype of arithmetic between a tensor with dimensions, a 0-d one, and Python numbers."""
    made = {
        f"{name} {kind}": torch.ones(size, dtype=getattr(torch, name))
        for name in DTYPES
        for kind, size in (("vector", (2,)), ("0-d", ()))
    }
    found = {}
    for word, compute in ARITHMETIC.items():
        for (one, a), (other, b) in itertools.product({**made, **NUMBERS}.items(), repeat=2):
            if one in NUMBERS and other in NUMBERS or (word == "pow" and one.startswith("bool") and other == "True"):
                continue  # nothing to ask; and `bools ** True`, bool in PyTorch alone, is nobody's sum
            try:
                found[f"{word}({one}, {other})"] = str(compute(a, b).dtype)
            except (RuntimeError, TypeError) as error:
                found[f"{word}({one}, {other})"] = type(error).__name__
    return found


def draws(torch):
    """Random numbers after manual_seed, below and above the 16 elements where PyTorch changes its way."""
    found = {}
    for size, dtype in itertools.product(((), (3,), (15,), (16,), (17,), (4, 10)), ("float32", "float64")):
        for name in ("rand", "randn"):
            torch.manual_seed(7)
            drawn = getattr(torch, name)(size, dtype=getattr(torch, dtype))
            found[f"{name} {list(size)} {dtype}"] = drawn.tolist()
    torch.manual_seed(7)
    found["one after the other"] = [torch.randn(3).tolist(), torch.rand(2).tolist(), torch.randn(2).tolist()]
    torch.manual_seed(7)
    found["randint"] = torch.randint(0, 10, (12,)).tolist()
    found["randint from"] = torch.randint(-5, 5, (2, 3)).tolist()
    found["randperm"] = torch.randperm(9).tolist()
    torch.manual_seed(2**40 + 3)
    found["a large seed"] = torch.rand(2).tolist()
    torch.manual_seed(-1)
    found["a negative seed"] = torch.rand(2).tolist()
    torch.manual_seed(7)
    layer = torch.nn.Linear(5, 4)
    found["nn.Linear"] = [layer.weight.tolist(), layer.bias.tolist()]
    torch.manual_seed(7)
    found["nn.Linear, small"] = [each.tolist() for each in torch.nn.Linear(2, 1).parameters()]
    return found


def samplings(torch):
    """Random numbers from distributions that tensors describe."""
    wide = torch.linspace(0.01, 0.99, 50)
    rows = wide[:48].reshape(3, 16)
    programs = {
        "multinomial": lambda: torch.multinomial(wide, 50),
        "multinomial, float64": lambda: torch.multinomial(wide.double(), 20),
        "multinomial, float16": lambda: torch.multinomial(wide.half(), 4),
        "multinomial with replacement": lambda: torch.multinomial(wide, 20, replacement=True),
        "multinomial of rows": lambda: torch.multinomial(rows, 4),
        "multinomial of rows with replacement": lambda: torch.multinomial(rows, 4, True),
        "bernoulli": lambda: torch.bernoulli(wide),
        "bernoulli, float64": lambda: torch.bernoulli(wide.double()),
        "bernoulli, float16": lambda: torch.bernoulli(wide.half()),
        "bernoulli of a number": lambda: torch.bernoulli(wide, 0.3),
        "normal of numbers": lambda: torch.normal(2.0, 3.0, (4,)),
        "normal of numbers, many": lambda: torch.normal(2.0, 3.0, (20,)),
        "normal of means": lambda: torch.normal(wide.double(), 2.0),
        "normal of both": lambda: torch.normal(wide, wide),
        "normal of deviations": lambda: torch.normal(0.0, wide[:3]),
        "rand_like": lambda: torch.rand_like(wide),
        "randn_like": lambda: torch.randn_like(wide.double()),
        "randint_like": lambda: torch.randint_like(wide, 9),
    }
    found = {}
    for name, draw in programs.items():
        torch.manual_seed(3)
        found[name] = [draw().tolist(), torch.rand(1).tolist()]  # the next number tells how many were drawn
    return found


def answers(torch):
    """What each question is answered, and which warnings it gives."""
    return {question: answered(torch, question) for question in QUESTIONS}


def scripts(torch):
    """What short scripts print, line by line."""
    return {name: _printed(torch, source).splitlines() for name, source in SCRIPTS.items()}


def _printed(torch, source):
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    with contextlib.redirect_stdout(io.StringIO()) as screen:
        exec(source, names)
    return screen.getvalue()


OBSERVATIONS = {
    each.__name__: each for each in (graphs, errors, prints, promotions, draws, samplings, answers, scripts)
}


def observed(torch, name):
    """One of the observations, as it comes back from JSON; warnings are no part of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.loads(json.dumps(OBSERVATIONS[name](torch)))


def stored(name):
    """What the stored facts say PyTorch does."""
    return json.loads((FACTS / f"{name}.json").read_text())


def _write():
    import torch

    FACTS.mkdir(exist_ok=True)
    for name in OBSERVATIONS:
        # one case a line: a change of PyTorch shows as a small difference
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in observed(torch, name).items()]
        (FACTS / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    _write()
