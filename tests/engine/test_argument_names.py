"""Arguments by name: every function and method takes those that PyTorch's stubs name, and NumPy's beside them."""

import ast
from inspect import Parameter, signature
from pathlib import Path

import pytest

import gradviz
from gradviz.engine.keywords import NUMPY, argument_names
from tests.autograd.alike import same

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

# what gradviz has nothing for: out=, names of dims, other layouts, and the memory and kernels of GPUs
ABSENT = {"out", "out_dtype", "names", "layout", "pin_memory", "memory_format", "cudnn_enable", "cudnn_enabled"}
# other names, of calls that gradviz doesn't have or that PyTorch refuses by name itself
OTHERS = {
    "gru lstm rnn_relu rnn_tanh": "data batch_sizes",
    "isin": "element test_element",
    "result_type": "tensor other scalar scalar1 scalar2",
    "expand": "implicit",
    "requires_grad_": "mode",
    "to": "other",
    "type": "non_blocking",
    "view": "dtype",
}
ELSEWHERE = {name: set(names.split()) for words, names in OTHERS.items() for name in words.split()}


def stubs(path, inside=None):
    """{function: every name of an argument in any of its forms} of a stub, or of a class in it."""
    body = ast.parse((Path(torch.__file__).parent / "_C" / path).read_text()).body
    if inside is not None:
        body = next(each.body for each in body if isinstance(each, ast.ClassDef) and each.name == inside)
    found = {}
    for each in body:
        if isinstance(each, ast.FunctionDef) and "ellipsis" not in ast.unparse(each.args).lower():
            given = [*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs]
            given += [each.args.vararg] if each.args.vararg else []
            found.setdefault(each.name, set()).update(one.arg for one in given)
    return found


FUNCTIONS, METHODS = stubs("_VariableFunctions.pyi"), stubs("__init__.pyi", "TensorBase")
CASES = [(gradviz, name) for name in FUNCTIONS] + [(gradviz.Tensor, name) for name in METHODS]
CASES = [(home, name) for home, name in CASES if callable(getattr(home, name, None)) and not name.startswith("_")]


@pytest.mark.parametrize(("home", "name"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_arguments_have_the_names_of_pytorch(home, name):
    function, stub = getattr(home, name), FUNCTIONS if home is gradviz else METHODS
    function = getattr(function, "function", function)  # gradviz.trace is the function, and a package once imported
    if isinstance(function, type):
        pytest.skip("a class")
    taken = {*argument_names(function)}
    kinds = [each.kind for each in signature(function).parameters.values()]
    if Parameter.VAR_KEYWORD in kinds and not hasattr(function, "op"):
        return  # it hands them on
    missing = stub[name] - taken - ABSENT - {"self"} - ELSEWHERE.get(name, set())
    assert missing == set()


def test_what_has_other_names_has_them():
    for name, names in ELSEWHERE.items():
        assert any(names <= stub.get(name, set()) for stub in (FUNCTIONS, METHODS))


X = "x = torch.arange(1.0, 7.0).reshape(2, 3)\n"
CALLS = """
torch.sum(input=x, axis=0, keepdims=True)
x.mean(axis=1)
x.cumsum_(axis=0)
torch.add(input=x, other=x)
torch.matmul(input=x, other=x.T)
torch.det(input=torch.eye(2))
torch.cat(tensors=[x, x], axis=1)
torch.where(x > 2, input=x, other=x * 0)
torch.split(tensor=x, split_size_or_sections=1)
x.split(split_size=1)
torch.hsplit(x, sections=3)
torch.hsplit(x, indices=(1,))
torch.tensor_split(x, indices=[1])
torch.tensor_split(x, tensor_indices_or_sections=torch.tensor(2))
torch.repeat_interleave(torch.tensor([1, 2]))
torch.repeat_interleave(x, 2, output_size=11)
torch.repeat_interleave(x, torch.tensor([1, 2]), dim=0, output_size=4)
torch.zeros(size=(2, 3))
torch.zeros((2,), size=(2,))
torch.zeros(size=3)
torch.ones(size=[2])
torch.full(size=(2,), fill_value=3)
torch.reshape(input=x, shape=(3, 2))
x.view(size=(6,))
torch.permute(input=x, dims=(1, 0))
torch.flip(input=x, dims=(0,))
torch.tile(input=x, dims=(2,))
x.repeat(repeats=(2, 1))
x.expand(size=(2, 2, 3))
x.new_zeros(size=(1, 2))
x.softmax(1, dtype=torch.float64)
torch.nn.functional.softmax(x)
torch.nn.functional.log_softmax(x, dim=-1, dtype=torch.float64)
torch.searchsorted(torch.tensor([3, 1, 2]), torch.tensor([2]), sorter=torch.tensor([1, 2, 0]))
torch.pinverse(x, rcond=1e-3)
torch.unsqueeze(x, axis=0)
torch.norm(x, 2, axis=0)
torch.linalg.vector_norm(x, axis=0)
torch.max(x, axis=1, keepdims=True)[0]
torch.rand(3, generator=torch.Generator().manual_seed(3))
torch.empty(4).normal_(generator=torch.Generator().manual_seed(3))
torch.nn.init.kaiming_uniform_(torch.empty(4, 2), a=0.1, generator=torch.Generator().manual_seed(3))
torch.nn.init.trunc_normal_(torch.empty(4, 2), generator=torch.Generator().manual_seed(3))
torch.nn.init.orthogonal_(torch.empty(4, 2), generator=torch.Generator().manual_seed(3))
torch.nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular")
torch.nn.ConvTranspose1d(1, 1, 3, padding_mode="circular")
torch.nn.Conv1d(1, 1, 3, padding_mode="mirror")
torch.nn.Linear(3, 2, dtype=torch.int64)
""".strip().splitlines()


@pytest.mark.parametrize("call", CALLS)
def test_a_call_by_names(call):
    def program(torch, note):
        scope = {"torch": torch}
        exec(X, scope)  # noqa: S102  what stands above
        note(eval(call, scope))  # noqa: S307

    if "mirror" in call:  # PyTorch lists the modes in any order
        with pytest.raises(ValueError, match="padding_mode must be one of"):
            program(gradviz, print)
    else:
        same(program)


LAYERS = {
    "Linear": lambda nn, **how: nn.Linear(3, 2, **how),
    "Conv2d": lambda nn, **how: nn.Conv2d(2, 4, 3, **how),
    "ConvTranspose1d": lambda nn, **how: nn.ConvTranspose1d(2, 4, 3, **how),
    "LayerNorm": lambda nn, **how: nn.LayerNorm(3, **how),
    "BatchNorm1d": lambda nn, **how: nn.BatchNorm1d(3, **how),
    "Embedding": lambda nn, **how: nn.Embedding(4, 2, **how),
    "LSTM": lambda nn, **how: nn.LSTM(3, 2, **how),
    "GRUCell": lambda nn, **how: nn.GRUCell(3, 2, **how),
    "MultiheadAttention": lambda nn, **how: nn.MultiheadAttention(4, 2, **how),
    "TransformerEncoderLayer": lambda nn, **how: nn.TransformerEncoderLayer(4, 2, 8, **how),
    "PReLU": lambda nn, **how: nn.PReLU(**how),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_a_dtype(name):
    def program(torch, note):
        torch.manual_seed(3)
        layer = LAYERS[name](torch.nn, device="cpu", dtype=torch.float64)
        note(dict(layer.state_dict()), torch.get_default_dtype(), torch.rand(1))

    same(program)


def padded(torch, note):
    for mode, padding in (("circular", 1), ("reflect", "same"), ("replicate", (1, 0))):
        torch.manual_seed(3)
        layer = torch.nn.Conv2d(1, 1, (3, 3), padding=padding, padding_mode=mode)
        note(str(layer), layer(torch.arange(25.0).reshape(1, 1, 5, 5)))


def test_padding_modes():
    same(padded)


def test_the_words_of_numpy():
    assert {"axis": "dim", "keepdims": "keepdim"} == NUMPY
