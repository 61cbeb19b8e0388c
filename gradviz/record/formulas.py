"""The local gradients of an op as people read them: what a trace keeps of the catalogue's texts."""


def formulas(op, node, inputs):
    """{names, edges} for the JSON of a CALL: the op's names for its inputs, and (name, local gradient) for each edge.

    {} where the node's backward is not the op's own: of a Function, or of a change through a view.
    """
    if op is None or node is None or node.op is not op:
        return {}
    return {"names": _names(op, len(inputs)), "edges": _edges(op, len(node._edges))}


def _names(op, count):
    """The name of each input that is there; '' behind an optional input, since any of those may be missing."""
    if op.variadic:
        plain = op.inputs[:-1]
        return [*plain, *(f"{op.variadic}[{at}]" for at in range(count - len(plain)))][:count]
    if count == len(op.inputs):
        return list(op.inputs)
    sure = next((at for at, name in enumerate(op.inputs) if name in op.optional), count)
    return [*op.inputs[:sure], *[""] * count][:count]


def _edges(op, count):
    texts = [[name, op.vjps[name].local] for name in op.differentiable]
    if op.variadic not in op.vjps:
        return texts
    name, local = texts.pop()
    return [*texts, *([f"{name}[{at}]", local] for at in range(count - len(texts)))]
