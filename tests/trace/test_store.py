"""A file loads up to where it is whole; what is no trace is told in one line; damage is BadTrace, nothing else."""

import os
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.errors import BadTrace, NoTrace
from gradviz.trace.events import ROW, Flag, Kind
from gradviz.trace.gradients import gradients, leaf_grads
from gradviz.trace.graph import graphs, last_backward
from gradviz.trace.journal import CHUNK, HEADER, MAGIC, Journal, to_page
from gradviz.trace.memory import saved_summary
from gradviz.trace.store import load, newest
from tests.trace.build import Builder, linear_regression


def questions(trace):
    yield lambda: trace.ending
    yield lambda: list(trace.events())
    yield lambda: saved_summary(trace, trace.lives)
    yield lambda: last_backward(graphs(trace))
    yield lambda: leaf_grads(trace)
    yield lambda: [(list(graph.nodes), gradients(trace, graph)) for graph in graphs(trace)]
    yield lambda: [trace.name(tensor) for tensor in range(12)]
    for step in range(min(len(trace.rows), 300)):
        yield lambda step=step: trace.value(step)


def ask_everything(trace):
    refused = 0
    for question in questions(trace):
        try:
            question()
        except BadTrace as error:
            refused += 1
            assert str(error)
            assert "\n" not in str(error)
    return refused


def loaded_or_refused(path, data):
    path.write_bytes(data)
    try:
        trace = load(path)
    except BadTrace as error:
        assert "\n" not in str(error)
        return None
    ask_everything(trace)
    return trace


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("store") / "t.gradviz"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "t.gradviz"
    linear_regression(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    build = Builder(tmp_path_factory.mktemp("large") / "t.gradviz")
    w = made = build.leaf("w", np.ones(90))
    for k in range(250):
        made = build.op("mul", [made, w], np.full(90, k), saved=["self", "other"], name=f"y{k}")
    build.backward(made)
    build.end()
    return build.path.read_bytes()


def chunks(data):
    (length,) = struct.unpack_from("<I", data, 12)
    place = to_page(HEADER.size + length)
    while place < len(data):
        kind, length = CHUNK.unpack_from(data, place)
        yield kind, place, place + CHUNK.size + length
        place = to_page(place + CHUNK.size + length)


def rows_before(data, cut):
    places = [range(start + 64, min(end, cut) - 63, 64) for kind, start, end in chunks(data) if kind == b"R"]
    return b"".join(data[at : at + 64] for chunk in places for at in chunk if data[at])


# -- files that end early -------------------------------------------------------------------------------


def test_a_trace_cut_anywhere_near_an_edge_loads_as_its_beginning(place, large):
    found = list(chunks(large))
    assert [kind for kind, *_ in found].count(b"R") >= 3
    assert [kind for kind, *_ in found].count(b"H") >= 3
    place.write_bytes(large)
    whole = load(place)
    assert (whole.damaged, ask_everything(whole)) == ("", 0)
    edges = {4096} | {edge for _, start, end in found for edge in (start, start + 64, start + 128, end)}
    cuts = {edge + near for edge in edges for near in (-64, -1, 0, 1, 8, 63)}
    for cut in sorted(cut for cut in cuts if 4096 <= cut < len(large)):
        place.write_bytes(large[:cut])
        trace = load(place)
        assert trace.damaged.startswith(f"{place} is {cut:,} bytes long and should be {len(large):,}")
        assert trace.rows.tobytes() == rows_before(large, cut)


def test_what_a_cut_trace_still_has_can_be_read_and_the_rest_is_damage(place, large):
    last = max(start for kind, start, _ in chunks(large) if kind == b"H")
    trace = loaded_or_refused(place, large[: last + 200])
    assert 0 < ask_everything(trace) < len(list(questions(trace)))
    assert trace.value(trace.of(Kind.FORWARD)[0]).values.tolist() == [1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("state", [0, 1])
@given(at=st.floats(0, 1))
def test_a_trace_cut_at_random_loads_or_is_refused(place, small, state, at):
    data = bytearray(small)
    if not state:
        data[16:28] = bytes(12)
    loaded_or_refused(place, data[: int(at * len(data))])


def test_a_run_that_was_never_closed_has_no_ending_and_no_damage(tmp_path):
    journal = Journal(tmp_path / "t.gradviz", {})
    journal.row(Kind.FREED, buffer=1)
    trace = load(tmp_path / "t.gradviz")
    assert (len(trace.rows), trace.ending, trace.damaged, trace.end) == (1, None, "", 0)
    with open(tmp_path / "t.gradviz", "ab") as file:
        file.write(bytes(20_000))
    assert load(tmp_path / "t.gradviz").damaged == ""
    journal.close()


def test_a_trace_without_a_single_row_answers_everything(tmp_path):
    Journal(tmp_path / "t.gradviz", {}).close()
    trace = load(tmp_path / "t.gradviz")
    assert (len(trace.rows), trace.end, ask_everything(trace)) == (0, -1, 0)
    assert graphs(trace) == []


def test_a_file_that_grew_is_told_to_be_wrong(place, small):
    assert "should be" in loaded_or_refused(place, small + bytes(100)).damaged


def test_a_file_cut_while_it_is_open_is_an_error_not_a_crash(place, small):
    place.write_bytes(small)
    trace = load(place)
    os.truncate(place, 8192)
    with pytest.raises(BadTrace, match="became shorter"):
        trace.call(1)


def test_a_chunk_of_an_unknown_kind_ends_what_is_shown(place, large):
    _, start, _ = list(chunks(large))[4]
    trace = loaded_or_refused(place, large[:start] + b"X" + large[start + 1 :])
    assert trace.damaged == f"the file is damaged at byte {start:,}: what comes before that is shown"
    assert 0 < len(trace.rows)


# -- files that are no trace ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty, not a trace"),
        (b"PK\3\4" + bytes(5000), "is not a gradviz trace: it starts with b'PK"),
        (b"import gradviz\n", "is not a gradviz trace"),
        (MAGIC[:5], "is cut short: its header is missing"),
        (MAGIC, "is cut short: its header is missing"),
        (HEADER.pack(MAGIC, 1, 2, 0, 0)[:-1], "is cut short: its header is missing"),
        (HEADER.pack(MAGIC, 2, 2, 0, 0) + b"{}", "has trace format 2; this gradviz reads 1: install a newer"),
        (HEADER.pack(MAGIC, 0, 2, 0, 0) + b"{}", "header can't be read"),
        (HEADER.pack(MAGIC, 1, 2, 0, 3) + b"{}", "header can't be read"),
        (HEADER.pack(MAGIC, 1, 3, 0, 0) + b"{}", "its header is not whole"),
        (HEADER.pack(MAGIC, 1, (1 << 32) - 1, 0, 0) + b"{}", "its header is not whole"),
        (HEADER.pack(MAGIC, 1, 2, 0, 0) + b"[]", "header can't be read"),
        (HEADER.pack(MAGIC, 1, 2, 0, 0) + b"{]", "header can't be read"),
        (HEADER.pack(MAGIC, 1, 2, 0, 0) + b"\xff\xfe", "header can't be read"),
        (HEADER.pack(MAGIC, 1, 90_000, 0, 0) + b"[" * 90_000, "header can't be read"),
    ],
)
def test_what_is_no_trace_is_told_in_one_line(place, data, message):
    place.write_bytes(data)
    with pytest.raises(BadTrace) as raised:
        load(place)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_header_alone_is_a_trace_of_nothing(place):
    trace = loaded_or_refused(place, HEADER.pack(MAGIC, 1, 12, 0, 0) + b'{"mode":"x"}')
    assert (trace.header, len(trace.rows), trace.damaged) == ({"mode": "x"}, 0, "")


@pytest.mark.parametrize(("name", "message"), [("missing", "No such file"), (".", "Is a directory")])
def test_what_cannot_be_opened_is_told_in_one_line(tmp_path, name, message):
    with pytest.raises(BadTrace, match=f"can't open the trace .*{message}"):
        load(tmp_path / name)


def test_a_row_of_an_unknown_kind_is_damage(place):
    journal = Journal(place, {})
    journal.row(200)
    journal.close()
    with pytest.raises(BadTrace, match="rows of an unknown kind"):
        load(place)


# -- files that are damaged -----------------------------------------------------------------------------


@given(data=st.data())
def test_a_trace_with_wrong_bytes_loads_or_is_refused(place, small, data):
    used = np.flatnonzero(np.frombuffer(small, np.uint8))
    places = st.one_of(st.sampled_from(used.tolist()), st.integers(0, len(small) - 1))
    broken = bytearray(small)
    for at, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=5)):
        broken[at] = byte
    loaded_or_refused(place, bytes(broken))


@given(data=st.data())
def test_rows_with_wrong_columns_load_or_are_refused(place, small, data):
    start = next(start for kind, start, _ in chunks(small) if kind == b"R") + CHUNK.size
    broken = np.frombuffer(small, np.uint8).copy()
    rows = broken[start : start + 63 * ROW.itemsize].view(ROW)
    for _ in range(data.draw(st.integers(1, 6))):
        at, name = data.draw(st.integers(0, 62)), data.draw(st.sampled_from(ROW.names))
        kinds = st.sampled_from([int(kind) for kind in Kind])
        numbers = st.one_of(st.integers(0, 30), st.sampled_from([500, 60_000, (1 << 8 * ROW[name].itemsize) - 1]))
        number = data.draw(kinds if name == "kind" else numbers)
        rows[name][at] = number & ((1 << 8 * ROW[name].itemsize) - 1)
    loaded_or_refused(place, broken.tobytes())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(1 << 70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
FIELDS = {
    Kind.ORIGIN: "file function line column end_line end_column text target",
    Kind.META: "shape dtype device nbytes",
    Kind.WITHIN: "name inner inside aside",
    Kind.CALL: "op grad_fn params saved inputs",
    Kind.NAMED: "name",
    Kind.ENDED: "how error exit_code origin",
}


@given(kind=st.sampled_from(list(FIELDS)), data=st.data())
def test_definitions_that_say_anything_at_all_load_or_are_refused(place, kind, data):
    build = Builder(place)
    w = build.leaf("w", 2.0)
    y = build.op("mul", [w, w], np.ones(3), saved=["self", "result"], within="net")
    build.backward(y)
    value = JSON | st.just("finished") | st.lists(st.tuples(st.text(max_size=2), JSON), max_size=3)
    likely = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS[kind].split(), value))
    ref = build.journal.text(data.draw(likely | JSON))
    columns = dict.fromkeys(("origin", "meta", "within", "a", "tensor"), 1)
    build.row(kind, ref=ref, **columns)
    build.close()
    ask_everything(load(place))


def wild(small, what):
    data = bytearray(small)
    first = {kind: start for kind, start, _ in reversed(list(chunks(small)))}
    rows = first[b"R"] + CHUNK.size
    everything = np.frombuffer(data, np.uint8)
    if what == "entry":
        struct.pack_into("<I", data, first[b"H"] + CHUNK.size, 0xFFFFFFF0)
    elif what in ("R", "H"):
        struct.pack_into("<Q", data, first[what.encode()] + 8, (1 << 64) - 64)
    elif what == "preview":
        at = data.index(b"\1\0\3\1<f4") + 7
        struct.pack_into("<Q", data, at, 1 << 47)
    elif what == "shape":
        at = data.index(b'"shape":[3]')
        data[at : at + 23] = b'"shape":[9999,999999]  '
    else:
        everything[rows : rows + 63 * ROW.itemsize].view(ROW)[what][:] = (1 << 32) - 1
    return bytes(data)


WILD = ["entry", "R", "H", "preview", "shape", "node", "tensor", "a", "b", "c", "meta", "buffer", "origin", "value"]


@pytest.mark.parametrize("what", WILD)
def test_a_number_that_is_far_too_large_asks_for_no_memory(place, small, what):
    data = wild(small, what)
    tracemalloc.start()
    try:
        loaded_or_refused(place, data)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_an_infinite_value_of_an_integer_is_damage(tmp_path):
    build = Builder(tmp_path / "t.gradviz")
    meta = build.meta(np.array(3))
    build.row(Kind.FORWARD, Flag.INLINE, meta=meta, value=np.inf)
    build.row(Kind.FORWARD, Flag.INLINE, meta=meta, value=7.0)
    trace = build.load()
    with pytest.raises(BadTrace, match="row 1 has the value inf of dtype int64"):
        trace.value(1)
    assert trace.value(2).values == 7


# -- which one is looked at -----------------------------------------------------------------------------


def touch(path, changed):
    path.write_bytes(b"")
    os.utime(path, ns=(changed, changed))


def test_the_newest_trace_is_the_one_changed_last(tmp_path):
    for name, changed in [("b.gradviz", 5), ("c.gradviz", 9), ("a.gradviz", 7), (".draft.gradviz", 20), ("d.txt", 30)]:
        touch(tmp_path / name, changed * 10**9)
    (tmp_path / "folder.gradviz").mkdir()
    (tmp_path / "dangling.gradviz").symlink_to(tmp_path / "nothing")
    assert newest(tmp_path) == tmp_path / "c.gradviz"
    touch(tmp_path / "d.gradviz", 9 * 10**9 + 1)
    assert newest(tmp_path) == tmp_path / "d.gradviz"


def test_traces_changed_at_the_same_moment_are_told_apart_by_name(tmp_path):
    for name in ("b", "c", "a"):
        touch(tmp_path / f"{name}.gradviz", 10**18)
    assert newest(str(tmp_path)) == tmp_path / "c.gradviz"


def test_where_no_trace_is_the_way_to_one_is_told(tmp_path):
    with pytest.raises(NoTrace, match="make one with `gradviz trace script.py`"):
        newest(tmp_path)
    with pytest.raises(NoTrace, match="can't look for traces in .*: No such file"):
        newest(tmp_path / "missing")
