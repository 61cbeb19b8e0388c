"""Saved tensors as cards of their own, and gradients' norms on the arrows."""

import math
import os
import re
from pathlib import Path

import numpy as np
import pytest

import gradviz as torch
from gradviz import nn
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.preview import decode, encode
from gradviz.trace.store import load
from gradviz.views.diagram import dot_text
from gradviz.views.diagram.norms import norm_label
from tests.trace.build import Builder, linear_regression
from tests.views.conftest import drawn
from tests.views.test_diagram import Drawn, assert_told, picture

SNAPSHOTS = Path(__file__).parent / "picture_snapshots"
UPDATE = "GRADVIZ_UPDATE_SNAPSHOTS"  # set it to 1 to write the snapshots anew, then read what changed


def hung(found, panel=1):
    """{name line: (style, other lines, savers)} of the cards that hang on nodes."""
    arrows = {}
    for tail, head, more in found.arrows:
        if tail.startswith(f"n{panel}_") and ("style=dashed" in more or "style=dotted" in more):
            arrows.setdefault(head, []).append(found.texts[tail][0])
    told = {card: (found.styles[card], found.texts[card][1:], savers) for card, savers in arrows.items()}
    return {found.texts[card][0]: each for card, each in told.items()}


def layers():
    layer = nn.Linear(3, 2, bias=False)
    x = torch.ones(4, 3)
    hidden = layer(x).exp()
    loss = (hidden.tanh() * hidden).sum()
    loss.backward()
    return {"layer": layer, "x": x, "hidden": hidden, "loss": loss}


def test_a_card_tells_whose_memory_it_is(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        x = torch.ones(3)
        h = w * x
        made = h.exp()
        loss = (made.tanh() * w).sum()
        del h, made
        loss.backward()
        return {"w": w, "x": x, "loss": loss}

    found = hung(Drawn(picture(record(program), saved=True)))
    assert found == {
        "other = x": ("rounded,filled,dashed", ["(3,) · 12 B", "alias of input x", "live"], ["mul"]),
        "result": ("rounded,filled", ["(3,) · 12 B", "the graph alone keeps it", "live"], ["exp"]),
        "result, self": ("rounded,filled", ["(3,) · 12 B", "the graph alone keeps it", "live, kept by 2 of 2 nodes"],
                         ["tanh", "mul"]),
        "other = w": ("rounded,filled,dashed", ["(3,) · 12 B", "alias of parameter w", "live"], ["mul"]),
    }  # fmt: skip


def test_a_card_of_memory_that_a_variable_holds_names_it(record):
    found = hung(Drawn(picture(record(layers), saved=True)), 1)
    held = [lines for _, lines, _ in found.values() if lines[1] == "kept by hidden too"]
    assert held == [["(4, 2) · 32 B", "kept by hidden too", "live, kept by 2 of 2 nodes"]]


def test_the_same_cards_stand_in_each_panel_and_say_when_they_were_released(record):
    trace = record(layers)
    found = Drawn(picture(trace, saved=True))
    first, during, after = (hung(found, panel) for panel in (1, 2, 3))
    assert first == during and first.keys() == after.keys()
    released = set(trace.of(Kind.RELEASED).tolist())
    for name, (style, lines, _) in after.items():
        assert style == "rounded,filled,dotted"
        step, end = re.fullmatch(r"released at step (\d+), memory (freed|lives on)", lines[-1]).groups()
        assert int(step) in released
        assert (end == "freed") == (lines[1] == "the graph alone kept it"), name
    assert found.cards(1) == found.cards(2) == found.cards(3)


def test_nodes_do_not_list_what_hangs_on_them(record):
    trace = record(layers)
    plain, apart = Drawn(picture(trace)), Drawn(picture(trace, saved=True))
    assert any(line.startswith("saved ") for lines in plain.texts.values() for line in lines if " · " in line)
    assert not any(re.match(r"(saved|uses) \w+.* · ", line) for lines in apart.texts.values() for line in lines)


def test_memory_that_several_nodes_save_is_one_card_until_the_last_lets_go(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        h = w * 2.0
        a, b = h.exp() * h, h.sin()
        del h
        a.sum().backward(retain_graph=False)
        return {"w": w, "b": b}

    trace = record(program)
    states = {}
    for step in (int(trace.of(Kind.STEP)[0]), trace.end):
        found = hung(Drawn(dot_text(trace, graphs(trace)[0], trace.lives, when=f"step={step}", saved=True)))
        ((_, lines, savers),) = (each for each in found.values() if "sin" in each[-1])
        assert savers == ["mul", "sin"]
        states[step] = lines[-1]
    assert list(states.values()) == ["live, kept by 2 of 2 nodes", "live, kept by 1 of 2 nodes"]


def test_a_parameter_saved_in_each_iteration_is_released_by_each_graph(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        for _ in range(3):
            loss = (w * w).sum()
            loss.backward()
        return {"w": w, "loss": loss}

    trace = record(program)
    for number in (1, 2, 3):
        found = hung(Drawn(picture(trace, number, when="freed", saved=True)))
        ((style, lines, savers),) = found.values()
        assert (style, savers) == ("rounded,filled,dotted", ["mul"])
        assert re.fullmatch(r"released at step \d+, memory lives on", lines[-1])


def test_a_view_tells_how_much_memory_it_keeps(record):
    def program():
        x = torch.ones(100)
        w = torch.ones(3, requires_grad=True)
        loss = (w * x[:3]).sum()
        del x
        loss.backward()
        return {"w": w, "loss": loss}

    found = Drawn(picture(record(program), saved=True))
    assert hung(found)["other = getitem.slice"][1] == ["(3,) · 12 B of 400 B", "the graph alone keeps it", "live"]
    assert found.texts["title1"][1] == "2 nodes live, 1 saved tensor kept for backward: 400 B"
    assert found.texts["title3"][1] == "backward 1 freed 1 saved tensor (400 B)"


def test_what_a_long_loop_saves_is_drawn_more_than_once_and_no_arrow_is_lost(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    weight = made = build.leaf("weight", 1.0)
    for _ in range(40):
        made = build.op("mul", [made, weight], 1.0, saved=["other"])
    found = Drawn(picture(build.load(), saved=True))
    named = [name for name, lines in found.texts.items() if lines[:1] == ["other = weight"]]
    assert 1 < len(named) < 40
    assert sum(head in named for _, head, _ in found.arrows) == 40


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_cards_that_hang_on_nodes_overlap_nothing(sample, sample_trace, direction):
    found = Drawn(drawn(sample_trace(sample), saved=True, norms=True, direction=direction, nodes=40))
    names = [name for name in found.places if name.startswith("n1_")]
    x, y = np.array([found.places[name] for name in names]).T
    width, height = np.array([found.sizes[name] for name in names]).T
    free = np.abs(x[:, None] - x) >= 36 * (width[:, None] + width)
    free |= np.abs(y[:, None] - y) >= 36 * (height[:, None] + height)
    assert free[~np.eye(len(x), dtype=bool)].all()


def test_any_graph_of_a_sample_has_a_filmstrip(sample, sample_trace):
    trace = load(sample_trace(sample))
    found = graphs(trace)
    for graph in {0: found[0], len(found) // 2: found[len(found) // 2]}.values():
        strip = Drawn(dot_text(trace, graph, trace.lives, saved=True, norms=True, nodes=60, of=len(found)))
        assert len(strip.titles()) == (3 if graph.backwards else 1)
        assert {end for tail, head, _ in strip.arrows for end in (tail, head)} <= set(strip.places)
        if len(graph.backwards) > 1 and not graph.backwards[-1].failed:
            assert f"the last of {len(graph.backwards)} backward calls through this graph" in strip.texts["title2"]
        if not graph.backwards:
            assert "backward was never called on this graph" in strip.texts["title1"]


def test_hostile_names_are_text_on_these_cards_too(tmp_path):
    names = ['<b>&"</table>', "\\H \\l", "&lt;&#60;", "\x1b[31m", "a\nb"]
    build = Builder(tmp_path / "t.gradviz")
    last = build.leaf("root", 1.0)
    for name in names:
        last = build.op(f"op{name}", [last, build.leaf(name, 1.0, text=name)], 1.0, saved=["other"],
                        grad_fn=f"fn{name}", name=f"of{name}")  # fmt: skip
    build.backward(last)
    trace = build.load()
    assert_told(picture(trace, saved=True, norms=True), names)


def said(dot):
    """A DOT text without places and sizes, which another Graphviz may choose otherwise."""
    found = Drawn(dot)
    lines = [f"{name} {found.styles.get(name, '')}: {' | '.join(found.texts[name])}" for name in found.places]
    for tail, head, more in found.arrows:
        label = re.search(r' label="(.*?)"', more)
        ways = "<-" if "dir=back" in more else "->"
        lines.append(f"{tail} {ways} {head} {re.search(r'style=(.*?),', more)[1]} {label[1] if label else ''}".rstrip())
    return "\n".join(line.rstrip(": ") for line in lines) + "\n"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("filmstrip", {}),
        ("norms", {"when": "backward", "norms": True}),
        ("saved", {"when": "forward", "saved": True}),
        ("line", {"when": "line=6", "saved": True, "direction": "LR"}),
    ],
)
def test_what_the_dot_text_of_a_regression_says(tmp_path, name, options):
    text = said(picture(linear_regression(tmp_path / "t.gradviz"), **options))
    snapshot = SNAPSHOTS / f"regression_{name}.txt"
    if os.environ.get(UPDATE):
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8")


# -- norms --------------------------------------------------------------------------------------------


def shown(values, **options):
    return decode(encode(np.asarray(values, np.float32), **options))


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ([3.0, 4.0], "‖g‖ = 5."),
        (np.full(10_000, 0.1), "‖g‖ = 10"),
        ([], "‖g‖ = 0."),
        (-2.5, "‖g‖ = 2.5"),
        ([1.0, np.inf], "‖g‖ = inf"),
        ([1.0, -np.inf], "‖g‖ = inf"),
        ([np.nan, np.inf], "‖g‖ = nan"),
        (np.where(np.arange(500) == 250, np.nan, 1.0), "‖g‖ = nan"),
        (np.where(np.arange(500) == 250, np.inf, 1.0), "‖g‖ = inf"),
    ],
)
def test_a_norm_is_told_from_what_the_trace_kept(values, label):
    assert norm_label(shown(values)) == label


def test_a_norm_that_is_not_known_is_not_guessed():
    assert norm_label(None) == "‖g‖ unknown"


def labels(found):
    return [re.search(r' label="(.*?)"', more)[1] for *_, more in found.arrows if "dir=back" in more]


def test_norms_stand_on_every_arrow_that_carried_a_gradient(record):
    def program():
        w = torch.tensor([3.0, 4.0], requires_grad=True)
        loss = (w * w).sum()
        loss.backward()
        return {"w": w, "loss": loss}

    trace = record(program)
    assert sorted(labels(Drawn(picture(trace, norms=True)))) == ["‖g‖ = 1.414", "‖g‖ = 5.", "‖g‖ = 5."]
    assert not any("‖g‖" in label for label in labels(Drawn(picture(trace))))


def test_the_norms_of_a_sample_are_those_of_its_gradients(sample, sample_trace):
    trace = load(sample_trace(sample))
    found = labels(Drawn(drawn(sample_trace(sample), when="backward", norms=True, nodes=40)))
    norms = set()
    for step in trace.of(Kind.GRAD).tolist():
        value = trace.value(step)
        if value is not None and value.whole and np.isfinite(value.values).all():
            norms.add(float(np.linalg.norm(value.values.astype(np.float64).ravel())))
    for label in found:
        assert label.startswith("‖g‖ = ")
        number = float(label.removeprefix("‖g‖ = "))
        assert math.isfinite(number)
        if all(trace.value(step) is None or trace.value(step).whole for step in trace.of(Kind.GRAD).tolist()[-200:]):
            assert any(math.isclose(number, norm, rel_tol=1e-3, abs_tol=1e-9) for norm in norms)
