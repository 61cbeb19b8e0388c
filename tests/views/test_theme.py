"""Themes: every text stands out, colour-blind eyes tell the states apart, and nothing but colours changes."""

import re
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

from gradviz.errors import BadInput
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from gradviz.trace.usage import Category, Usage
from gradviz.views import memory
from gradviz.views.comparison import Side, compare
from gradviz.views.diagram import difference_text, dot_text, render
from gradviz.views.diagram.drawing import LOOKS
from gradviz.views.format import COLOURS, DARK
from gradviz.views.memory.picture import LOOKS as AREAS
from gradviz.views.theme import painted, painted_dot
from tests.trace.build import Builder
from tests.views.conftest import SAMPLES

THEMES = ("light", "dark")
STATES = ("leaf", "live", "flow", "faded")  # a leaf, a live node, one that runs, one that is gone
READABLE = 4.5  # WCAG 2.1, AA
APART = 20.0  # CIELAB; about 2.3 is just noticed
# What dichromats see of linear RGB: Machado, Oliveira and Fernandes, 2009, severity 1
EYES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
    "all colours": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])


def linear(colour):
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def seen(colour, eyes):
    """CIELAB of what these eyes see of a colour."""
    part = XYZ @ np.clip(np.array(EYES[eyes]) @ linear(colour), 0, 1) / XYZ.sum(1)
    x, y, z = np.where(part > 216 / 24389, np.cbrt(part), (24389 / 27 * part + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(names, theme, eyes):
    """The least distance between any two of these colours."""
    found = [seen(painted(COLOURS[name], theme), eyes) for name in names]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(found, 2))


def inks(dot):
    """(text colour, what is behind it) of all text in a DOT text; captions stand on a panel, all else on its card."""
    paper, panel = re.search(r'bgcolor="(.*?)"', dot)[1], re.search(r'^panel1 .*fillcolor="(.*?)"', dot, re.M)[1]
    for name, more in re.findall(r"^(\w+) \[pos=(.*)\]$", dot, re.M):
        card = re.search(r'fillcolor="(.*?)"', more)
        behind = card[1] if card else panel if name.startswith("title") else paper
        for cell in re.findall(r"<TD(.*?)</TD>", more):
            ink, pill = re.search(r' COLOR="(.*?)"', cell), re.search(r'BGCOLOR="(.*?)"', cell)
            if ink:  # a part of a bar has no text
                yield ink[1], pill[1] if pill else behind
        for ink in re.findall(r'fontcolor="(.*?)"', more):
            yield ink, behind
    for ink in re.findall(r'^\w+ -> .*fontcolor="(.*?)"', dot, re.M):
        yield ink, panel


def test_the_measures_are_those_of_the_standards():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert seen("#ffffff", "all colours") == pytest.approx([100, 0, 0], abs=0.01)
    assert seen("#ff0000", "all colours") == pytest.approx([53.24, 80.09, 67.2], abs=0.02)


@pytest.mark.parametrize("theme", THEMES)
def test_each_text_of_a_sample_stands_out_from_what_is_behind_it(sample, sample_dot, theme):
    found = set(inks(painted_dot(sample_dot(sample), theme)))
    assert len(found) > 5
    assert {(ink, behind): contrast(ink, behind) for ink, behind in found if contrast(ink, behind) < READABLE} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_each_text_of_saved_cards_and_of_a_difference_stands_out_too(sample_trace, theme):
    found = set()
    for name in ("12_dynamic_graph", "14_mlp_training"):
        trace = load(sample_trace(next(path for path in SAMPLES if path.stem == name)))
        every = graphs(trace)
        sides = [Side(trace, graph, "it") for graph in (every[0], every[-1])]
        last = dot_text(trace, every[-1], trace.lives, saved=True, norms=True)
        for dot in (last, difference_text(compare(*sides, True))):
            found |= set(inks(painted_dot(dot, theme)))
    assert {(ink, behind) for ink, behind in found if contrast(ink, behind) < READABLE} == set()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ink", ["ink", "dim", "leaf", "live", "flow", "wrong"])
def test_inks_can_be_read_on_every_fill(ink, theme):
    fills = [name for name in COLOURS if name.endswith(("fill", "pill")) or name in ("paper", "panel")]
    least = min(contrast(painted(COLOURS[ink], theme), painted(COLOURS[fill], theme)) for fill in fills)
    assert least >= READABLE


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", EYES)
def test_states_are_told_apart_by_all_eyes(eyes, theme):
    assert apart(STATES, theme, eyes) > APART


def test_green_and_red_would_not_be():
    pair = [seen(colour, "deuteranopia") for colour in ("#508a2d", "#a86b2f")]
    assert np.linalg.norm(pair[0] - pair[1]) < APART


@pytest.mark.parametrize("eyes", EYES)
def test_areas_of_the_memory_chart_are_told_apart_by_pattern_where_colour_is_not_enough(eyes):
    for one, other in combinations(AREAS, 2):
        for theme in THEMES:
            distance = np.linalg.norm(seen(painted(one.fill, theme), eyes) - seen(painted(other.fill, theme), eyes))
            assert distance > APART or one.apart != other.apart


def test_without_any_colour_states_differ_by_their_line():
    assert len({(look.style, look.width) for look in (LOOKS[name] for name in ("live", "held", "gone", "leaf"))}) == 4


def test_each_light_colour_has_one_dark_one():
    assert len(set(COLOURS.values())) == len(COLOURS) == len(DARK)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for pair in DARK.items() for colour in pair)


def test_a_theme_changes_colours_and_nothing_else(sample, sample_dot):
    light, dark = sample_dot(sample), render(sample_dot(sample), "dot", theme="dark").decode()
    colour = re.compile("#[0-9a-f]{6}")
    assert colour.sub("#", light) == colour.sub("#", dark)
    assert not set(colour.findall(dark)) & set(DARK)
    assert render(light, "dot", theme="auto") == render(light, "dot") == light.encode()


def hostile(path):
    """A picture in which all that a script can name looks like an attribute with a colour."""
    text = f'color="{COLOURS["ink"]}" <FONT COLOR="{COLOURS["ink"]}">'
    build = Builder(path, script=text)
    leaf = build.leaf(text, 1.0, text=text)
    build.backward(build.op(text, [leaf, leaf], 1.0, saved=["other"], grad_fn=text, name=text))
    trace = build.load()
    return dot_text(trace, graphs(trace)[0], trace.lives)


def test_what_looks_like_a_colour_in_a_name_is_left_as_it_is(tmp_path):
    light = hostile(tmp_path / "t.gradviz")
    dark = painted_dot(light, "dark")
    told = re.compile(f"(?:&quot;|\\\\\"){COLOURS['ink']}")
    assert len(told.findall(dark)) == len(told.findall(light)) > 5


def test_auto_is_the_light_svg_and_a_style_sheet_for_dark_systems(sample, sample_dot):
    light, auto = (render(sample_dot(sample), "svg", theme=theme) for theme in ("light", "auto"))
    root = ElementTree.fromstring(auto)
    (sheet,) = (each for each in root if each.tag.endswith("}style"))
    root.remove(sheet)
    assert [(each.tag, each.attrib) for each in root.iter()] == [
        (each.tag, each.attrib) for each in ElementTree.fromstring(light).iter()
    ]
    assert sheet.text.startswith("@media (prefers-color-scheme:dark){")
    used = {each.get(what) for each in root.iter() for what in ("fill", "stroke")} - {None, "none", "transparent"}
    assert used <= set(DARK)
    for colour in used:
        assert f'[fill="{colour}"]{{fill:{DARK[colour]}}}' in sheet.text


def test_the_memory_chart_takes_themes(sample_trace):
    trace = load(sample_trace(next(path for path in SAMPLES if path.stem == "14_mlp_training")))
    samples = memory.sampled(trace, Usage(trace), memory.COLUMNS, (0, trace.end))
    light, dark, auto = (memory.svg(samples, "it", theme).decode() for theme in ("light", "dark", "auto"))
    colour = re.compile("#[0-9a-f]{6}")
    assert colour.sub("#", light) == colour.sub("#", dark)
    assert set(colour.findall(light)) <= set(DARK) and set(colour.findall(dark)) <= set(DARK.values())
    assert re.sub("<style>.*</style>", "", auto) == light != auto
    assert DARK[COLOURS["paper"]] in memory.dot_text(samples, "it", "dark")
    assert all(samples.nbytes[:, category].any() for category in Category)
    for text in (light, dark):
        paper = re.search(r'<rect .*fill="(.*?)"', text)[1]
        drawn = re.findall(r'<text [^>]*y="([\d.]+)"[^>]*fill="(.*?)"', text)
        assert all(contrast(ink, paper) >= READABLE for _, ink in drawn)


def test_an_unknown_theme_is_refused():
    with pytest.raises(BadInput, match="unknown theme 'pink': choose one of light, dark, auto"):
        render("digraph {}", "dot", theme="pink")
