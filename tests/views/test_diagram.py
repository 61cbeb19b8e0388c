"""The filmstrip: real pictures of real traces, read back from their DOT text and their SVG."""

import html
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradviz as torch
from gradviz.errors import BadInput
from gradviz.trace.graph import graphs
from gradviz.views.diagram import dot_text, render
from gradviz.views.diagram.drawing import ARROWS, LOOKS
from gradviz.views.diagram.scene import nearest
from gradviz.views.format import clip, safe
from tests.trace.build import Builder
from tests.views.conftest import drawn

SVG = "{http://www.w3.org/2000/svg}"


def picture(trace, number=1, **options):
    """The DOT text of one graph of a trace."""
    return dot_text(trace, graphs(trace)[number - 1], trace.lives, **options)


class Drawn:
    """What a DOT text places and says."""

    def __init__(self, dot):
        found = re.findall(r'^(\w+) \[pos="([-\d.]+),([-\d.]+)", width=([\d.]+), height=([\d.]+), (.*)\]$', dot, re.M)
        self.places = {name: (float(x), float(y)) for name, x, y, *_ in found}
        self.sizes = {name: (float(width), float(height)) for name, _, _, width, height, _ in found}
        self.styles = {name: re.findall(r'style="?([\w,]+)', more)[0] for name, *_, more in found if "style=" in more}
        self.texts = {name: texts(more) for name, *_, more in found}
        self.arrows = re.findall(r"^(\w+) -> (\w+) \[(.*)\]$", dot, re.M)

    def cards(self, panel):
        """The numbers of the cards drawn in a panel."""
        return {int(name.split("_")[1]) for name in self.places if name.startswith(f"n{panel}_")}

    def titles(self):
        """The first line of each panel."""
        return [lines[0] for name, lines in self.texts.items() if name.startswith("title")]

    def card(self, panel, op):
        """(style, lines) of the one card in a panel that is headed so."""
        (name,) = (n for n, lines in self.texts.items() if n.startswith(f"n{panel}_") and lines[:1] == [op])
        return self.styles[name], self.texts[name]


def texts(label):
    """The lines of text in a label's table."""
    cells = re.findall(r"<FONT[^>]*>(.*?)</FONT>", label)
    return [html.unescape(re.sub(r"</?[BS]>", "", cell)) for cell in cells]


def svg_of(dot):
    return ElementTree.fromstring(render(dot, "svg"))


def said_in(root, tag="text"):
    """The texts of an SVG; Graphviz writes blanks that follow each other as no-break spaces."""
    return {text.text.replace("\xa0", " ") for text in root.iter(SVG + tag)}


# -- every sample -------------------------------------------------------------------------------------


def test_a_samples_svg_can_be_parsed_and_has_a_size(sample, sample_dot):
    root = svg_of(sample_dot(sample))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert min(float(root.get(side).removesuffix("pt")) for side in ("width", "height")) > 100
    lines = sum(Drawn(sample_dot(sample)).texts.values(), [])
    assert set(filter(str.strip, lines)) <= said_in(root)
    assert not root.findall(f".//{SVG}a")


def test_each_arrow_of_a_sample_ends_at_cards_that_are_drawn(sample, sample_dot):
    found = Drawn(sample_dot(sample))
    assert found.arrows
    assert {end for tail, head, _ in found.arrows for end in (tail, head)} <= set(found.places)


def test_two_loads_of_a_samples_trace_draw_the_same(sample, sample_trace, sample_dot):
    assert drawn(sample_trace(sample)) == sample_dot(sample)


def test_a_samples_ids_are_running_numbers_and_no_address_of_memory_is_told(sample, sample_dot):
    found = Drawn(sample_dot(sample))
    assert all(re.fullmatch(r"sheet|heading|(panel|title|key|means)\d+|[nscl]\d_\d+", name) for name in found.places)
    assert not re.search(r"0x[0-9a-f]{4}", sample_dot(sample))


def test_a_samples_cards_stand_at_the_same_place_in_each_panel(sample, sample_dot):
    found = Drawn(sample_dot(sample))
    last = len(found.titles())
    for panel in range(1, last):
        shared = found.cards(panel) & found.cards(last)
        assert shared == found.cards(panel)
        apart = np.subtract(found.places[f"panel{last}"], found.places[f"panel{panel}"])
        for card in shared:
            way = np.subtract(found.places[f"n{last}_{card}"], found.places[f"n{panel}_{card}"])
            assert way == pytest.approx(apart, abs=0.11)


def test_a_samples_cards_do_not_overlap(sample, sample_dot):
    found = Drawn(sample_dot(sample))
    names = [name for name in found.places if name.startswith("n3_")]
    assert names
    x, y = np.array([found.places[name] for name in names]).T
    width, height = np.array([found.sizes[name] for name in names]).T
    apart = np.abs(x[:, None] - x) >= 36 * (width[:, None] + width)
    apart |= np.abs(y[:, None] - y) >= 36 * (height[:, None] + height)
    assert apart[~np.eye(len(x), dtype=bool)].all()


# -- text that is not ours ----------------------------------------------------------------------------


HOSTILE = [
    '<b>&"</table>', "a\nb", "\\H \\l \\n \\r", "&lt;&amp;&#60;", "%s{}|<p0>", "-->", "<!-- -->", "]]>", "'\"`",
    "\x1b[31m", "🔥👩\u200d🔬", "损失", "e\u0301", "\ud800", "\u202eevil", "a  b", "\\", '"]; evil [label="',
]  # fmt: skip


def hostile_picture(path, names):
    """A graph in which each name is one of everything: a leaf, an op, a grad_fn, a file, a line, a holder."""
    build = Builder(path, script="".join(names))
    last = build.leaf("root", 1.0)
    for name in names:
        leaf = build.leaf(name, 1.0, text=name)
        last = build.op(f"op{name}", [last, leaf], 1.0, saved=["other"], grad_fn=f"fn{name}", name=f"of{name}")
    build.backward(last)
    build.hold("".join(names), last)
    return picture(build.load())


def assert_told(dot, names):
    root = svg_of(dot)
    said = said_in(root)
    for name in map(safe, names):
        expected = [clip(name, 28), clip(f"op{name}", 24), clip(f"fn{name}", 28)]
        assert set(each for each in expected if each.strip()) <= said
    return root


def test_hostile_names_are_text_in_the_picture_and_nothing_else(tmp_path):
    dot = hostile_picture(tmp_path / "t.gradviz", HOSTILE)
    root = assert_told(dot, HOSTILE)
    assert not {element.tag.removeprefix(SVG) for element in root.iter()} - {
        "svg", "g", "title", "text", "path", "polygon", "polyline", "ellipse",
    }  # fmt: skip
    tips = said_in(root, "title")
    for name in map(safe, HOSTILE):
        assert any(tip.endswith(f": {name.strip()}".rstrip()) for tip in tips), name
    assert len(re.findall(r"^n1_\d+ \[", dot, re.M)) == 2 * len(HOSTILE) + 1


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()), min_size=1), min_size=20, max_size=20))
def test_any_names_are_text_in_the_picture(tmp_path, names):
    assert_told(hostile_picture(tmp_path / "t.gradviz", names), names)


# -- states and moments -------------------------------------------------------------------------------


def fates():
    w = torch.ones(2, requires_grad=True)
    x = torch.ones(2)
    freed = w * x
    plain = freed.sum()
    lost = freed.exp()
    del lost
    plain.backward()
    kept = freed.sin()
    with torch.no_grad():
        outside = w.cos()
    return {"w": w, "x": x, "freed": freed, "plain": plain, "kept": kept, "outside": outside}


def test_each_state_has_a_look_and_words_of_its_own(record):
    found = Drawn(picture(record(fates)))
    assert found.titles() == ["1   After forward", "2   During backward", "3   After backward"]
    assert found.card(1, "mul") == ("filled", ["mul", "#3", "MulBackward0", "freed = [1., 1.]",
                                               "saved other = x · 8 B, shared", "live"])  # fmt: skip
    assert found.card(2, "mul")[1][-1] == "gradient in: [1., 1.]"
    cards = {op: found.card(3, op) for op in ("mul", "sum", "exp", "sin", "cos")}
    looks = {op: (style, lines[-1]) for op, (style, lines) in cards.items()}
    assert looks == {
        "mul": ("filled,dashed", "freed by backward 1 · held by freed"),
        "sum": ("filled,dashed", "live, saved nothing · held by plain"),
        "exp": ("filled,dotted", "gone"),
        "sin": ("filled", "still live · held by kept"),
        "cos": ("filled", "no graph: under no_grad"),
    }
    assert found.card(3, "w")[0] == found.card(3, "x")[0] == "rounded,filled"
    assert found.card(3, "x")[1][-1] == "constant"
    assert found.card(3, "w")[1][-1] == ".grad = [1., 1.]"


def test_dashes_and_dots_reach_the_svg(record):
    root = svg_of(picture(record(fates)))
    dashes = {element.get("stroke-dasharray") for element in root.iter()} - {None}
    assert len(dashes) == 2  # dashed and dotted


def test_looks_differ_by_more_than_colour():
    cards = {name: (look.style, look.width) for name, look in LOOKS.items()}
    assert len({cards[name] for name in ("live", "held", "gone", "leaf")}) == 4
    assert ARROWS["cut"].style != ARROWS["data"].style
    assert ARROWS["gradient"].width > ARROWS["data"].width > ARROWS["quiet"].width


def test_what_happened_later_is_not_drawn_in_the_earlier_panels(record):
    trace = record(fates)
    found = Drawn(picture(trace))
    (graph,) = graphs(trace)
    later = {node.number for node in graph.nodes if node.op in ("sin", "cos")}
    assert len(later) == 2
    assert [found.cards(panel) & later for panel in (1, 2, 3)] == [set(), set(), later]
    drawn_ends = {end for tail, head, _ in found.arrows for end in (tail, head)}
    assert not drawn_ends & {f"n{panel}_{number}" for panel in (1, 2) for number in later}
    assert found.cards(1) == found.cards(2) == found.cards(3) - later


def test_a_leaf_shows_its_value_and_grad_of_the_moment(record):
    def program():
        w = torch.tensor(2.0, requires_grad=True)
        loss = w * 3.0
        loss.backward()
        with torch.no_grad():
            w.mul_(10.0)
        return {"w": w, "loss": loss}

    found = Drawn(picture(record(program)))
    shown = [found.card(panel, "w")[1] for panel in (1, 2, 3)]
    assert [lines[-1] for lines in shown] == [".grad = None", ".grad += 3.", ".grad = 3."]
    assert [lines[2] for lines in shown[:2]] == ["2.", "2."]
    assert re.fullmatch(r"20\. \(changed, line \d+\)", shown[2][2])


def test_gradients_are_on_the_arrows_that_carried_them_and_steps_are_numbered(record):
    def program():
        w = torch.tensor(2.0, requires_grad=True)
        x = torch.tensor(3.0)
        loss = (w * x) * 5.0
        loss.backward()
        return {"w": w, "x": x, "loss": loss}

    found = Drawn(dot := picture(record(program)))
    labels = {(tail, head): re.findall(r' label="(.*?)"', more) for tail, head, more in found.arrows}
    assert labels["n2_1", "n2_3"] == ["15."]
    assert labels["n2_3", "n2_5"] == ["5."]
    assert labels["n2_2", "n2_3"] == labels["n1_1", "n1_3"] == labels["n3_1", "n3_3"] == []
    badges = dict(re.findall(r'^(s\d_\d+) \[.*label="(\d+)"\]$', dot, re.M))
    assert badges == {"s2_5": "1", "s2_3": "2", "s2_1": "3"}


def test_both_gradients_of_one_tensor_used_twice_are_drawn(record):
    def program():
        a = torch.tensor(2.0, requires_grad=True)
        b = a * 1.5
        loss = b * b
        loss.backward()
        return {"loss": loss}

    found = Drawn(picture(record(program)))
    twice = [more for tail, head, more in found.arrows if (tail, head) == ("n2_3", "n2_4")]
    assert [re.findall(r' label="(.*?)"', more) for more in twice] == [["3."], ["3."]]


def test_a_graph_that_never_ran_backward_is_one_panel_that_says_so(record):
    def program():
        return {"y": torch.ones(2, requires_grad=True).exp()}

    trace = record(program)
    for when in ("all", "forward", "backward", "freed"):
        found = Drawn(picture(trace, when=when))
        assert found.titles() == ["After forward"]
        assert found.texts["title1"][-1] == "backward was never called on this graph"


@pytest.mark.parametrize(
    ("when", "title"), [("forward", "After forward"), ("backward", "During backward"), ("freed", "After backward")]
)
def test_one_moment_can_be_drawn_alone(record, when, title):
    found = Drawn(picture(record(fates), when=when))
    assert found.titles() == [title]
    assert {name.split("_")[0] for name in found.places if name.startswith("n")} == {"n1"}


def test_the_heading_names_the_script_and_the_graph(record):
    assert Drawn(picture(record(fates), of=4)).texts["heading"] == ["test.py   ·   graph 1 of 4"]


@pytest.mark.parametrize("option", [{"when": "then"}, {"direction": "UP"}])
def test_unknown_choices_are_refused(record, option):
    with pytest.raises(BadInput, match=f"unknown .* '{next(iter(option.values()))}': choose one of"):
        picture(record(fates), **option)


def test_an_unknown_format_is_refused():
    with pytest.raises(BadInput, match="unknown format 'gif': choose one of svg, png, pdf, dot"):
        render("digraph {}", "gif")


def test_the_dot_format_is_the_text_itself(record):
    dot = picture(record(fates))
    assert render(dot, "dot") == dot.encode()


# -- directions and large graphs ----------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "stacked"), [("TB", False), ("BT", False), ("LR", True), ("RL", True)])
def test_panels_of_graphs_that_run_sideways_are_stacked(record, direction, stacked):
    found = Drawn(picture(record(fates), direction=direction))
    places = [found.places[f"panel{number}"] for number in (1, 2, 3)]
    across, down = (len({place[axis] for place in places}) for axis in (0, 1))
    assert (across, down) == ((1, 3) if stacked else (3, 1))
    assert places == sorted(places, key=lambda place: (-place[1], place[0]))
    axis, sign = {"TB": (1, -1), "BT": (1, 1), "LR": (0, 1), "RL": (0, -1)}[direction]
    (graph_flow,) = {np.sign(found.places["n1_4"][axis] - found.places["n1_3"][axis])}
    assert graph_flow == sign


def chain(path, length):
    build = Builder(path)
    made = build.leaf("w", 1.0)
    for _ in range(length):
        made = build.op("neg", [made], 1.0)
    build.backward(made)
    return build.load()


def test_hidden_nodes_are_counted_and_it_is_said_how_to_see_them(tmp_path):
    found = Drawn(picture(chain(tmp_path / "t.gradviz", 9), nodes=4))
    assert found.cards(1) == {0, 7, 8, 9, 10}
    assert found.styles["n1_0"] == "rounded,filled,dashed"
    assert found.texts["n1_0"] == ["… 6 more nodes", "--nodes all"]
    cut = [more for tail, head, more in found.arrows if (tail, head) == ("n1_0", "n1_7")]
    assert ["style=dashed" in more for more in cut] == [True]


def test_all_nodes_are_drawn_when_asked_for(tmp_path):
    trace = chain(tmp_path / "t.gradviz", 9)
    for nodes in (10, None):
        assert Drawn(dot := picture(trace, nodes=nodes)).cards(1) == set(range(1, 11))
        assert "--nodes all" not in dot


def test_of_a_graph_deeper_than_pythons_stack_the_nearest_150_are_drawn(tmp_path):
    found = Drawn(picture(chain(tmp_path / "t.gradviz", 3000), when="forward"))
    assert found.cards(1) == {0, *range(2852, 3002)}
    assert found.texts["n1_0"][0] == "… 2,851 more nodes"


def test_the_nearest_nodes_are_those_towards_the_leaves_first(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    leaves = [build.leaf(f"w{number}", 1.0) for number in range(4)]
    left, right = (build.op("mul", pair, 1.0) for pair in (leaves[:2], leaves[2:]))
    root = build.op("add", [left, right], 1.0)
    build.op("exp", [root], 1.0)
    (graph,) = graphs(build.load())
    assert nearest(7, graph.nodes, 3) == {7, 5, 6}
    assert nearest(7, graph.nodes, 7) == set(range(1, 8))
    assert nearest(7, graph.nodes, 8) == nearest(7, graph.nodes, 99) == set(range(1, 9))
    assert nearest(99, graph.nodes, 2) == {8, 7}  # a root that isn't drawn: the newest result


def test_a_weight_that_a_long_loop_uses_is_drawn_more_than_once_and_no_use_is_lost(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    weight = made = build.leaf("weight", 1.0)
    for _ in range(40):
        made = build.op("mul", [made, weight], 1.0)
    found = Drawn(picture(build.load()))
    more = {name for name, lines in found.texts.items() if lines == ["weight", "#1"]}
    assert more and len(found.arrows) == 80
    assert sum(tail in {"n1_1", *more} for tail, _, _ in found.arrows) == 41


def test_a_time_limit_that_is_too_short_is_told(record):
    with pytest.raises(BadInput, match=r"^Graphviz had not finished after 0.001 s: draw fewer nodes"):
        picture(record(fates), timeout=0.001)


def test_an_empty_graph_is_refused(record):
    (graph,) = graphs(trace := record(fates))
    with pytest.raises(BadInput, match="nothing to draw"):
        dot_text(trace, graph._replace(nodes=()), trace.lives)
