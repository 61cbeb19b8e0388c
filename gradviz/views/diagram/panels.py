"""A trace's graph -> the panels of the filmstrip: what each card says at each of three moments."""

from collections.abc import Callable

from gradviz.trace.events import NUMBER, Flag
from gradviz.trace.gradients import Gradient, gradients, leaf_grads, untouched
from gradviz.trace.graph import Graph, GraphNode
from gradviz.trace.memory import Lives, saved_summary
from gradviz.trace.sharing import Share
from gradviz.trace.trace import Trace
from gradviz.views import format as fmt
from gradviz.views.diagram.boxes import box_arrows, box_cards
from gradviz.views.diagram.cards import LATER, Arrow, Card, Item, Line, Panel, Strip
from gradviz.views.diagram.groups import Fold, told
from gradviz.views.diagram.norms import norm_label
from gradviz.views.diagram.saved_cards import LEGEND, with_saved
from gradviz.views.diagram.scene import MORE, UNFOLDED, Scene, scene_of
from gradviz.views.diagram.wrong import WRONG, with_wrong
from gradviz.views.format import COLOURS
from gradviz.views.rows import at_line, distinct_bytes, holders, is_leaf, kept_by, kept_size, state_of, wants_grad

ROOM = 30  # characters of a value on a card


def strip(
    trace: Trace,
    graph: Graph,
    lives: Lives,
    when: str,
    direction: str,
    nodes: int | None,
    of: int,
    alone: Callable[[Scene], Panel] | None = None,
    saved: bool = False,
    norms: bool = False,
    fold: Fold = UNFOLDED,
) -> Strip:
    """The panels asked for; without a backward call only the first exists, and its caption says so.

    alone: makes the one panel of another moment.
    """
    scene = scene_of(trace, graph, lives, nodes, fold)._replace(saved=saved, norms=norms)
    panels = [make(scene) for make in ([alone] if alone else _filmstrip(scene, when))]
    panels = with_wrong(scene, panels)
    flow = set(panels[0].cards)
    if saved:
        panels = with_saved(scene, panels)
    if len(panels) > 1:
        panels = [panel._replace(title=f"{n}   {panel.title}") for n, panel in enumerate(panels, 1)]
    heading = [fmt.safe(str(trace.header.get("script", ""))) or "expression"]
    if of > 1:
        heading.append(f"graph {graph.number} of {of}")
    if scene.folded:
        heading.append(f"{fmt.count(scene.folded, 'result')} beside the graph not drawn (--nodes all)")
    aside = frozenset(panels[0].cards) - flow
    said, back = ("", ""), frozenset()
    if scene.folds:
        said = told(scene.folds)
        ends = [*scene.folds.links, *(link[:2] for link in scene.links)]
        back = frozenset((tail, head) for tail, head in ends if tail > head)
        heading.append(f"{said[0]} (--expand NAME, --fold none)")
    legend = _legend(panels)
    return Strip("   ·   ".join(heading), tuple(panels), legend, direction, aside, scene.clusters, said, back)


def _filmstrip(scene: Scene, when: str) -> list[Callable[[Scene], Panel]]:
    if scene.backward is None:
        return [forward]
    every = {"forward": forward, "backward": backward, "freed": freed}
    return list(every.values()) if when == "all" else [every[when]]


# The three moments


def forward(scene: Scene) -> Panel:
    """Every node as the forward pass left it, with the tensors that it keeps for backward."""
    at = scene.graph.backwards[0].started if scene.graph.backwards else scene.graph.last
    cards, grads = {}, leaf_grads(scene.trace, at)
    for node in scene.nodes:
        if node.step > at:
            cards[node.number] = LATER
        elif is_leaf(node):
            cards[node.number] = _leaf(scene, node, at, _grad(scene, node, grads))
        else:
            cards[node.number] = _kept_card(scene, node, at)
    counted = [node for node in scene.graph.nodes if node.node and not is_leaf(node) and node.step <= at]
    live = [node for node in counted if state_of(scene.trace, scene.lives, node, at) == "live"]
    caption = [f"{fmt.count(len(live), 'node')} live, {_kept_text(scene, live)}"]
    if not counted:
        caption = ["no graph was built: nothing here requires grad"]
    if scene.backward is None:
        caption.append("backward was never called on this graph")
    return _panel(scene, "After forward", caption, cards, "data", at)


def backward(scene: Scene) -> Panel:
    """The steps of the last backward call in their real order, with the gradients on the arrows."""
    call = scene.backward
    found = gradients(scene.trace, scene.graph, call.ended)
    by_node = {step_of: step for step_of, step in found.items() if step.backward == call.number}
    steps = {node.number: by_node[node.node] for node in scene.graph.nodes if node.node in by_node}
    order = sorted(steps, key=lambda number: steps[number].step)
    badges = {number: str(place) for place, number in enumerate(order, 1)}
    grads = leaf_grads(scene.trace, call.ended)
    cards = {node.number: _running(scene, node, steps.get(node.number), badges, grads) for node in scene.nodes}
    where = f", {at_line(scene.trace, call.origin)}" if call.origin else ""
    caption = [f"backward {call.number}{where}: {fmt.count(len(order), 'step')}, in the order of the badges"]
    if scene.graph.backwards[-1].failed:
        broken = scene.graph.backwards[-1]
        where = f", {at_line(scene.trace, broken.origin)}," if broken.origin else ""
        caption.append(f"backward {broken.number}{where} raised an error before it was through")
    elif len(scene.graph.backwards) > 1:
        caption.append(f"the last of {len(scene.graph.backwards)} backward calls through this graph")
    else:
        caption.append("orange arrows carry the gradients")
    if idle := sum(card.look == "untouched" for card in cards.values()):
        caption.append(f"{fmt.count(idle, 'live node')} not on its way")
    return _panel(scene, "During backward", caption, cards, "quiet", call.started, steps)


def freed(scene: Scene) -> Panel:
    """What was left at the end of the script, and which backward call freed the rest."""
    trace, graph, lives = scene.trace, scene.graph, scene.lives
    held = holders(trace, graph, lives)
    cards, grads = {}, leaf_grads(trace, scene.backward.ended)
    idle = untouched(trace, graph, lives, trace.end)
    for node in scene.nodes:
        if is_leaf(node):
            cards[node.number] = _leaf(scene, node, trace.end, _grad(scene, node, grads, COLOURS["leaf pill"]))
        else:
            cards[node.number] = _left_over(scene, node, held.get(node.number, ""), grads=grads)
        if node.number in idle:
            cards[node.number] = _not_run(cards[node.number], "untouched by backward")
    caption, calls = [], {call.number for call in graph.backwards}
    for call in saved_summary(trace, lives).freed:
        if call.backward in calls and call.tensors:
            caption.append(f"backward {call.backward} freed {_tensors(call.tensors)} ({fmt.size(call.nbytes)})")
    if len(caption) > 2:
        caption = [caption[0], f"… {len(caption) - 2} more calls …", caption[-1]]
    if not caption:
        caption = ["no saved tensors were freed by backward"]
    alive = [n for n in graph.nodes if n.node and not is_leaf(n) and lives.gone_at[n.node] > trace.end]
    gone = sum(1 for n in graph.nodes if n.node and not is_leaf(n)) - len(alive)
    names = sorted({held[n.number] for n in alive if n.number in held})
    by = f" by {fmt.clip(', '.join(names), 40)}" if names else ""
    ends = [f"{len(alive)} still held{by}"] * bool(alive) + [f"{gone} gone"] * bool(gone)
    caption.append(f"at the end of the script: {', '.join(ends) or 'no nodes'}")
    return _panel(scene, "After backward", caption, cards, "quiet", trace.end)


# Cards


def _leaf(scene: Scene, node: GraphNode, at: int, status: Line) -> Card:
    if not wants_grad(node):
        status = Line("constant", 10.0, COLOURS["dim"])
    lines = [Line(fmt.clip(scene.called[node.number], 28), 13.0, bold=True), status]
    if node.op != NUMBER:  # whose value is its name
        lines.insert(1, _value_at(scene, node, at))
    return Card("leaf" if wants_grad(node) else "constant", tuple(lines), f"#{node.number}", "", _tip(node))


def _grad(scene: Scene, node: GraphNode, grads: dict[int, int], pill: str = "") -> Line:
    """A leaf's .grad at a moment: grads is leaf_grads of it, worked out once a panel."""
    step = grads.get(node.tensor)
    if step is None:
        return Line(".grad = None", 10.0, COLOURS["leaf"])
    return Line(f".grad = {fmt.preview(scene.trace.value(step), ROOM)}", 10.0, COLOURS["leaf"], bool(pill), pill=pill)


def _head(scene: Scene, node: GraphNode, ink: str = "", dim: str = "") -> list[Line]:
    ink, dim = ink or COLOURS["ink"], dim or COLOURS["dim"]
    name = fmt.clip(scene.called[node.number], 24)
    return [
        Line(fmt.clip(fmt.safe(node.op), 24), 13.0, ink, bold=True),
        Line(fmt.clip(fmt.safe(node.grad_fn), 28) or "no grad_fn", 10.0, dim),
        Line(f"{name} = {_value(scene, node)}", 10.0, ink),
    ]


def _op(look: str, node: GraphNode, lines: list[Line], badge: str = "") -> Card:
    return Card(look, tuple(lines), f"#{node.number}", badge, _tip(node))


def _kept_card(scene: Scene, node: GraphNode, at: int) -> Card:
    state = state_of(scene.trace, scene.lives, node, at)
    if not node.node:
        return _no_graph(scene, node)
    if state != "live":
        return _left_over(scene, node, "", at)
    lines = _head(scene, node)
    lines += _saved(scene, node, "saved", COLOURS["live"], COLOURS["live pill"])
    lines.append(Line("live" if node.saved else "live, saves nothing", 10.0, COLOURS["live"], bold=True))
    return _op("live", node, lines)


def _no_graph(scene: Scene, node: GraphNode) -> Card:
    why = "no graph: under no_grad" if node.flags & Flag.NO_GRAD else "no graph: no input requires grad"
    return _op("no graph", node, [*_head(scene, node), Line(why, 10.0, COLOURS["dim"])])


def _running(scene: Scene, node: GraphNode, step: Gradient | None, badges: dict[int, str], grads: dict) -> Card:
    badge, at = badges.get(node.number, ""), scene.backward.ended
    if node.step > at:
        return LATER
    if is_leaf(node):
        if step is None or not wants_grad(node):
            return _leaf(scene, node, at, _grad(scene, node, grads))
        text = f".grad += {fmt.preview(scene.trace.value(step.incoming), ROOM)}"
        line = Line(text, 10.0, COLOURS["flow"], True, pill=COLOURS["flow pill"])
        return _leaf(scene, node, at, line)._replace(badge=badge)
    if not node.node:
        return _no_graph(scene, node)
    if step is None:
        kept = _kept_card(scene, node, scene.backward.started)
        if kept.look == "live" and node.step < scene.backward.started:
            return _not_run(kept, f"not run by backward {scene.backward.number}")
        return kept
    return _flow(scene, node, step, badge)


def _flow(scene: Scene, node: GraphNode, step: Gradient, badge: str = "") -> Card:
    lines = _head(scene, node)
    lines += _saved(scene, node, "uses", COLOURS["flow"], COLOURS["flow pill"])
    incoming = fmt.preview(scene.trace.value(step.incoming), 24)
    lines.append(Line(f"gradient in: {incoming}", 10.0, COLOURS["flow"], bold=True))
    return _op("flow", node, lines, badge)


def _not_run(card: Card, text: str) -> Card:
    """The card of a live node that backward did not run; its last line, which tells its state, says so."""
    state = card.lines[-1]
    by = state.text.partition(" · ")[2]
    text += f" · {by}" if by else ""
    return card._replace(look="untouched", lines=(*card.lines[:-1], state._replace(text=text)))


def _left_over(scene: Scene, node: GraphNode, holder: str, at: int | None = None, grads: dict | None = None) -> Card:
    state = state_of(scene.trace, scene.lives, node, scene.trace.end if at is None else at)
    if not node.node:
        return _no_graph(scene, node)
    faded = COLOURS["faded"]
    by = f" · held by {fmt.clip(holder, 18)}" if holder else ""
    retained = [_grad(scene, node, grads, COLOURS["leaf pill"])] if grads and node.tensor in grads else []
    if state == "live":
        lines = _head(scene, node)
        lines += _saved(scene, node, "saved", COLOURS["live"], COLOURS["live pill"])
        text = f"still live{by}" if node.saved else f"live, saved nothing{by}"
        lines += [*retained, Line(text, 10.0, COLOURS["live"], bold=True)]
        return _op("live" if node.saved else "held", node, lines)
    call = int(scene.lives.released_by[node.node]) if node.saved else 0
    freed_by = f"freed by backward {call}" if call else "freed"
    if state == "gone":
        lines = _head(scene, node, faded, faded)
        lines += _saved(scene, node, "saved", faded, struck=True)
        text = f"{freed_by}, then gone" if call else "gone"
        return _op("gone", node, [*lines, Line(text, 10.0, faded, bold=True)])
    lines = _head(scene, node)
    lines += _saved(scene, node, "saved", faded, struck=True)
    return _op("held", node, [*lines, *retained, Line(f"{freed_by}{by}", 10.0, COLOURS["live"], bold=True)])


def _saved(scene: Scene, node: GraphNode, verb: str, ink: str, pill: str = "", struck: bool = False) -> list[Line]:
    """One line a saved tensor, and one for the rest when there are many."""
    lines = []
    if scene.saved:
        return lines  # they have cards of their own
    kept = kept_by(node, scene.called, scene.trace.sharing)
    for saved in kept[:4] if len(kept) > 5 else kept:
        of = f" = {fmt.clip(saved.of, 20)}" if saved.of else ""
        text = f"{verb} {fmt.clip(saved.name, 20)}{of} · {kept_size(saved, ', shared')}"
        lines.append(Line(text, 10.0, ink, struck=struck, pill=pill))
    if len(kept) > 5:
        rest = sum(saved.nbytes for saved in kept[4:])
        lines.append(Line(f"{verb} {len(kept) - 4} more · {fmt.size(rest)}", 10.0, ink, struck=struck, pill=pill))
    return lines


def _value(scene: Scene, node: GraphNode) -> str:
    shown = scene.trace.value(node.step)
    if shown is None:
        return f"{fmt.shape(node.meta.shape)}, value not kept"
    text = fmt.preview(shown, ROOM)
    if shown is not None and shown.whole and (not text.count("…")):
        return text
    return f"{fmt.shape(node.meta.shape)} {text}".strip()


def _value_at(scene: Scene, node: GraphNode, at: int) -> Line:
    """A leaf's value at a step: what it was made with, or what the newest in-place change left."""
    change = scene.trace.changed(node.tensor, at)
    if change < 0:
        return Line(_value(scene, node), 10.0)
    where = scene.trace.origin(int(scene.trace.rows["origin"][change]))
    by = f" (changed, {at_line(scene.trace, where)})" if where else " (changed)"
    return Line(fmt.preview(scene.trace.value(change), ROOM) + by, 10.0)


def _tip(node: GraphNode) -> str:
    origin = node.origin
    if origin is None:
        return fmt.safe(node.op)
    return f"{fmt.safe(origin.file)}, line {origin.line}: {fmt.clip(fmt.safe(origin.text.strip()), 200)}"


# Arrows, captions, legend


def _panel(scene: Scene, title, caption, cards, look, at: int, steps: dict[int, Gradient] | None = None) -> Panel:
    """at: the step whose moment it is; steps: of the backward call that is shown, which began then."""
    if scene.folds:
        cards |= box_cards(scene, at, steps or {})
        cards = {number: cards[number] for number in sorted(cards)}
    if scene.hidden:
        text = f"… {fmt.count(scene.hidden, 'more node')}"
        cards[MORE] = Card("more", (Line(text, 12.0, COLOURS["dim"], True), Line("--nodes all", 10.0, COLOURS["dim"])))
    for alias, number in scene.aliases.items():
        lines = (Line(fmt.clip(scene.called[number], 20), 11.0, bold=True),)
        kind = "alias" if cards[number].look == "leaf" else "again"
        cards[alias] = LATER if cards[number] == LATER else Card(kind, lines, f"#{number}")
    arrows = [_arrow(scene, link, look, cards, steps or {}) for link in scene.links]
    arrows += box_arrows(scene, cards, look, steps or {}) if scene.folds else []
    until = max([at, *(step.step for step in (steps or {}).values())])
    return Panel(title, tuple(caption), cards, tuple(arrows), at, until)


def _arrow(scene: Scene, link: tuple[int, int, int], look: str, cards: dict, steps: dict[int, Gradient]) -> Arrow:
    tail, head, position = link
    if LATER in (cards[tail], cards[head]):
        return Arrow(tail, head, "later")
    if position < 0:
        return Arrow(tail, head, "cut")
    for place, _, row in steps[head].handed_on if head in steps else ():
        if place == position:
            name = scene.called[scene.aliases.get(tail, tail)]
            label = norm_label(scene.trace.value(row)) if scene.norms else _gradient(scene, row)
            return Arrow(tail, head, "gradient", label, f"the gradient for {name}")
    return Arrow(tail, head, look)


def _gradient(scene: Scene, row: int) -> str:
    """A gradient in few characters: its value when small, else its shape and norm."""
    shown = scene.trace.value(row)
    if shown is None:
        return ""
    if shown.whole and shown.values.size <= 4:
        text = fmt.preview(shown, 32)
        if len(text) <= 32:
            return text
    return f"{fmt.shape(shown.shape)} ‖g‖ = {fmt.number(fmt.norm(shown))}"


def _tensors(number: int) -> str:
    return fmt.count(number, "saved tensor")


def _kept_text(scene: Scene, live: list[GraphNode]) -> str:
    """What live nodes keep: memory counts once and whole, however many views of it are saved."""
    kept = [saved for node in live for saved in node.saved]
    if not kept:
        return "nothing saved for backward"
    sharing, sizes = scene.trace.sharing, scene.lives.bytes_of
    pairs = [(saved.buffer, sizes(saved.buffer) or saved.nbytes) for saved in kept]
    every = distinct_bytes(pairs)
    shares = [sharing.of(buffer) for buffer, _ in pairs]
    alone = distinct_bytes([pair for pair, share in zip(pairs, shares, strict=True) if share == Share.GRAPH])
    own = f" ({fmt.size(alone)} the graph's alone)" if alone != every and Share.UNKNOWN not in shares else ""
    return f"{_tensors(len(kept))} kept for backward: {fmt.size(every)}{own}"


def _legend(panels: list[Panel]) -> tuple[Item, ...]:
    """Only what this picture shows."""
    looks = {card.look for panel in panels for card in panel.cards.values()}
    pills = {line.pill for panel in panels for card in panel.cards.values() for line in card.lines}
    items = [
        Item("leaf", "leaf that requires grad"),
        Item("constant", "constant: needs no gradient"),
        Item("live", "node (grad_fn), live"),
        Item("untouched", "node that backward did not run"),
        Item("saved", "tensor saved for backward"),
        Item("flow", "node that backward runs"),
        Item("badge", "step of backward"),
        WRONG,
        Item("held", "node still held, nothing saved in it"),
        Item("gone", "node gone, its memory given back"),
        Item("no graph", "op outside the graph"),
        Item("alias", "the same leaf once more"),
        Item("again", "the same once more"),
        *LEGEND,
        Item("folded", "several in one box: --expand opens it"),
    ]
    if any(card.several for panel in panels for card in panel.cards.values()):
        looks.add("folded")
    looks |= {look for look, pill in (("saved", "live pill"), ("wrong", "wrong pill")) if COLOURS[pill] in pills}
    if any(card.badge for panel in panels for card in panel.cards.values()):
        looks.add("badge")
    return tuple(item for item in items if item.look in looks)
