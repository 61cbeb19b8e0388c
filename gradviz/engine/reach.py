"""Where gradients start and end: tensors or GradientEdges as places in the graph, and the nodes between them."""

from gradviz.engine.node import GradientEdge, edge_to, place_of
from gradviz.engine.tensor import Tensor, edge_of
from gradviz.engine.versions import forks
from gradviz.engine.views import settle


def as_sequence(tensors):
    """One tensor or GradientEdge, or a sequence of them, as a tuple."""
    return (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)


def arrival(root):
    """(node, output_nr) of a GradientEdge, or of where a tensor's gradient arrives."""
    return root[:2] if isinstance(root, GradientEdge) else place_of(edge_of(root))


def edge_at(root):
    """The edge of a tensor, or of a GradientEdge in its place."""
    return edge_to(*root[:2]) if isinstance(root, GradientEdge) else edge_of(root)


def targets_of(wanted):
    """{(sequence_nr, output_nr): node} where the gradients of these tensors arrive; held, for a leaf does not."""
    places = {}
    if forks:
        settle([each for each in wanted if not isinstance(each, GradientEdge)])
    for tensor in wanted:
        if not isinstance(tensor, GradientEdge) and not tensor._requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        node, output_nr = arrival(tensor)
        places[node.sequence_nr, output_nr] = node
    return places


def nodes_on_the_way(roots, targets):
    """The nodes that must run to bring gradients to the targets."""
    numbers = {number for number, _ in targets}
    reached = reached_from(roots)
    needed = set()
    for number in sorted(reached):  # what a node leads to has smaller numbers
        node = reached[number]
        following = [place_of(edge)[0] for edge in node._edges if edge is not None]
        if any(each in needed or each.sequence_nr in numbers for each in following):
            needed.add(node)
    return needed


def reached_from(roots):
    """{sequence_nr: node} of all that the roots lead to."""
    reached, waiting = {}, [arrival(root)[0] for root in roots]
    while waiting:
        node = waiting.pop()
        if node.sequence_nr not in reached:
            reached[node.sequence_nr] = node
            waiting += [place_of(edge)[0] for edge in node._edges if edge is not None]
    return reached
