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

from inspect import Parameter, signature
from itertools import chain
from types import FunctionType
from typing import NamedTuple

from gradviz.engine import coerce
from gradviz.engine.generated import SIZES, define, joined, on_first_use
from gradviz.engine.node import NO_EDGE, AccumulateGrad, Node, SeveralOutputs
from gradviz.engine.tensor import Tensor

catalogue = {}  # name -> Op
_by_grad_fn = {}


class Vjp(NamedTuple):
    """A vector-Jacobian product: the local gradient in words and in code."""

    local: str
    function: FunctionType
    names: tuple


def vjp(local, function):
    """The gradient for one input: `local` is the local gradient as people read it."""
    return Vjp(local, function, tuple(signature(function).parameters))


def op(
    *, grad_fn=None, dtype=None, intermediates=(), optional=(), view=False, title=None, result="result", several=False,
    returned=False, hidden=(), outputs=(), **vjps
):  # fmt: skip
    """Declares the decorated forward as an op; a name that no vjp could mean is a TypeError at import.

    dtype: "promote" computes in PyTorch's result type, "float" also turns integers into the default float,
    "same" refuses mixed dtypes, None takes the inputs as they are. optional: inputs that may be None. title:
    PyTorch's name for it, where several ops share one. result: what PyTorch calls the saved result. several: the
    forward returns a list of outputs. returned: the call returns the intermediates too. hidden: what the vjps ask
    for, but PyTorch's node doesn't show. outputs: the intermediates that are the several outputs, in their order.
    """

    def declare(forward):
        names = (grad_fn, title, result)
        declared = Op(forward, (names, dtype, intermediates, optional, view, several, returned, hidden, outputs), vjps)
        if declared.name in catalogue:
            raise TypeError(f"op {declared.name} is declared twice")
        catalogue[declared.name] = declared
        if declared.node_class is not None:
            _by_grad_fn[declared.node_class.__name__] = declared
        return declared.call

    return declare


def as_operator(call):
    """An op as a method like `__add__`: the same code, but NotImplemented where an input is no tensor and no number."""
    return on_first_use(call.op, as_tensors=coerce.as_operands)


def by_grad_fn(name):
    """The Op whose node is called so ("MulBackward0"), or None."""
    return _by_grad_fn.get(name)


class Op:
    """One declared op: its forward, its vjps, and the functions generated from them."""

    def __init__(self, forward, options, vjps):
        names, self.dtype, intermediates, optional, self.view, self.several, self.returned, hidden, outputs = options
        grad_fn, title, self.result = names
        self.outputs = tuple(outputs)
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
        self._check_names()
        self.node_class = self._make_node_class(grad_fn) if vjps else None
        self.call = on_first_use(self)

    # -- names -------------------------------------------------------------------------------------

    def _check_names(self):
        known = {"grads" if self.several else "grad", "ops", self.result}
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

    def _users(self, name):
        return [target for target, rule in self.vjps.items() if name in rule.names]

    def _takes_numbers(self):
        return self.dtype in ("promote", "float") and len(self.inputs) > 1

    def _make_node_class(self, grad_fn):
        asked = [name for name in self._asked() if name not in ("grad", "grads", "ops")]
        tensors = {self.result, *self.inputs, *self.intermediates}
        self.saves_list = self.variadic in asked
        saved = tuple(name for name in asked if name in tensors and name != self.variadic)
        settings = tuple(name for name in asked if name not in tensors)
        fields = {
            # with a list among what is saved, each node has its own names: "indices[0]", "indices[1]", ...
            **({"__slots__": ("saved_names",)} if self.saves_list else {"__slots__": (), "saved_names": saved}),
            "op": self,
            "setting_names": settings,
            "hidden": {*self.hidden, *(name for name in settings if self.variadic and name.startswith(self.variadic))},
            "__module__": "gradviz",
        }
        self.saved = saved
        name = grad_fn or "".join(part.title() for part in self.name.split("_")) + "Backward0"
        made = type(name, (SeveralOutputs if self.several else Node,), fields)
        self.runs = [None] * 2 ** len(self.differentiable)
        return made

    # -- forward -----------------------------------------------------------------------------------

    def call_lines(self):
        """The source of the call, a line each."""
        lines = [f"def {self.name}({self._parameters()}):"]
        inputs = self.inputs
        if self._takes_numbers():
            for name in inputs:
                others = ", ".join(other for other in inputs if other != name)
                lines.append(f"    if {name}.__class__ in NUMBERS: {name} = number_like({name}, {others})")
        if inputs:
            arrays = [f"a{i} = {self._array_of(name)}" for i, name in enumerate(inputs)]
            if self.variadic:  # whoever collects the list looks at what is in it
                lines += ["    " + line for line in arrays]
            else:
                lines += ["    try:", *("        " + line for line in arrays), "    except AttributeError:"]
                lines.append(f"        found = as_tensors(OP, ({', '.join(inputs)},))")
                lines.append("        if found is NotImplemented: return found  # only as an operator")
                lines.append(f"        {', '.join(inputs)}, = found")
                lines += ["        " + line for line in arrays]
        lines += self._dtype_lines()
        given = "".join(f", {'*' * (name == self.variadic)}r{i}" for i, name in enumerate(inputs))
        settings = "".join(f", {name}={name}" for name in self.settings)
        lines += [
            "    observer = MODE.observer",
            "    started = clock() if observer is not None else 0",
            "    try:",
            f"        result = forward(xp{given}{settings})",
            "    except RuntimeWarning:  # the script's filters make errors of NumPy's warnings",
            f"        result = quietly(forward, xp{given}{settings})",
            "    except (ValueError, IndexError) as error:",
            f"        raise explained(OP, error, ({self._all()})) from None",
        ]
        if self.intermediates:
            lines.append(f"    result, {', '.join(self.intermediates)} = result")
        if self.several:
            lines.append("    out = tuple([Tensor(as_array(each)) for each in result])")
        else:
            lines += [
                "    if result.__class__ is not ndarray: result = as_array(result)",
                "    out = new(Tensor)",
                "    out._array = result",
                "    out._grad = out._rare = None",
                "    out._serial = 0",
            ]
        lines.append("    node = None")
        lines += self._node_lines()
        if self.returned:
            lines.append(f"    out = (out, *[Tensor(as_array(each)) for each in ({', '.join(self.intermediates)},)])")
        told = ", ".join(f"{name!r}: {name}" for name in self.settings)
        lines += [
            f"    if observer is not None{' and out' * self.several}:",
            f"        observer.forward(OP, out, ({self._present()}), node, {{{told}}}, started)",
            "    return out",
        ]
        return lines

    def _array_of(self, name):
        if name == self.variadic:
            return f"[None if each is None else each._array for each in {name}]"
        return f"None if {name} is None else {name}._array" if name in self.optional else f"{name}._array"

    def _all(self):
        """The inputs as the inside of a tuple."""
        return "".join(f"{'*' * (name == self.variadic)}{name}, " for name in self.inputs)

    def _present(self):
        """The inputs that are not None, as the inside of a tuple."""
        return "".join(
            f"*[each for each in {name} if each is not None], " if name == self.variadic
            else f"*(() if {name} is None else ({name},)), " if name in self.optional
            else f"{name}, "
            for name in self.inputs
        )  # fmt: skip

    def _parameters(self):
        settings = [name if default is Parameter.empty else f"{name}=None" for name, default in self.settings.items()]
        inputs = [f"*{name}" if name == self.variadic else name for name in self.inputs]
        return ", ".join([*inputs, *(["*"] if settings and not self.variadic else []), *settings])

    def _dtype_lines(self):
        """From the inputs' arrays a0, a1, ... to r0, r1, ... in the dtype of the computation, and xp."""
        count = len(self.inputs)
        arrays = "".join(f"{'*' * (name == self.variadic)}a{i}, " for i, name in enumerate(self.inputs))
        if self.variadic:
            lines = [f"    xp = module_of_all(({arrays}))", *(f"    r{i} = a{i}" for i in range(count))]
            if self.dtype == "promote":
                lines.append(f"    if len({{each.dtype for each in a0}}) > 1: r0 = promoted(OP, {self.variadic})")
            return lines
        same = [f"a{i}.__class__ is ndarray" for i, name in enumerate(self.inputs) if name not in self.optional]
        alike = [f"a{i}.dtype is a0.dtype" for i in range(1, count)]
        results = "".join(f"r{i}, " for i in range(count))
        lines = [f"    xp = numpy if {' and '.join(same)} else module_of_all(({arrays}))"] if count else []
        lines += [f"    r{i} = a{i}" for i in range(count)]
        tensors = f"({''.join(f'{name}, ' for name in self.inputs)})"
        if self.dtype == "float":
            alike.append("a0.dtype.kind == 'f'")
        if self.dtype in ("promote", "float") and alike:
            lines.append(f"    if not ({' and '.join(alike)}):")
            lines.append(f"        {results}= promoted(OP, {tensors})")
        elif self.dtype == "same" and alike:
            lines.append(f"    if not ({' and '.join(alike)}): check_same(OP, {tensors})")
        return lines

    def _node_lines(self):
        outside = [] if self.several else ["    out._edge = None", "    out._requires_grad = False"]
        if self.node_class is None:
            return outside
        inputs = self.differentiable
        needs = [f"n{i}" for i in range(len(inputs))]
        if self.variadic in inputs:  # then the only one
            lines = [f"    n0 = any([each._requires_grad for each in {self.variadic}])"]
            mask = "True"
            edges = [f"edges = [edge_of(each) for each in reversed({self.variadic})]"]
            joined_to = "tuple(reversed(edges))"
        else:
            lines = [f"    {need} = {self._asks_for_grad(name)}" for need, name in zip(needs, inputs, strict=True)]
            mask = " + ".join(f"{2**i} * {need}" if i else need for i, need in enumerate(needs))
            # right to left, so that the AccumulateGrad of the first input is the newest and runs first, as in PyTorch
            edges = [
                f"e{i} = ({name}._edge or edge_of({name})) if n{i} else NO_EDGE"
                for i, name in reversed(list(enumerate(inputs)))
            ]
            joined_to = f"({''.join(f'e{i}, ' for i in range(len(needs)))})"
        lines.append(f"    if MODE.grad and ({' or '.join(needs)}):")
        saved = "".join(self._saved_expression(name) + ", " for name in self.saved)
        settings = "".join(self._setting_expression(name) + ", " for name in self.node_class.setting_names)
        body = [
            f"if FORKS: refuse_old_views(({self._all()}))",
            "node = new(NODE)",
            *edges,
            f"node.next_functions = {joined_to}",
            f"node._run = RUNS[{mask}] or run_for({mask})",
        ]
        if self.saves_list:
            listed = f"a{self.inputs.index(self.variadic)}"
            body.append(f"node._saved = ({saved}*{listed},)")
            names = f"*['{self.variadic}[%d]' % k for k in range(len({listed}))]"
            body.append(f"node.saved_names = (*{self.saved}, {names})")
        else:
            body.append(f"node._saved = ({saved})")
        body.append(f"node._settings = ({settings})")
        if self.several:
            body += [
                "node._shapes = tuple([each._array.shape for each in out])",
                "node._shape = node._shapes[0] if len(out) == 1 else None",
            ]
            body.append("node._dtype = out[0]._array.dtype if out else None")
        else:
            body += ["node._shape = result.shape", "node._dtype = result.dtype"]
        body += ["node._hooks = None", "node._serial = 0", "node.sequence_nr = next_nr()"]
        if self.several:
            body.append("for k, each in enumerate(out): each._edge, each._requires_grad = (node, k), True")
            return [*lines, *("        " + line for line in body)]
        body += ["out._edge = (node, 0)", "out._requires_grad = True"]
        lines += ["        " + line for line in body]
        return [*lines, "    else:", *("    " + line for line in outside)]

    def _asks_for_grad(self, name):
        return f"{name} is not None and {name}._requires_grad" if name in self.optional else f"{name}._requires_grad"

    def _saved_expression(self, name):
        if name not in self.inputs:
            return "result" if name == self.result else name  # or an intermediate: always
        array = f"a{self.inputs.index(name)}"
        if self._takes_numbers():
            array = f"(a{self.inputs.index(name)} if not {name}._is_number else {name}.value)"
        users = self._users(name)
        if len(users) == 1 and len(self.vjps) > 1:
            return f"({array} if n{self.differentiable.index(users[0])} else None)"
        return array

    def _setting_expression(self, name):
        for suffix, expression in SIZES.items():
            of = name.removesuffix(suffix)
            if of != name and of == self.variadic:
                return f"tuple([{expression.format('each')} for each in a{self.inputs.index(of)}])"
            if of in self.inputs:
                return expression.format(f"a{self.inputs.index(of)}")
            if of != name and of in self.intermediates:
                return expression.format(of)
        return name

    # -- backward ----------------------------------------------------------------------------------

    def run_for(self, mask):
        """The backward code for a pattern of inputs that need a gradient: bit i stands for input i."""
        mask = 1 if self.variadic in self.vjps else int(mask)
        if self.runs[mask] is None:
            self.runs[mask] = self._compile_run(mask)
        return self.runs[mask]

    def _compile_run(self, mask):
        lines = ["def run(grad, saved, settings, ops):"]
        scope, gradients = {}, []
        node_class = self.node_class
        needed = set()
        for i, name in enumerate(self.differentiable):
            if not mask >> i & 1:
                gradients.append("None")
                continue
            rule = self.vjps[name]
            scope[f"vjp{i}"] = rule.function
            needed.update(rule.names)
            asked = f"vjp{i}({', '.join('x_' + each for each in rule.names)})"
            gradients.append(f"*{asked}" if name == self.variadic else asked)
        for source, names in (("saved", self.saved), ("settings", node_class.setting_names)):
            lines += [f"    x_{name} = {source}[{k}]" for k, name in enumerate(names) if name in needed]
        if self.saves_list:
            lines.append(f"    x_{self.variadic} = saved[{len(self.saved)}:]")
        if self.several:  # a single output's gradient comes alone
            lines.append("    x_grads = grad if grad.__class__ is tuple else (grad,)")
        else:
            lines.append("    x_grad = grad")
        if "ops" in needed:
            lines.append("    x_ops = ops")
        lines.append(f"    return ({', '.join(gradients)},)")
        return define(f"<gradviz backward {self.name} {mask:b}>", lines, "run", scope)

    def source_edge(self, node, name):
        """(node, output_nr) that made what is saved under this name."""
        if name == self.result:
            return node, 0
        if name in self.outputs:
            return node, self.outputs.index(name)
        if name in self.differentiable:
            return node.next_functions[self.differentiable.index(name)]
        return NO_EDGE

    def unpack(self, node, position, array):
        """A saved array as a Tensor that is joined to the graph it came from."""
        if array.__class__ in coerce.NUMBERS:
            return coerce.number_like(array)
        source, output_nr = self.source_edge(node, node.saved_names[position])
        if isinstance(source, AccumulateGrad):
            variable = source.variable
            return variable if variable._array is array else joined(array, source, output_nr)
        return Tensor(array) if source is None else joined(array, source, output_nr)
