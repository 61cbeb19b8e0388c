"""`torch.autograd.functional`: jacobians, hessians, and their products with vectors, by backward alone.

Source of the maths: a jvp is the derivative of the vjp in its vector, J v = d/du (u^T J) v (the double backward
trick); a Hessian's products come from the gradient's vjp and jvp.
"""

from gradviz.engine.backward import grad
from gradviz.engine.likeness import zeros_like
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import Size, Tensor
from gradviz.ops.stacking import stack

NOT_TENSORS = "The {} given to {} must be either a Tensor or a tuple of Tensors but the"
OUTPUT_ALONE = "user-provided function returns a single Tensor"
INPUT_ALONE = "input to the user-provided function is a single Tensor"
STRICT = " This is not allowed in strict mode"
INDEPENDENT = {
    "back": "The output of the user-provided function is independent of input {}." + STRICT + ".",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using "
    "the double backward trick to compute forward mode gradients." + STRICT + ".",
    "double_back": "The jacobian of the user-provided function is independent of input {}." + STRICT + ".",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian."
    + STRICT + " as it prevents from using the double backward trick to replace forward mode AD.",
}  # fmt: skip
NO_GRAPH = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} is independent of the inputs of the user-provided function."
    + STRICT + ".",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to "
    "input {} is independent of the input." + STRICT + ". You should ensure that your function is twice differentiable "
    "and that the jacobian depends on the inputs (this would be violated by a linear function for example).",
}  # fmt: skip


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), the product of v, shaped like the outputs, with the jacobian), each a tensor or a tuple."""
    with _GradMode(True):
        several_in, inputs = _as_tuple(inputs, "inputs", "vjp")
        inputs = _fresh(inputs, create_graph, True)
        several_out, outputs = _outputs(func, inputs, "vjp", strict)
        v = _vector(v, outputs, several_out, create_graph, "vjp", OUTPUT_ALONE)
    with _GradMode(create_graph or mode.grad):
        found = _grad(outputs, inputs, v, create_graph)
        product = _filled(found, inputs, strict, create_graph, "back")
    return _unpacked(outputs, several_out, create_graph), _unpacked(product, several_in, create_graph)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), the product of the jacobian with v, shaped like the inputs), each a tensor or a tuple."""
    with _GradMode(True):
        several_in, inputs = _as_tuple(inputs, "inputs", "jvp")
        inputs = _fresh(inputs, create_graph, True)
        v = _vector(v, inputs, several_in, create_graph, "jvp", INPUT_ALONE)
        several_out, outputs = _outputs(func, inputs, "jvp", strict)
        weights = tuple(zeros_like(each, requires_grad=True) for each in outputs)
        back = _grad(outputs, inputs, weights, True)
        _check_graph(back, "grad_inputs", strict)
    with _GradMode(create_graph or mode.grad):
        found = _grad(back, weights, v, create_graph)
        product = _filled(found, outputs, strict, create_graph, "back_trick")
    return _unpacked(outputs, several_out, create_graph), _unpacked(product, several_out, create_graph)


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), a scalar; the product of v with its Hessian), shaped like the inputs."""
    several, inputs, v, outputs, jac = _gradient(func, inputs, v, create_graph, strict, "vhp")
    with _GradMode(create_graph or mode.grad):
        found = _grad(jac, inputs, v, create_graph)
        product = _filled(found, inputs, strict, create_graph, "double_back")
    return _unpacked(outputs, False, create_graph), _unpacked(product, several, create_graph)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), a scalar; the product of its Hessian with v), shaped like the inputs."""
    several, inputs, v, outputs, jac = _gradient(func, inputs, v, create_graph, strict, "hvp")
    with _GradMode(True):
        weights = tuple(zeros_like(each, requires_grad=True) for each in inputs)
        back = _grad(jac, inputs, weights, True)
    with _GradMode(create_graph or mode.grad):
        found = _grad(back, weights, v, create_graph)
        product = _filled(found, inputs, strict, create_graph, "double_back_trick")
    return _unpacked(outputs, False, create_graph), _unpacked(product, several, create_graph)


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"):
    """The derivatives of func's outputs: (*output sizes, *input sizes), in a tuple a tuple of outputs and inputs.

    vectorize gives the same numbers. strategy "forward-mode" is refused: gradviz has backward mode alone.
    """
    _check_strategy(strategy)
    with _GradMode(True):
        several_in, inputs = _as_tuple(inputs, "inputs", "jacobian")
        inputs = _fresh(inputs, create_graph, True)
        several_out, outputs = _outputs(func, inputs, "jacobian", strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. "
                "Please either set `strict=False` or `vectorize=False`."
            )
        found = [_rows(i, each, inputs, create_graph, strict) for i, each in enumerate(outputs)]
    rows = tuple(_unpacked(each, several_in, create_graph) for each in found)
    return rows if several_out else rows[0]


def hessian(
    func, inputs, create_graph=False, strict=False, vectorize=False, outer_jacobian_strategy="reverse-mode"
):  # fmt: skip
    """The second derivatives of a scalar func: (*input sizes, *input sizes), a tuple of tuples for several inputs."""
    several, inputs = _as_tuple(inputs, "inputs", "hessian")
    _check_strategy(outer_jacobian_strategy)

    def scalar(*given):
        result = func(*given)
        _outputs(lambda: result, (), "hessian", strict)
        return _one_element(result, "hessian").reshape(())

    def gradient(*given):
        jac = jacobian(scalar, given, create_graph=True)
        _check_graph(jac, "jacobian", strict)
        return jac

    found = jacobian(gradient, inputs, create_graph=create_graph, strict=strict, vectorize=vectorize)
    return found if several else found[0][0]


def _gradient(func, inputs, v, create_graph, strict, name):
    """What vhp and hvp begin with: the inputs, the vector, the value of func, and its gradient."""
    with _GradMode(True):
        several, inputs = _as_tuple(inputs, "inputs", name)
        inputs = _fresh(inputs, create_graph, True)
        v = _vector(v, inputs, several, create_graph, name, INPUT_ALONE)
        result = func(*inputs)
        _, outputs = _outputs(lambda: result, (), name, strict)
        _one_element(result, name)
        jac = _grad(outputs, inputs, None, True)
        _check_graph(jac, "jacobian", strict)
    return several, inputs, v, outputs, jac


def _rows(i, output, inputs, create_graph, strict):
    """The jacobian of one output, for each input: one backward an element."""
    rows = [[] for _ in inputs]
    flat = output.reshape(-1)
    for j in range(output.numel()):
        gradients = _grad((flat[j],), inputs, None, create_graph, True)
        for k, (found, given) in enumerate(zip(gradients, inputs, strict=True)):
            if found is None and strict:
                raise RuntimeError(f"Output {i} of the user-provided function is independent of input {k}.{STRICT}.")
            if found is not None and strict and create_graph and not found.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}.{STRICT} when "
                    "create_graph=True."
                )
            rows[k].append(zeros_like(given) if found is None else found)
    shapes = (tuple(output.shape) + tuple(given.shape) for given in inputs)
    return tuple(stack(each, 0).view(shape) for each, shape in zip(rows, shapes, strict=True))


def _as_tuple(given, what, name):
    """(whether it is a tuple, the tensors as a tuple); TypeError for what are no tensors."""
    several = isinstance(given, tuple)
    for position, each in enumerate(given if several else (given,)):
        if not isinstance(each, Tensor):
            told = f" value at index {position} has type" if several else f" given {what} has type"
            raise TypeError(f"{NOT_TENSORS.format(what, name)}{told} {type(each)}.")
    return several, given if several else (given,)


def _outputs(func, inputs, name, strict):
    several, outputs = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    _check_graph(outputs, "outputs", strict)
    return several, outputs


def _one_element(result, name):
    if isinstance(result, tuple):
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if result.numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return result


def _fresh(tensors, create_graph, requires_grad):
    """Tensors of a graph of their own; under create_graph, of one that goes on from theirs."""
    return tuple(
        each.view(each.shape) if create_graph and each.requires_grad
        else each.detach().requires_grad_(requires_grad)
        for each in tensors
    )  # fmt: skip


def _vector(v, like, several, create_graph, name, alone):
    """v as a tuple, checked against the shapes that it must have; None where it may be left out."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if the {alone} with a single element.")
        return None
    v = _fresh(_as_tuple(v, "v", name)[1], create_graph, False)
    if len(v) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}."
            if several
            else "The given v should contain a single Tensor."
        )
    for position, (own, other) in enumerate(zip(v, like, strict=True)):
        if own.shape != other.shape:
            where = f"Entry {position} in " if several else ""
            raise RuntimeError(f"{where}v has invalid size: should be {Size(other.shape)} but got {Size(own.shape)}.")
    return v


def _check_graph(tensors, kind, strict):
    """RuntimeError, in strict mode, for the first tensor that is not part of a graph."""
    for position, each in enumerate(tensors if strict else ()):
        if each is None:
            raise RuntimeError(INDEPENDENT["back"].format(position))
        if not each.requires_grad:
            raise RuntimeError(NO_GRAPH[kind].format(position))


def _grad(outputs, inputs, weights, create_graph, retain_graph=None):
    """The gradients of those outputs that have a graph; None for an input that none of them depends on."""
    pairs = zip(outputs, weights or (None,) * len(outputs), strict=True)
    pairs = [(each, weight) for each, weight in pairs if each is not None and each.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    outputs, weights = zip(*pairs, strict=True)
    return grad(outputs, inputs, weights, retain_graph, create_graph, allow_unused=True)


def _filled(gradients, like, strict, create_graph, stage):
    """Zeros in place of None; in strict mode a RuntimeError."""
    filled = []
    for position, (each, own) in enumerate(zip(gradients, like, strict=True)):
        if each is None and strict:
            raise RuntimeError(INDEPENDENT[stage].format(position))
        if each is not None and strict and create_graph and not each.requires_grad:
            what = "hessian" if stage.startswith("double") else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {position}.{STRICT} when "
                "create_graph=True."
            )
        filled.append(zeros_like(own) if each is None else each)
    return tuple(filled)


def _unpacked(tensors, several, create_graph):
    if not create_graph:
        tensors = tuple(each.detach() for each in tensors)
    return tensors if several else tensors[0]


def _check_strategy(strategy):
    if strategy == "forward-mode":
        raise NotImplementedError("gradviz has no forward mode AD: leave strategy at 'reverse-mode'")
    if strategy != "reverse-mode":
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
