"""What of a graph is drawn: which results, the arrows between them, and what stands for the rest."""

from typing import NamedTuple

from gradviz.trace.events import NUMBER
from gradviz.trace.graph import Backward, Graph, GraphNode
from gradviz.trace.memory import Lives
from gradviz.trace.trace import Trace
from gradviz.views.diagram.aliases import with_aliases
from gradviz.views.diagram.cards import Cluster
from gradviz.views.diagram.groups import Fold, Folds, folds_of, modules_of
from gradviz.views.rows import beside, called_by

FEW = 12  # results outside the graph that are drawn beside it; more of them would hide it
UNFOLDED = Fold("none")
MORE = 0  # the number of the card that stands for everything not drawn


class Scene(NamedTuple):
    """What the three moments share.

    aliases: what small cards stand for; folded: how much of an optimizer's or a Function's own work is not drawn
    saved: whether saved tensors have cards of their own; norms: whether arrows tell gradients' norms alone
    folds: the boxes of a folded graph, whose nodes and links are then those outside them
    """

    trace: Trace
    graph: Graph
    lives: Lives
    nodes: tuple[GraphNode, ...]
    links: tuple[tuple[int, int, int], ...]
    aliases: dict[int, int]
    hidden: int
    folded: int
    called: dict[int, str]
    backward: Backward | None
    saved: bool = False
    norms: bool = False
    folds: Folds | None = None
    clusters: tuple[Cluster, ...] = ()


def scene_of(trace: Trace, graph: Graph, lives: Lives, limit: int | None, asked: Fold = UNFOLDED) -> Scene:
    """At most `limit` results, without an optimizer's or a Function's own work and numbers; None: everything.

    A folded graph has boxes in place of a limit.
    """
    aside = beside(graph) if limit is not None else set()
    if limit is not None:
        aside |= {node.number for node in graph.nodes if node.op == NUMBER}  # said by the op's expression
        loose = _outside(graph) - aside
        aside |= loose if len(loose) > FEW else set()
    drawn = [node for node in graph.nodes if node.number not in aside] or list(graph.nodes)
    folds = folds_of(drawn, asked)
    if folds:
        shown = set(folds.nodes).difference(*folds.numbers.values())
    else:
        shown = nearest(graph.root, drawn, limit or len(drawn))
    nodes = tuple(node for node in drawn if node.number in shown)
    known = {node.number for node in drawn}
    links, cut = [], set()
    for node in drawn:
        for position, used in enumerate(node.inputs):
            if used not in known:  # made by nobody seen, or by an earlier graph without a node
                continue
            ends = (used if used in shown else MORE, node.number if node.number in shown else MORE)
            if ends == (MORE, MORE) or folds and MORE in ends:
                continue
            if MORE in ends:
                cut.add(ends)
            else:
                links.append((*ends, position))
    links, aliases = with_aliases([node.number for node in nodes], links)
    if folds:
        clusters = folds.clusters
    else:
        clusters = modules_of(nodes, aliases, {tail: head for tail, head, _ in links if tail in aliases})
    links += [(*ends, -1) for ends in sorted(cut)]
    ran = [call for call in graph.backwards if not call.failed] or graph.backwards
    last = ran[-1] if ran else None
    hidden = 0 if folds else len(drawn) - len(nodes)
    folded = len(graph.nodes) - len(drawn)
    named = shown.union(*(node.inputs for node in nodes), *([kept.of for kept in node.saved] for node in nodes))
    called = called_by(trace, graph, named)
    scene = Scene(trace, graph, lives, nodes, tuple(links), aliases, hidden, folded, called, last)
    return scene._replace(folds=folds, clusters=clusters)


def _outside(graph: Graph) -> set[int]:
    """The numbers of what the graph's nodes are not made from: ops under no_grad, and what only they use."""
    needed: set[int] = set()
    for node in reversed(graph.nodes):
        if node.node or node.number in needed:
            needed.update((node.number, *node.inputs))
    return {node.number for node in graph.nodes} - needed


def nearest(root: int, nodes: list[GraphNode], limit: int) -> set[int]:
    """The numbers of at most `limit` nodes: those nearest to the root, walking towards the leaves first."""
    inputs = {node.number: node.inputs for node in nodes}
    if len(nodes) <= limit:
        return set(inputs)
    users: dict[int, list[int]] = {}
    for node in nodes:
        for used in node.inputs:
            users.setdefault(used, []).append(node.number)
    root = root if root in inputs else nodes[-1].number
    shown: set[int] = set()
    for neighbours in (inputs, users):
        queue = [root] if not shown else sorted(shown, reverse=True)
        for number in queue:  # grows while it is walked
            if len(shown) >= limit:
                return shown
            shown.add(number)
            queue += [near for near in neighbours.get(number, ()) if near in inputs and near not in shown]
    for node in reversed(nodes):
        if len(shown) >= limit:
            break
        shown.add(node.number)
    return shown
