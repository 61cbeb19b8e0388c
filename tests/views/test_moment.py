"""The moment after any event: what the cards say, step by step, against the trace's own events."""

import re

import pytest

import gradviz as torch
from gradviz.errors import BadInput
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs
from gradviz.trace.store import load
from gradviz.views import rows as of
from gradviz.views.diagram import dot_text, happening
from gradviz.views.diagram.happening import event_text
from gradviz.views.rows import is_leaf, state_of
from tests.trace.build import Builder
from tests.views.test_diagram import Drawn, picture


def twice():
    w = torch.tensor(2.0, requires_grad=True)
    h = w.exp()
    loss = h * h
    loss.backward(retain_graph=True)
    loss.backward()
    with torch.no_grad():
        w.mul_(0.5)
    del h, loss
    return {"w": w}


@pytest.fixture
def trace(record):
    """What recording twice() gives."""
    return record(twice)


def steps(trace, *kinds):
    return trace.of(*kinds).tolist()


def at(trace, step, **options):
    return Drawn(picture(trace, when=f"step={step}", **options))


def looks(found):
    """{op: (style, last line)} of the cards of ops."""
    return {lines[0]: (found.styles[name], lines[-1]) for name, lines in found.texts.items() if name.startswith("n1_")}


def test_each_event_has_a_line_of_words(trace):
    told = {Kind(int(trace.rows["kind"][step])): event_text(trace, step) for step in range(trace.end + 1)}
    first = next(step for step in steps(trace, Kind.FORWARD))
    line = trace.origin(int(trace.rows["origin"][first])).line
    assert event_text(trace, 0) == "nothing has happened yet"
    assert event_text(trace, first) == f"tensor made #1 w, line {line}"
    assert event_text(trace, steps(trace, Kind.FORWARD)[1]) == f"exp made #2 h, line {line + 1}"
    assert event_text(trace, steps(trace, Kind.BACKWARD)[1]) == f"backward 2 began, line {line + 4}"
    assert event_text(trace, steps(trace, Kind.STEP)[0]) == "backward 1 ran MulBackward0 (#3)"
    assert event_text(trace, steps(trace, Kind.GRAD)[-1]) == "a gradient was handed on to AccumulateGrad (w)"
    assert event_text(trace, steps(trace, Kind.ADDED)[0]) == "w.grad took one in"
    let_go = "MulBackward0 (#3) let go of its saved tensors in backward 2"
    assert event_text(trace, steps(trace, Kind.RELEASED)[0]) == let_go
    assert event_text(trace, steps(trace, Kind.BACKWARD_ENDED)[0]) == "backward 1 ended"
    assert event_text(trace, steps(trace, Kind.MUTATED)[0]) == f"w was changed in place, line {line + 6}"
    assert event_text(trace, trace.end) == "the script ended"
    assert event_text(trace, steps(trace, Kind.GONE)[0]) == "MulBackward0 (#3) was gone"
    assert re.fullmatch(r"4 B were given back(, once \w+'s)?", told[Kind.FREED])


def test_at_every_step_each_node_is_in_the_state_that_the_events_say(trace):
    (graph,) = graphs(trace)
    begun = min(node.step for node in graph.nodes)
    words = {"live": "live", "saved freed": "freed by backward 2", "gone": "gone"}
    for step in range(begun, trace.end + 1):
        found = at(trace, step)
        assert found.cards(1) == {node.number for node in graph.nodes if node.step <= step and node.op != "(number)"}
        for node in graph.nodes:
            if node.step > step or is_leaf(node) or not node.node:
                continue
            last = found.texts[f"n1_{node.number}"][-1]
            if last.startswith("gradient in: "):
                continue
            assert words[state_of(trace, trace.lives, node, step)] in last, (step, node.op, last)


def test_a_node_that_runs_is_shown_running_until_it_lets_go(trace):
    second = steps(trace, Kind.BACKWARD)[1]
    run = [step for step in steps(trace, Kind.STEP) if step > second]
    released = steps(trace, Kind.RELEASED)
    assert looks(at(trace, second))["mul"] == ("filled", "still live")
    assert looks(at(trace, run[0]))["mul"] == ("filled", "gradient in: 1.")
    assert looks(at(trace, released[0]))["mul"] == ("filled,dashed", "freed by backward 2")
    assert looks(at(trace, run[1]))["exp"][1].startswith("gradient in: ")
    caption = at(trace, run[1]).texts["title1"]
    assert caption[0] == f"After step {run[1]}"
    assert caption[1] == "backward 2 ran ExpBackward0 (#2)"
    assert caption[2].startswith("nodes: 1 live, 1 saved freed; ")
    assert re.fullmatch(r"backward 2, line \d+, under way: 2 steps so far", caption[3])


def test_gradients_are_drawn_as_far_as_they_had_come(trace):
    handed = [step for step in steps(trace, Kind.GRAD) if step > steps(trace, Kind.BACKWARD)[1]]
    gradients = [
        sum("dir=back" in more for *_, more in at(trace, step).arrows) for step in (handed[0] - 1, *handed, trace.end)
    ]
    assert gradients == [0, 1, 2, 3, 0]
    badges = [name for name in at(trace, handed[0]).places if name.startswith("s1_")]
    assert badges == ["s1_3"]


def test_a_leaf_shows_its_value_and_grad_of_the_moment(trace):
    ended, changed = steps(trace, Kind.BACKWARD_ENDED), steps(trace, Kind.MUTATED)[0]
    before = at(trace, changed - 1).card(1, "w")[1]
    assert before[2] == "2." and before[-1].startswith(".grad = 218.")
    assert at(trace, ended[0]).card(1, "w")[1][-1].startswith(".grad = 109.")
    assert at(trace, steps(trace, Kind.BACKWARD)[0]).card(1, "w")[1][-1] == ".grad = None"
    assert at(trace, changed).card(1, "w")[1][2].startswith("1. (changed, line ")


def test_the_end_is_what_the_last_panel_of_the_filmstrip_shows(trace):
    last = Drawn(picture(trace, when="freed"))
    assert looks(at(trace, trace.end)) == looks(last)


def test_a_line_means_its_last_event(trace):
    calls = steps(trace, Kind.BACKWARD)
    first, second = (trace.origin(int(trace.rows["origin"][step])).line for step in calls)
    titles = {
        f"line={first}": steps(trace, Kind.BACKWARD_ENDED)[0],
        f"line={second}": steps(trace, Kind.BACKWARD_ENDED)[1],
        f"line={first - 1}": steps(trace, Kind.FORWARD)[2],
        f"line={second + 2}": steps(trace, Kind.MUTATED)[0],
    }
    for when, step in titles.items():
        assert Drawn(picture(trace, when=when)).titles() == [f"After step {step}"]


def test_steps_and_lines_that_there_are_not_are_refused(trace):
    end = trace.end
    with pytest.raises(BadInput, match=rf"^--when step={end + 1}: the trace's steps are 0 to {end} "):
        picture(trace, when=f"step={end + 1}")
    with pytest.raises(BadInput, match="^--when step=0: nothing of graph 1 was there yet; it begins at step 3$"):
        picture(trace, when="step=0")
    with pytest.raises(BadInput, match=r"^--when line=9: graph 1 has no event of that line; its lines: \d+, \d+, "):
        picture(trace, when="line=9")
    for when in ("step=", "step=-1", "step=x", "step", "line=", "after"):
        with pytest.raises(BadInput, match=re.escape(f"{when!r}: choose one of all, forward, backward, freed, step=N")):
            picture(trace, when=when)


def test_a_line_is_escaped_where_it_is_told(trace):
    with pytest.raises(BadInput, match=r"line=\\x1b\[31m: graph 1"):
        picture(trace, when="line=\x1b[31m")


def test_backward_that_raises_is_shown_as_far_as_it_came(record):
    class Breaks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("broken")

    def program():
        w = torch.tensor(2.0, requires_grad=True)
        loss = Breaks.apply(w).exp()
        with pytest.raises(ValueError):
            loss.backward()
        return {"w": w, "loss": loss}

    trace = record(program)
    (ended,) = steps(trace, Kind.BACKWARD_ENDED)
    assert event_text(trace, ended) == "backward 1 ended with an error"
    assert looks(at(trace, ended))["exp"][1] == "freed by backward 1"
    assert looks(at(trace, ended - 1))["w"][1] == ".grad = None"


def test_a_backward_within_backward_shows_the_inner_call(record):
    def program():
        x = torch.tensor(2.0, requires_grad=True)
        y = x**3
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        slope.backward()
        return {"x": x, "y": y, "slope": slope}

    trace = record(program)
    for number in (1, 2):
        start = steps(trace, Kind.BACKWARD)[number - 1]
        caption = at(trace, start + 1).texts["title1"]
        assert any(line.startswith(f"backward {number}, ") for line in caption)


def test_a_moment_of_each_graph_of_a_loop(record):
    def program():
        w = torch.tensor(2.0, requires_grad=True)
        for _ in range(3):
            loss = (w * w).sin()
            loss.backward()
        return {"w": w, "loss": loss}

    trace = record(program)
    found = graphs(trace)
    assert len(found) == 3
    for graph in found:
        drawn = Drawn(picture(trace, graph.number, when=f"step={graph.backwards[0].ended}"))
        assert looks(drawn)["sin"][1] == f"freed by backward {graph.number}"
        assert looks(Drawn(picture(trace, graph.number, when=f"step={graph.built}")))["sin"][1] == "live"
    early = found[2]
    with pytest.raises(BadInput, match="its lines: "):
        picture(trace, early.number, when="line=1")


def test_a_graph_without_nodes_has_moments_too(record):
    def program():
        x = torch.ones(3)
        y = x * 2
        return {"x": x, "y": y}

    trace = record(program)
    caption = at(trace, trace.end).texts["title1"]
    assert caption[2] == "no node was made yet"


def test_moments_of_samples_are_drawn_at_each_of_many_steps(sample, sample_trace):
    """Only what was made by then is drawn, and arrows lead from card to card."""
    trace = load(sample_trace(sample))
    graph = graphs(trace)[-1]
    first = min(node.step for node in graph.nodes)
    for step in {(first + graph.last) // 2, (graph.last + trace.end) // 2}:
        found = Drawn(dot_text(trace, graph, trace.lives, when=f"step={step}", nodes=40))
        made = {node.number for node in graph.nodes if node.step <= step}
        shown = {number for number in found.cards(1) if number and number <= len(trace.forwards)}
        assert shown <= made or len(graph.nodes) > 40
        assert {end for tail, head, _ in found.arrows for end in (tail, head)} <= set(found.places)


def test_hand_made_rows_of_any_kind_have_words(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    w = build.leaf("w", 1.0)
    build.backward(build.op("neg", [w], 1.0, name="y"))
    trace = build.load()
    assert all(event_text(trace, step) for step in range(len(trace.rows)))


def test_the_steps_of_a_row_are_those_of_its_events(record):
    def program():
        w = torch.ones(3, requires_grad=True)
        y = w.exp()
        y.sum().backward()
        lost = y.detach() * w
        del lost
        return {"w": w, "y": y}

    trace = record(program)
    found = {row.op: row for graph in graphs(trace) for row in of.rows(trace, graph, trace.lives)}
    (released,), gone = trace.of(Kind.RELEASED).tolist()[:1], set(trace.of(Kind.GONE).tolist())
    made = found["exp"].life.made
    assert trace.rows["kind"][made] == Kind.FORWARD and made < released
    assert found["exp"].life == ("saved freed", made, released, None)
    assert found["exp"].life.steps == f"{made}, freed {released}"
    assert found["mul"].life.gone in gone and found["mul"].state == "gone"
    assert found["ones"].life.steps == str(found["ones"].life.made)
    told = of.row_json(found["exp"])
    assert (told["step"], told["released_at"], told["gone_at"]) == (made, released, None)
    assert told["saved"] == [{"name": "result", "of": "", "bytes": 12, "memory": "held", "shared_with": "y"}]


def test_every_kind_of_event_has_its_words():
    assert set(happening._TOLD) == set(happening._EVENTS)
