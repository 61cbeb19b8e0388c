"""Stubs, so that editors and type checkers know the methods and functions that ops are made into at import."""

import inspect
import sys
import textwrap
from types import FunctionType, ModuleType

import gradviz
from docs.generate.public import attributes, parameters
from gradviz.engine import tensor as tensor_module
from gradviz.engine.dtypes import dtype

HEAD = '"""{about}\n\nMade by `python -m docs.generate`.\n"""\n'
INT, BOOL, FLOAT, TEXT = "builtins.int", "builtins.bool", "builtins.float", "builtins.str"
TUPLE = "tuple[Tensor, ...]"

# What is returned by those that return no Tensor; Any where it depends on the arguments.
RETURNS = {
    **dict.fromkeys(
        ("dim", "numel", "nelement", "element_size", "ndimension", "storage_offset", "get_device", "data_ptr", "ndim",
         "nbytes", "itemsize", "output_nr", "_version", "get_num_threads",
         "__len__", "__int__", "__index__", "__hash__"), INT),
    **dict.fromkeys(
        ("is_contiguous", "is_floating_point", "is_complex", "is_signed", "is_nonzero", "is_tensor", "is_cuda",
         "is_leaf", "requires_grad", "retains_grad", "is_grad_enabled", "equal", "allclose", "__bool__",
         "__contains__", "is_inference", "is_inference_mode_enabled", "is_anomaly_enabled",
         "is_anomaly_check_nan_enabled", "can_cast"), BOOL),
    **dict.fromkeys(
        ("retain_grad", "backward", "__init__", "save", "set_default_device", "set_default_dtype", "set_num_threads",
         "__setitem__"), "None"),
    **dict.fromkeys(
        ("unbind", "chunk", "split", "split_with_sizes", "hsplit", "vsplit", "tensor_split", "broadcast_tensors",
         "meshgrid", "var_mean", "aminmax", "topk", "sort", "kthvalue", "slogdet",
         "mode", "std_mean", "svd"), TUPLE),
    **dict.fromkeys(
        ("item", "tolist", "size", "stride", "type", "load", "max", "min", "median", "unique", "where", "nonzero",
         "atleast_1d", "atleast_2d", "atleast_3d", "register_hook", "register_post_accumulate_grad_hook", "grad_fn",
         "__dlpack__", "__dlpack_device__", "__reduce_ex__", "to_dlpack", "static"), "Any"),
    **dict.fromkeys(("__format__", "__repr__", "get_default_device"), TEXT),
    "__float__": FLOAT, "__complex__": "builtins.complex", "__iter__": "Iterator[Tensor]",
    "numpy": "_numpy.ndarray", "__array__": "_numpy.ndarray", "grad": "Tensor | None", "shape": "Size",
    "dtype": "dtypes.dtype", "device": "Device", "untyped_storage": "UntypedStorage", "get_default_dtype": "dtype",
}  # fmt: skip

MODULES = tuple(f"gradviz.{name}" for name in "autograd cuda linalg nn optim random utils".split())

TENSOR_IMPORTS = """# mypy: disable-error-code="misc,override"

import builtins
from collections.abc import Iterator
from typing import Any

import numpy as _numpy

from gradviz.engine import dtypes
from gradviz.ops.storage import UntypedStorage
"""
AROUND_TENSOR = '''
class Size(tuple[builtins.int, ...]):
    """A shape: a tuple that prints as PyTorch prints it."""

    def numel(self) -> builtins.int: ...

class Device(builtins.str):
    """A device's name; `.type` and `.index` as PyTorch's torch.device."""

    @property
    def type(self) -> builtins.str: ...
    @property
    def index(self) -> builtins.int | None: ...

class Rare:
    """What few tensors have."""

    accumulator: Any
    retains_grad: builtins.bool
    untracked: builtins.bool
    hooks: dict[Any, Any]
    after_hooks: dict[Any, Any]

class Number(Tensor):
    """A Python number on its way through an op."""

    value: Any
    def as_tensor(self) -> Tensor: ...

def rare_of(tensor) -> Rare: ...
def edge_of(tensor) -> Any: ...

NON_LEAF_GRAD: builtins.str
NO_HOOK: builtins.str
NO_RETAIN: builtins.str
'''


def stubs():
    """{path below the repository: text} of every stub."""
    return {
        "gradviz/engine/tensor.pyi": _tensor_stub(),
        "gradviz/__init__.pyi": _namespace_stub(gradviz),
        "gradviz/linalg.pyi": _namespace_stub(gradviz.linalg),
        "gradviz/nn/functional.pyi": _namespace_stub(gradviz.nn.functional),
    }


def _tensor_stub():
    parts = [HEAD.format(about=inspect.cleandoc(tensor_module.__doc__).partition("\n")[0]), TENSOR_IMPORTS]
    parts.append(f'class Tensor:\n    """{gradviz.Tensor.__doc__}"""\n')
    for name, each in sorted(vars(gradviz.Tensor).items()):
        hidden = name.startswith("_") and not name.startswith("__") and name != "_version"
        if isinstance(each, FunctionType) and not hidden:
            parts.append(textwrap.indent(_function(name, each, first="self"), "    "))
        elif isinstance(each, property) and not hidden:
            parts.append(textwrap.indent(_property(name, each), "    "))
    return "\n".join(parts) + "\n" + AROUND_TENSOR


def _property(name, each):
    about = f"\n    {_docstring(each.__doc__)}" if each.__doc__ else " ..."
    kind = RETURNS.get(name, "Tensor")
    lines = [f"@property\ndef {name}(self) -> {kind}:{about}"]
    if each.fset:
        lines.append(f"@{name}.setter\ndef {name}(self, value: {kind}) -> None: ...")
    return "\n".join(lines)


def _namespace_stub(module):
    """The stub of a module of functions, with what it takes from elsewhere."""
    imports, parts = {}, []
    own = getattr(module, "__all__", None)
    for name, each in attributes(module).items():
        if name.startswith("_") or (own is not None and name not in own):
            continue
        if isinstance(each, ModuleType):
            if each.__name__ in MODULES:
                imports.setdefault("gradviz", []).append(name)
        elif isinstance(each, type):
            if each.__module__.startswith("gradviz"):
                known = hasattr(sys.modules[each.__module__], name)
                taken = imports.setdefault(each.__module__, [])
                taken += {name if known else each.__name__}.difference(taken)
                parts += [] if known else [f"{name} = {each.__name__}"]  # device = Device
        elif isinstance(each, FunctionType):
            if _is_offered(each, module):
                parts.append(_function(name, each))
        elif isinstance(each, dtype):
            parts.append(f"{name}: dtype")
        elif isinstance(each, float):
            parts.append(f"{name}: builtins.float")
        elif each is None:
            parts.append(f"{name}: None")
    body = "\n".join(parts)
    if "Tensor" not in imports.get("gradviz.engine.tensor", []):
        imports.setdefault("gradviz.engine.tensor", []).append("Tensor")
    return "\n".join([HEAD.format(about=module.__doc__.partition("\n")[0]), _imports(imports, body), body]) + "\n"


def _is_offered(function, module):
    if not function.__module__.startswith("gradviz"):
        return False
    return module is not gradviz.nn.functional or not function.__module__.startswith("gradviz.engine.")


def _imports(imports, body):
    lines = ["import builtins"] if "builtins." in body else []
    lines += ["from typing import Any"] if "Any" in body else []
    lines += [""] if lines else []
    for module, names in sorted(imports.items()):
        lines += [f"from {module} import {name} as {name}" for name in sorted(names, key=lambda n: (n.islower(), n))]
    return "\n".join(lines) + "\n"


def _function(name, function, first="input"):
    """`def name(...) -> Tensor`, with its docstring; first: what a first argument `self` or `input` is called."""
    op = getattr(function, "op", None)
    kind = RETURNS.get(name, "Tensor")
    if op is not None and (op.several or op.returned):
        kind = TUPLE
    given = _written(parameters(function))
    if given and given[0] in ("self", "input"):
        given[0] = first
    line = f"def {name}({', '.join(given)}) -> {kind}:"
    if len(line) > 112:
        inside = "\n    ".join(textwrap.wrap(", ".join(given), 115))
        line = f"def {name}(\n    {inside}\n) -> {kind}:"
    about = (function.op.forward if op is not None else function).__doc__
    if not about:
        return f"{line} ..."
    return f"{line}\n    {_docstring(about)}"


def _docstring(text):
    """The first line of a docstring, in quotes, broken where it is too long."""
    first = inspect.cleandoc(text).partition("\n")[0].replace("\\", "\\\\")
    return f'"""{first}"""' if len(first) < 100 else f'"""{textwrap.fill(first, 96, subsequent_indent="    ")}\n    """'


def _written(given):
    """Parameters as source; defaults that are no literal as `...`."""
    kinds, out, starred = inspect.Parameter, [], False
    for each in given:
        if each.kind is kinds.KEYWORD_ONLY and not starred:
            out.append("*")
        starred = starred or each.kind in (kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL)
        sign = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}.get(each.kind, "")
        literal = each.default is None or type(each.default) in (bool, int, float, str)
        default = "" if each.default is kinds.empty else f"={each.default!r}" if literal else "=..."
        out.append(f"{sign}{each.name}{default}")
    return out
