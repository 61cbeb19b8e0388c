"""What a node saved, as a trace tells it: its name, and which of the op's tensors it is."""


def in_place(inputs, outputs):
    """Whether the op wrote its result into its first input."""
    return bool(inputs) and inputs[0] is outputs[0]


def saved_arrays(op, node, inputs, outputs):
    """(name, which, array) of what a node saved; which: an input's position, -1 the result, -2 neither."""
    for name, array in zip(node.saved_names, node._saved, strict=True):
        if array is None:
            continue
        if op is not None and name == op.result:
            which = -1
        else:
            which = next((k for k, each in enumerate(inputs) if each._array is array), -2)
            if op is None and which == -2 and any(each._array is array for each in outputs):
                which = -1
            copied = which == -2 and hasattr(array, "base") and in_place(inputs, outputs)
            if op is not None and name in op.inputs and not copied:
                which = min(op.inputs.index(name), len(inputs) - 1)
        yield f"_saved_{name}" if op is not None else f"saved_tensors[{name}]", which, array


def saved(op, node, inputs, outputs):
    """(name, which) of each."""
    return [(name, which) for name, which, _ in saved_arrays(op, node, inputs, outputs)]
