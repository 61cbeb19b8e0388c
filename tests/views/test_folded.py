"""Folded pictures: every result and every edge is in them, their boxes tell the truth, and names open them."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradviz as torch
from gradviz import nn
from gradviz.errors import BadInput
from gradviz.trace.graph import graphs, last_backward
from gradviz.trace.store import load
from gradviz.views.diagram import dot_text, drawn
from gradviz.views.diagram.groups import LEGIBLE, SMALL, Fold, folds_of
from gradviz.views.diagram.panels import strip
from gradviz.views.diagram.scene import scene_of
from gradviz.views.rows import is_leaf, state_of
from tests.trace.build import Builder

SNAPSHOTS = Path(__file__).parent / "fold_snapshots"
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"  # set it to 1 to write the snapshots anew, then read what changed
SHOWN = ("20_rnn_by_hand", "36_a_deep_network")
MOMENTS = (lambda graph, trace: graph.backwards[0].started, lambda graph, trace: trace.end)


def rnn():
    w = torch.tensor([[0.5, 0.1], [0.2, 0.4]], requires_grad=True)
    state = torch.zeros(1, 2)
    for turn in range(30):
        state = torch.tanh(state @ w)
        if turn % 3 == 2:
            state = state * 0.9
    loss = state.sum()
    loss.backward()
    return {"loss": loss}


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x):
        return torch.tanh(self.inner(x)) + x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(12))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x.sum()


def blocks():
    net = Net()
    loss = net(torch.ones(1, 2))
    loss.backward()
    return {"net": net}


def picture(trace, fold=None, **options):
    """The strip of a trace's last graph."""
    found = graphs(trace)
    graph = last_backward(found) or found[-1]
    return strip(trace, graph, trace.lives, "all", "TB", 150, 1, fold=fold or Fold(), **options)


def texts(panel):
    """{title of a card: its lines}."""
    return {card.lines[0].text: [line.text for line in card.lines[1:] if line.text] for card in panel.cards.values()}


# -- pictures as people see them ----------------------------------------------------------------------


def told(strip):
    """All that a strip says, panel by panel: clusters with their cards inside, then arrows."""
    lines = [strip.heading]
    for panel in strip.panels:
        lines += ["", panel.title, *(f"  {text}" for text in panel.caption), ""]
        around = {key: place for place, cluster in enumerate(strip.clusters) for key in cluster.cards}
        lines += _cards(strip, panel, around, -1, "  ")
        called = {key: card.lines[0].text if card.lines else "-" for key, card in panel.cards.items()}
        lines.append("")
        for arrow in panel.arrows:
            if arrow.look != "later":
                lines.append(f"  {called[arrow.tail]} -> {called[arrow.head]}  {arrow.look} {arrow.label}".rstrip())
    return "\n".join([*lines, ""])


def _cards(strip, panel, around, place, indent):
    for key, card in panel.cards.items():
        if around.get(key, -1) == place and card.look != "later":
            badge = f"({card.badge}) " if card.badge else ""
            lines = [line.text for line in card.lines if line.text]
            yield indent + " | ".join([badge + card.corner, card.look, *lines])
    for inner, cluster in enumerate(strip.clusters):
        if cluster.outer == place:
            yield f"{indent}[{cluster.title}  {cluster.beside}]".rstrip()
            yield from _cards(strip, panel, around, inner, indent + "  ")


@pytest.mark.parametrize("name", SHOWN)
def test_a_samples_picture_says_what_its_snapshot_does(name, sample_trace):
    (sample,) = Path("samples").glob(f"{name}.py")
    # what a for loop goes through: Python 3.11 gives the whole statement as its place, later ones the iterable
    text = told(picture(load(sample_trace(sample)))).replace("for each in inputs: sta…", "inputs")
    snapshot = SNAPSHOTS / f"{name}.txt"
    if os.environ.get(UPDATE):
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8"), f"{UPDATE}=1 writes it anew"


def test_there_is_no_other_snapshot():
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(SHOWN)


def test_every_samples_picture_is_legible(sample, sample_trace):
    found = picture(load(sample_trace(sample)))
    cards = len(found.panels[0].cards)
    assert cards <= (LEGIBLE if found.told[0] else SMALL + 12)


# -- nothing is lost ----------------------------------------------------------------------------------


def edges(nodes):
    known = {node.number for node in nodes}
    return Counter(
        (used, node.number, position)
        for node in nodes
        for position, used in enumerate(node.inputs)
        if used in known
    )


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    ops=st.lists(st.tuples(st.integers(2, 9), st.sampled_from(["mul", "add"]), st.integers(0, 99), st.integers(0, 99)),
                 min_size=1, max_size=120),
    depth=st.none() | st.integers(1, 5),
    line=st.integers(2, 9),
)  # fmt: skip
def test_each_result_is_on_one_card_and_each_edge_between_cards_is_drawn_once(ops, depth, line, tmp_path_factory):
    build = Builder(tmp_path_factory.mktemp("random") / "t.gradviz")
    made = [build.leaf("w", 1.0), build.constant("c", 2.0)]
    for at, op, left, right in ops:
        made.append(build.op(op, [made[left % len(made)], made[right % len(made)]], 1.0, line=at, text="loop"))
    build.backward(made[-1])
    trace = build.load()
    graph = last_backward(graphs(trace)) or graphs(trace)[-1]
    expand = (f"line {line}",) if any(at == line for at, *_ in ops) and depth is None else ()
    scene = scene_of(trace, graph, trace.lives, None, Fold("auto", depth, expand))
    if scene.folds is None:
        assert len(graph.nodes) <= SMALL
        return
    inside = [number for numbers in scene.folds.numbers.values() for number in numbers]
    assert sorted([*inside, *(node.number for node in scene.nodes)]) == [node.number for node in graph.nodes]
    card = {number: key for key, numbers in scene.folds.numbers.items() for number in numbers}
    alone = Counter((scene.aliases.get(tail, tail), head, position) for tail, head, position in scene.links)
    drawn = alone + Counter(link for links in scene.folds.links.values() for link in links)
    between = Counter({edge: n for edge, n in edges(graph.nodes).items()
                       if card.get(edge[0], edge[0]) != card.get(edge[1], edge[1])})  # fmt: skip
    assert drawn == between
    for (tail, head), links in scene.folds.links.items():
        assert {(card.get(used, used), card.get(user, user)) for used, user, _ in links} == {(tail, head)}


@pytest.mark.parametrize("program", [rnn, blocks])
def test_a_boxs_state_is_that_of_its_nodes(program, record):
    trace = record(program)
    (graph,) = graphs(trace)
    found = picture(trace)
    folds = folds_of([node for node in graph.nodes if node.op != "(number)"], Fold())
    assert folds.boxes
    for panel, moment in zip((found.panels[0], found.panels[2]), MOMENTS, strict=True):
        for key, numbers in folds.numbers.items():
            nodes = [folds.nodes[number] for number in numbers if not is_leaf(folds.nodes[number])]
            at = moment(graph, trace)
            states = Counter(state_of(trace, trace.lives, node, at) for node in nodes if node.node)
            if not states:
                continue
            words = {"live": "live", "saved freed": "freed", "gone": "gone"}
            expected = {f"{count:,} {words[state]}" for state, count in states.items()}
            said = panel.cards[key].lines[-1].text.removeprefix("all ").split(" · ")
            assert set(said) == expected
            (bar,) = (line.bar for line in panel.cards[key].lines if line.bar)
            assert sum(share for share, _ in bar) == pytest.approx(1)


def penalty():
    w = torch.tensor([0.5, 0.2], requires_grad=True)
    x = w
    for _ in range(30):
        x = torch.sin(x * w)
    (grad,) = torch.autograd.grad(x.sum(), w, create_graph=True)
    loss = (grad * grad).sum()
    loss.backward()
    return {"loss": loss}


def test_what_backward_itself_builds_is_folded_too(record):
    found = picture(record(penalty))
    assert found.told[0]
    for panel in found.panels:
        assert all(card.lines for card in panel.cards.values() if card.look != "later")
    later = [sum(card.look == "later" for card in panel.cards.values()) for panel in found.panels]
    assert later[0] > 0 and later[-1] == 0


def test_the_steps_of_a_box_are_those_of_its_nodes(record):
    trace = record(rnn)
    (panel,) = (panel for panel in picture(trace).panels if "During" in panel.title)
    badges = {card.lines[0].text: card.badge for card in panel.cards.values()}
    assert badges["sum"] == "1"
    assert badges["mul ×10"] == "2–65"
    assert badges["tanh ×30"] == "3–70"
    assert badges["w"] == "72"


# -- what is opened -----------------------------------------------------------------------------------


def test_a_loop_is_shown_as_its_body_and_what_it_hands_to_its_next_pass(record):
    found = picture(record(rnn))
    function, loop = found.clusters
    assert (function.title, loop.outer) == ("rnn", 0)
    assert re.fullmatch(r"lines \d+–\d+ ×30", loop.title)
    panel = found.panels[0]
    assert {"mm ×30", "tanh ×30", "mul ×10"} <= set(texts(panel))
    called = {key: card.lines[0].text for key, card in panel.cards.items()}
    back = {(called[tail], called[head]) for tail, head in found.back}
    assert back == {("tanh ×30", "mm ×30"), ("mul ×10", "mm ×30")}
    assert found.told[0] == "70 of 73 results in 3 boxes"
    assert "70 of 73 results in 3 boxes (--expand NAME, --fold none)" in found.heading


def test_depth_one_shows_only_the_outermost(record):
    assert [*texts(picture(record(blocks), Fold(depth=1)).panels[0])] == ["torch.ones(1, 2)", "net"]


def test_depth_opens_more(record):
    trace = record(blocks)
    sizes = [len(picture(trace, Fold(depth=depth)).panels[0].cards) for depth in (1, 2, 3, 4)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 2


@pytest.mark.parametrize("name", ["Block", "blocks.0", "blocks.7"])
def test_a_module_is_opened_by_its_class_or_its_name(name, record):
    found = picture(record(blocks), Fold(expand=(name,)))
    assert any(cluster.title == "blocks.0 … 11 ×12" for cluster in found.clusters)


def test_an_op_is_opened_to_its_results(record):
    found = picture(record(rnn), Fold(expand=("mul",)))
    numbers = [card.corner for card in found.panels[0].cards.values() if card.lines[0].text == "mul"]
    assert len(numbers) == 10


def test_a_line_opens_what_ran_there(record):
    trace = record(rnn)
    line = next(node.origin.line for node in graphs(trace)[0].nodes if node.op == "tanh")
    found = picture(trace, Fold(expand=(f"line {line}",)))
    assert sum(card.lines[0].text == "tanh" for card in found.panels[0].cards.values()) == 30


def test_a_wrong_name_is_told_with_those_near_it(record):
    with pytest.raises(BadInput, match=r"^--expand Blok: no group has this name; near it: .*\bBlock\b"):
        picture(record(blocks), Fold(expand=("Blok",)))
    with pytest.raises(BadInput, match=r"^--expand zzz: no group has this name; some there are: net, "):
        picture(record(blocks), Fold(expand=("zzz",)))


def test_a_small_graph_is_not_folded_but_shows_its_modules(record):
    def small():
        net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
        net(torch.ones(1, 2)).sum().backward()

    found = picture(record(small))
    assert found.told == ("", "")
    assert [cluster.title for cluster in found.clusters] == ["Sequential", "Sequential.0"]


def test_unfolded_pictures_are_cut_as_before(record):
    trace = record(rnn)
    (graph,) = graphs(trace)
    text, folded = drawn(trace, graph, trace.lives, fold=Fold("none"), nodes=5)
    assert folded == ("", "")
    assert "more nodes" in text


def test_names_from_a_script_stay_text(record):
    class Odd(nn.Module):
        def forward(self, x):
            for _ in range(70):
                x = x * 1.5
            return x

    Odd.__name__ = '<img src=x>"\\N&amp;\x1b[31m'

    def odd():
        holder = nn.Sequential()
        holder.add_module("a\x1b]<b>", Odd())
        holder(torch.ones(2, requires_grad=True)).sum().backward()

    trace = record(odd)
    dot = dot_text(trace, graphs(trace)[0], trace.lives, fold=Fold())
    assert "\x1b" not in dot
    assert "<img" not in dot and "<b>" not in dot.replace("<B>", "")
