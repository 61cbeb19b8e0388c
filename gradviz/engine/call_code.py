"""The generated forward of an op: what a call does, written out for this op's inputs, dtype rule and saving."""

from inspect import Parameter

from gradviz.engine.generated import SIZES
from gradviz.engine.keywords import inputs_of


def call_lines(op, operator=False):
    """The source of the call, a line each; the first input of an operator's method is a tensor for certain."""
    numbers = [*_formula_lines(op, operator), *_number_lines(op)[operator:]]
    head = [f"def {op.name}({_parameters(op)}):", *_quick_lines(op), *_first_lines(op)]
    lines = [*head, *numbers, *_array_lines(op), *_dtype_lines(op)]
    given = "".join(f", {'*' * (name == op.variadic)}r{i}" for i, name in enumerate(op.inputs))
    settings = "".join(f", {name}={name}" for name in op.settings)
    lines += [
        "    observer = MODE.observer",
        "    started = clock() if observer is not None else 0",
        "    try:",
        f"        result = forward(xp{given}{settings})",
        "    except RuntimeWarning:  # the script's filters make errors of NumPy's warnings",
        f"        result = quietly(forward, xp{given}{settings})",
        "    except (ValueError, IndexError) as error:",
        f"        raise explained(OP, error, ({_all(op)})) from None",
    ]
    if op.intermediates:
        lines.append(f"    result, {', '.join(op.intermediates)} = result")
    if op.several:
        lines.append("    out = tuple([Tensor(as_array(each)) for each in result])")
    else:
        lines += [
            "    if result.__class__ is not ndarray:",
            "        result = asarray(result) if result.__class__ in SCALARS else as_array(result)",
            "    out = new(Tensor)",
            "    out._array = result",
            "    out._grad = out._rare = out._viewed = None",
            "    out._serial = 0",
        ]
    lines += [*_view_lines(op), "    node = None", *_node_lines(op)]
    if op.returned:
        lines.append(f"    out = (out, *[Tensor(as_array(each)) for each in ({', '.join(op.intermediates)},)])")
    told = ", ".join(f"{name!r}: {name}" for name in op.settings)
    lines += [
        f"    if observer is not None{' and out' * op.several}:",
        f"        observer.forward(OP, out, ({_present(op)}), node, {{{told}}}, started)",
        "    return out",
    ]
    return lines


def _parameters(op):
    settings = [name if default is Parameter.empty else f"{name}=None" for name, default in op.settings.items()]
    inputs = [f"*{name}" if name == op.variadic else name for name in inputs_of(op)]
    return ", ".join([*inputs, *(["*"] if settings and not op.variadic else []), *settings])


def _first_lines(op):
    return ["    self = input"] if inputs_of(op) != op.inputs else []


def _number_lines(op):
    """Python numbers as tensors, beside the tensors that they meet."""
    lines = []
    for name in op.inputs if op.takes_numbers else ():
        others = ", ".join(other for other in op.inputs if other != name)
        number = f"{name}.__class__ is not Tensor and {name}.__class__ in NUMBERS"
        lines.append(f"    if {number}: {name} = number_like({name}, {others})")
    return lines


def _formula_lines(op, operator):
    """Within a formula of a gradient's own graph, a tensor with a number is the op that PyTorch's code has for it."""
    if not operator or op.with_number is None:
        return []
    number = f"{op.inputs[1]}.__class__ is not Tensor and {op.inputs[1]}.__class__ in NUMBERS"
    return [f"    if MODE.formula and {number}: return with_number({op.inputs[0]}, other={op.inputs[1]})"]


def _quick_lines(op):
    """The C twin is asked first, where there is one: it answers None where it is not the frequent case."""
    if op.quick is None:
        return []
    given = ", ".join([*inputs_of(op), *op.settings])
    return [f"    out = quick({given})", "    if out is not None: return out"]


def _array_lines(op):
    """The inputs' arrays, a0, a1, ..."""
    if not op.inputs:
        return []
    arrays = [f"a{i} = {_array_of(op, name)}" for i, name in enumerate(op.inputs)]
    if op.variadic:  # whoever collects the list looks at what is in it
        return ["    " + line for line in arrays]
    return [
        "    try:",
        *("        " + line for line in arrays),
        "    except AttributeError:",
        f"        found = as_tensors(OP, ({', '.join(op.inputs)},))",
        "        if found is NotImplemented: return found  # only as an operator",
        f"        {', '.join(op.inputs)}, = found",
        *("        " + line for line in arrays),
    ]


def _array_of(op, name):
    if name == op.variadic:
        return f"[None if each is None else each._array for each in {name}]"
    return f"None if {name} is None else {name}._array" if name in op.optional else f"{name}._array"


def _dtype_lines(op):
    """From the inputs' arrays a0, a1, ... to r0, r1, ... in the dtype of the computation, and xp."""
    count = len(op.inputs)
    arrays = "".join(f"{'*' * (name == op.variadic)}a{i}, " for i, name in enumerate(op.inputs))
    if op.variadic:
        lines = [*_module_lines(op, arrays), *(f"    r{i} = a{i}" for i in range(count))]
        if op.dtype == "promote":
            lines.append(f"    if len({{each.dtype for each in a0}}) > 1: r0 = promoted(OP, {op.variadic})")
        return lines
    on_the_cpu = " and ".join(
        f"(a{i} is None or a{i}.__class__ is ndarray)" if name in op.optional else f"a{i}.__class__ is ndarray"
        for i, name in enumerate(op.inputs)
    )
    alike = [f"a{i}.dtype is a0.dtype" for i in range(1, count)]
    results = "".join(f"r{i}, " for i in range(count))
    lines = [f"    if {on_the_cpu}: xp = numpy", "    else:"] if count else []
    lines += ["    " + line for line in _module_lines(op, arrays)] if count else []
    lines += [f"    r{i} = a{i}" for i in range(count)]
    tensors = f"({''.join(f'{name}, ' for name in op.inputs)})"
    if op.dtype == "float":
        alike.append("a0.dtype.kind == 'f'")
    if op.dtype in ("promote", "float") and alike:
        lines.append(f"    if not ({' and '.join(alike)}):")
        lines.append(f"        {results}= promoted(OP, {tensors})")
    elif op.dtype == "same" and alike:
        lines.append(f"    if not ({' and '.join(alike)}): check_same(OP, ({arrays}))")
    return lines


def _module_lines(op, arrays):
    """xp; where devices mix, the call anew with the inputs on one device."""
    again = "".join(f", {name}={name}" for name in op.settings)
    moved = f"OP.call(*on_one_device(OP, ({_all(op)})){again})"
    return [f"    xp = module_of_all(({arrays}))", f"    if xp is None: return {moved}"]


def _view_lines(op):
    """An output remembers what it is a view of; see engine/views.py."""
    if not (op.view and op.vjps):
        return []
    if op.several:
        return ["    viewed = bound(self, True)", "    for each in out: each._viewed = viewed"]
    known = "    viewed = self if self._viewed is None else self._viewed"
    return [known, "    out._viewed = viewed if MODE.grad else bound(self, False)"]


# -- the node ----------------------------------------------------------------------------------------


def _node_lines(op):
    """The branch that makes the node, and the one that leaves the output outside the graph."""
    outside = [] if op.several else ["out._edge = None", "out._requires_grad = False"]
    if op.node_class is None:
        return ["    " + line for line in outside]
    names = op.differentiable
    stale = f"    if FORKS and MODE.grad: settle(({_all(op)}))"
    if op.variadic in names:  # then the only one
        needs = [f"    n0 = any([each._requires_grad for each in {op.variadic}])"]
    else:
        needs = [f"    n{i} = {_asks_for_grad(op, name)}" for i, name in enumerate(names)]
    lines = [stale, *needs, f"    if MODE.grad and ({' or '.join(f'n{i}' for i in range(len(needs)))}):"]
    body = [
        "node = new(NODE)",
        *_edge_lines(op),
        *_run_lines(op),
        *_saving_lines(op),
        "node._hooks = None",
        "node.sequence_nr = next_nr()",
    ]
    if op.several:
        body += [
            "node._count = len(out)",
            "for k, each in enumerate(out): each._edge, each._requires_grad = Edge(node, k), True",
            f"if BIRTHS: born(node, ({_all(op)}*out))",
        ]
        return [*lines, *("        " + line for line in body)]
    body += [f"node._count = {len(op.outputs)}", "out._edge = Edge(node, 0)"] if op.joint else ["out._edge = node"]
    body += ["out._requires_grad = True", f"if BIRTHS: born(node, ({_all(op)}out))"]
    return [*lines, *("        " + line for line in body), "    else:", *("        " + line for line in outside)]


def _asks_for_grad(op, name):
    return f"{name} is not None and {name}._requires_grad" if name in op.optional else f"{name}._requires_grad"


def _edge_lines(op):
    # right to left, so that the AccumulateGrad of the first input is the newest and runs first, as in PyTorch
    if op.variadic in op.differentiable:
        return [f"node._edges = tuple([edge_of(each) for each in reversed({op.variadic})][::-1])"]
    edges = [f"({name}._edge or edge_of({name})) if n{i} else None" for i, name in enumerate(op.differentiable)]
    if len(edges) == 1:
        return [f"node._edges = ({op.differentiable[0]}._edge or edge_of({op.differentiable[0]}),)"]
    made = [f"e{i} = {edges[i]}" for i in reversed(range(len(edges)))]
    return [*made, f"node._edges = ({''.join(f'e{i}, ' for i in range(len(edges)))})"]


def _run_lines(op):
    """The backward code for this pattern of requires_grad, and the sizes and settings that it asks for."""
    names = op.differentiable
    settings = "".join(_setting_expression(op, name) + ", " for name in op.node_class.setting_names)
    arrays = {name: f"a{op.inputs.index(name)}" for name in names}
    if op.variadic in names:
        mask = "1"
        fits = f"tuple([(each.shape, each.dtype) for each in {arrays[op.variadic]}]), "
    else:
        mask = " + ".join(f"{2**i} * n{i}" for i in range(len(names))) if len(names) > 1 else "1"
        fits = "".join(
            f"*((None, None) if {arrays[name]} is None else ({arrays[name]}.shape, {arrays[name]}.dtype)), "
            if name in op.optional
            else f"{arrays[name]}.shape, {arrays[name]}.dtype, "
            for name in names
        )
    never = [f"node._run = {_run(mask, False)}", f"node._settings = ({settings})"]
    always = [f"node._run = {_run(mask, True)}", f"node._settings = ({settings}{fits})"]
    if op.fits == "never":
        return never
    if op.fits == "always":
        return always
    unlike = " or ".join([f"a{i}.shape != a0.shape" for i in range(1, len(op.inputs))] + _changed(op))
    return [f"if {unlike}:", *("    " + line for line in always), "else:", *("    " + line for line in never)]


def _changed(op):
    return [f"r{i} is not a{i}" for i in range(len(op.inputs))]


def _run(mask, fits):
    """The expression for the run of a mask, itself an expression."""
    if mask == "1":
        return "FITTING1" if fits else "RUN1"
    if mask == "1 * n0 + 2 * n1":
        of = "FITTING" if fits else "RUN"
        return f"({of}3 if n1 else {of}1) if n0 else {of}2"
    return f"run_for({mask}, {fits})"


def _saving_lines(op):
    saved = "".join(_saved_expression(op, name) + ", " for name in op.saved)
    if not op.saves_list:
        return [f"node._saved = ({saved})"]
    listed = f"a{op.inputs.index(op.variadic)}"
    names = f"*['{op.variadic}[%d]' % k for k in range(len({listed}))]"
    return [f"node._saved = ({saved}*{listed},)", f"node.saved_names = (*{op.saved}, {names})"]


def _saved_expression(op, name):
    if name not in op.inputs:
        return "result" if name == op.result else name  # or an intermediate: always
    array = f"a{op.inputs.index(name)}"
    if op.takes_numbers:
        array = f"({array} if {name}.__class__ is not Number else {name}.value)"
    users = op.users(name)
    if len(users) == 1 and len(op.vjps) > 1 or op.wrap_opt_if:
        return f"({array} if {' or '.join(f'n{op.differentiable.index(user)}' for user in users)} else None)"
    return array


def _setting_expression(op, name):
    for suffix, expression in SIZES.items():
        of = name.removesuffix(suffix)
        if of != name and of == op.variadic:
            return f"tuple([{expression.format('each')} for each in a{op.inputs.index(of)}])"
        if of in op.inputs:
            return expression.format(f"a{op.inputs.index(of)}")
        if of != name and of in op.intermediates:
            return expression.format(of)
    return name


# -- inputs as the inside of a tuple -----------------------------------------------------------------


def _all(op):
    return "".join(f"{'*' * (name == op.variadic)}{name}, " for name in op.inputs)


def _present(op):
    """Those that are not None."""
    return "".join(
        f"*[each for each in {name} if each is not None], " if name == op.variadic
        else f"*(() if {name} is None else ({name},)), " if name in op.optional
        else f"{name}, "
        for name in op.inputs
    )  # fmt: skip
