"""@op and vjp: an op is declared once, and the fast code that runs it is written from the declaration.

    @op(
        self=vjp("other", lambda grad, other: grad * other),
        other=vjp("self", lambda grad, self: grad * self),
        dtype="promote",
    )
    def mul(xp, self, other):
        return self * other

The positional parameters of the forward are tensors, the keyword-only ones settings, `xp` is NumPy or
CuPy. A vjp is the vector-Jacobian product for one input, with the local gradient as people read it. It asks for
what it needs by name, and what it names is what a node saves:

    grad                the incoming gradient
    an input, `result`  a saved tensor
    an intermediate     what the forward returned behind its result, a saved tensor
    a setting           its value
    grads               of an op with several outputs, a tuple: one incoming gradient an output, or None
    <input>_sym_sizes, <input>_sym_strides, <input>_sym_numel, <input>_dim, ...     of that input, as PyTorch names them
    ops                 the catalogue: on raw arrays in a plain backward, on Tensors under create_graph

A forward may end its inputs with `*several`: a vjp for them returns as many gradients; saved, they are a list. A
forward declared with `several` returns a list of outputs, of one dtype, which share a node.

As in PyTorch's derivatives.yaml, an input that only one vjp names is saved only when that vjp's own input
requires grad; every other name is saved always.
"""

from functools import cached_property
from inspect import Parameter, signature
from itertools import chain
from types import FunctionType
from typing import NamedTuple

from gradviz.engine import coerce, versions
from gradviz.engine.generated import SIZES, joined, on_first_use
from gradviz.engine.node import AccumulateGrad, Changing, Node, SeveralOutputs, edge_to
from gradviz.engine.run_code import run_of
from gradviz.engine.tensor import Tensor
from gradviz.engine.twins import quick_of

catalogue = {}  # name -> Op
_by_grad_fn = {}


class Vjp(NamedTuple):
    """A vector-Jacobian product: the local gradient in words and in code; as an op of its own, under create_graph."""

    local: str
    function: FunctionType
    names: tuple
    as_op: FunctionType | None = None


def vjp(local, function, as_op=None):
    """The gradient for one input: `local` is the local gradient as people read it.

    as_op: computes the same under create_graph, where PyTorch's backward is an op that has a node of its own; it asks
    for `ops` and for names that the function asks for.
    """
    return Vjp(local, function, tuple(signature(function).parameters), as_op)


def op(
    *, grad_fn=None, dtype=None, intermediates=(), optional=(), view=False, title=None, result="result", several=False,
    returned=False, hidden=(), outputs=(), fits=False, as_op=None, wrap_opt_if=False, **vjps
):  # fmt: skip
    """Declares the decorated forward as an op; a name that no vjp could mean is a TypeError at import.

    dtype: "promote" computes in PyTorch's result type, "float" also turns integers into the default float,
    "same" refuses mixed dtypes, None takes the inputs as they are. optional: inputs that may be None. title:
    PyTorch's name for it, where several ops share one. result: what PyTorch calls the saved result. several: the
    forward returns a list of outputs. returned: the call returns the intermediates too. hidden: what the vjps ask
    for, but PyTorch's node doesn't show. outputs: the node's outputs in their order, of which the intermediates have
    gradients of their own; without `several` the call returns the first alone, and a second backward reaches the rest.
    fits: its vjps may give another dtype than the input's, to be put right; said only for an op with a single input
    and no setting `dtype`: all others are looked after anyway. as_op: computes the gradients for all inputs at once
    under create_graph, where PyTorch's backward is one op with several outputs; it asks for `ops`, for `needed`, a
    tuple of bools, one an input, and for names that the vjps ask for. wrap_opt_if: saves an input only where a gradient
    that asks for it is needed; else that is so for what a single one asks for, as in PyTorch.
    """

    def declare(forward):
        names = (grad_fn, title, result)
        backward = (hidden, outputs, fits, as_op, wrap_opt_if)
        options = (names, dtype, intermediates, optional, view, several, returned, *backward)
        declared = Op(forward, options, vjps)
        if declared.name in catalogue:
            raise TypeError(f"op {declared.name} is declared twice")
        catalogue[declared.name] = declared
        if declared.node_class is not None:
            _by_grad_fn.setdefault(declared.node_class.__name__, declared)
        return declared.call

    return declare


def as_operator(call):
    """An op as a method like `__add__`: the same code, but NotImplemented where an input is no tensor and no number."""
    return on_first_use(call.op, operator=True)


def by_grad_fn(name):
    """The Op whose node is called so ("MulBackward0"), or None."""
    return _by_grad_fn.get(name)


class Op:
    """One declared op: its forward, its vjps, and the functions generated from them."""

    def __init__(self, forward, options, vjps):
        names, self.dtype, intermediates, optional, self.view, self.several, self.returned, *others = options
        hidden, outputs, fits, self.as_op, self.wrap_opt_if = others
        grad_fn, title, self.result = names
        self.outputs = tuple(outputs)
        self.joint = self.several or len(self.outputs) > 1  # whether its node has several outputs
        self.intermediates, self.optional, self.hidden = tuple(intermediates), tuple(optional), tuple(hidden)
        parameters = list(signature(forward).parameters.values())[1:]
        self.name = forward.__name__
        self.title = title or self.name
        self.forward = forward
        self.variadic = next((p.name for p in parameters if p.kind is Parameter.VAR_POSITIONAL), None)
        self.inputs = tuple(p.name for p in parameters if p.kind is not Parameter.KEYWORD_ONLY)
        self.settings = {p.name: p.default for p in parameters if p.kind is Parameter.KEYWORD_ONLY}
        self.vjps = vjps
        self.differentiable = tuple(name for name in self.inputs if name in vjps)  # one edge each
        self.takes_numbers = self.dtype in ("promote", "float") and len(self.inputs) > 1
        self.fits = self._when_it_fits(fits)
        self._check_names()
        self.node_class = self._make_node_class(grad_fn) if vjps else None
        self.call = on_first_use(self)

    def _when_it_fits(self, asked):
        """When gradients are brought to their input's shape and dtype: never, always, or where inputs were unlike."""
        if self.takes_numbers and not self.optional and not self.variadic:
            return "unlike"
        return "always" if asked or self.variadic or len(self.inputs) > 1 or "dtype" in self.settings else "never"

    # -- names -------------------------------------------------------------------------------------

    def _check_names(self):
        known = {"grads" if self.joint else "grad", "ops", self.result}
        known.update(self.inputs, self.intermediates, self.settings)
        known |= {name + suffix for name in (*self.inputs, *self.intermediates) for suffix in SIZES}
        for target, rule in self.vjps.items():
            if target not in self.inputs:
                raise TypeError(f"op {self.name}: a vjp for '{target}', which is not among the inputs {self.inputs}")
            for name in rule.names:
                if name not in known:
                    raise TypeError(f"op {self.name}: the vjp for '{target}' asks for '{name}'; known: {sorted(known)}")

    def _asked(self):
        """Every name that the vjps ask for, in order, once."""
        return dict.fromkeys(chain.from_iterable(rule.names for rule in self.vjps.values()))

    def users(self, name):
        """The inputs whose vjps ask for this name."""
        return [target for target, rule in self.vjps.items() if name in rule.names]

    def _make_node_class(self, grad_fn):
        asked = [name for name in self._asked() if name not in ("grad", "grads", "ops")]
        tensors = {self.result, *self.inputs, *self.intermediates}
        self.saves_list = self.variadic in asked
        kept = [name for name in asked if name in tensors and name != self.variadic]
        # PyTorch's order: inputs by name, then results by name
        saved = tuple(sorted(kept, key=lambda name: (name not in self.inputs, name)))
        settings = tuple(name for name in asked if name not in tensors)
        fields = {
            "op": self,
            "saved_names": saved,
            "setting_names": settings,
            "hidden": {*self.hidden, *(name for name in settings if self.variadic and name.startswith(self.variadic))},
            "__module__": "gradviz",
            "__slots__": (),
        }
        if self.saves_list:  # each node has its own names: "indices[0]", "indices[1]", ...
            del fields["saved_names"]
            fields["__slots__"] = ("saved_names",)
        self.saved = saved
        name = grad_fn or "".join(part.title() for part in self.name.split("_")) + "Backward0"
        space, _, short = name.rpartition("::")
        if space:
            fields["name"] = lambda node: name
        made = type(short, (SeveralOutputs if self.joint else Node,), fields)
        self.runs = [None] * 2 ** (len(self.differentiable) + 1)
        return made

    @cached_property
    def changing_class(self):
        """The class of the nodes of its in-place form, where the first input is saved."""
        if self.inputs[0] not in self.saved:
            return self.node_class
        fields = {"__module__": "gradviz", "__slots__": ()}
        return type(self.node_class.__name__, (Changing, self.node_class), fields)

    @cached_property
    def with_number(self):
        """The op that PyTorch's own code has for a tensor and a number, such as MulBackward1's; or None."""
        named = catalogue.get(f"{self.name}_number")
        return None if named is None else named.call

    @cached_property
    def quick(self):
        """The C twin of the call, or None."""
        return quick_of(self)

    # -- backward ----------------------------------------------------------------------------------

    def run_for(self, mask, fits=False):
        """The backward code for a pattern of inputs that need a gradient: bit i stands for input i."""
        mask = 1 if self.variadic in self.vjps else int(mask)
        place = mask + fits * len(self.runs) // 2
        if self.runs[place] is None:
            self.runs[place] = run_of(self, mask, fits)
        return self.runs[place]

    def source_edge(self, node, name):
        """The edge of what is saved under this name: where its gradient goes, or None."""
        if name == self.result:
            return edge_to(node, 0)
        if name in self.outputs:
            return edge_to(node, self.outputs.index(name))
        return node._edges[self.differentiable.index(name)] if name in self.differentiable else None

    def unpack(self, node, position, array):
        """A saved array as a Tensor that is joined to the graph it came from."""
        if array.__class__ is versions.Tampered:
            versions.check(node)
        if array.__class__ in coerce.NUMBERS:
            return coerce.number_like(array)
        edge = self.source_edge(node, node.saved_names[position])
        if edge.__class__ is AccumulateGrad and edge.variable._array is array:
            return edge.variable
        return Tensor(array) if edge is None else joined(array, edge)
