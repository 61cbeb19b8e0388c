"""The graphs of a run as a table, one line for many that are alike, and what made a structure new."""

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradviz.trace.graph import Graph
from gradviz.trace.sequence import GraphLife, Released, Run, runs, series
from gradviz.trace.structure import shaped_alike, unlike
from gradviz.trace.trace import Origin, Trace
from gradviz.views import format as fmt
from gradviz.views.rows import at_line, place

LINES = 40  # at most so many of the table, and a quarter of that of new structures
NEW = "≠"  # beside a structure that no graph before had
HEADINGS = (
    ("graph", "left"),
    ("built\nas", "left"),
    ("nodes", "right"),
    ("saved", "right"),
    ("built\nat line", "left"),
    ("backward\nat line", "left"),
    ("saved freed\nby (line)", "left"),
    ("last node\ngone", "left"),
)




def render_graphs(
    console: Console, trace: Trace, graphs: Sequence[Graph], history: Sequence[GraphLife], every: bool = False
):
    """Print the graphs in order; alike ones are one line unless `every`, which leaves nothing out either."""
    grouped = [Run(at, 1, 1) for at in range(len(history))] if every else runs([life.fate() for life in history])
    firsts = _firsts(history)
    shown, left_out = _ends(grouped, None if every else LINES)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), highlight=False)
    for heading, side in HEADINGS:
        table.add_column(heading, justify=side, no_wrap=heading == "graph")
    for position, run in enumerate(shown):
        if left_out and position == (len(shown) + 1) // 2:
            table.add_row(Text(f"⋮ {fmt.count(left_out, 'line')}", style="dim"))
        table.add_row(*map(Text, _cells(trace, history, run, firsts)))
    console.print(table)
    for note in _notes(history, grouped, left_out):
        console.print(Text(note, style="dim"))
    for line in structure_lines(trace, graphs, history, None if every else LINES // 4):
        console.print(Text(line))


def letters(number: int) -> str:
    """A structure's name: A, B, …, Z, AA, AB, …"""
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def structure_lines(trace: Trace, graphs: Sequence[Graph], history: Sequence[GraphLife], most: int | None) -> list[str]:
    """How many structures there are, and what tells each from that of the graph before it; at most so many."""
    firsts, counts = _firsts(history), Counter(life.structure for life in history)
    if len(firsts) == 1:
        alike = "both graphs are" if len(history) == 2 else f"all {len(history):,} graphs are"
        return [f"{alike} built alike: the same ops, edges and shapes"] if len(history) > 1 else []
    lines = [f"{len(firsts):,} structures, told apart by ops, edges and shapes:"]
    for structure, at in list(firsts.items())[:most]:
        head = f"  {letters(structure)}  {fmt.count(counts[structure], 'graph')}, first {at + 1:,}"
        if at:
            head += f", unlike {letters(history[at - 1].structure)}: {_what(trace, graphs[at - 1], graphs[at])}"
        lines.append(head)
    if most is not None and len(firsts) > most:
        lines.append(f"  … {len(firsts) - most:,} more (--all)")
    changed = list(firsts.values())[1] + 1
    return [*lines, f"node by node: gradviz diff {changed - 1} {changed}"]


def as_json(trace: Trace, history: Sequence[GraphLife]) -> dict:
    """Every graph, and which of them one line tells of, as JSON values."""
    firsts, counts = _firsts(history), Counter(life.structure for life in history)
    ending = trace.ending
    return {
        "schema_version": 1,
        "trace": str(trace.path),
        "ended": {"how": ending.how, "error": ending.error, "exit_code": ending.exit_code} if ending else None,
        "structures": [
            {"structure": letters(structure), "first": at + 1, "graphs": counts[structure]}
            for structure, at in firsts.items()
        ],
        "runs": [
            {"first": run.first + 1, "every": run.every, "count": run.count}
            for run in runs([life.fate() for life in history])
        ],
        "graphs": [_life_json(life) for life in history],
    }


def _life_json(life: GraphLife) -> dict:
    gone = life.gone
    return {
        "graph": life.number,
        "structure": letters(life.structure),
        "nodes": life.nodes,
        "accumulators": life.accumulators,
        "saved_bytes": life.saved_bytes,
        "built": {"first": _place_json(life.began), "last": _place_json(life.built)},
        "backward_calls": [
            {
                "backward": call.number,
                "at": _place_json(call.origin),
                "retain_graph": call.retain_graph,
                "create_graph": call.create_graph,
                "failed": call.failed,
            }
            for call in life.backwards
        ],
        "ran": life.ran,
        "nodes_that_saved": life.saving,
        "freed": [
            {
                "backward": each.backward.number if each.backward else None,
                "at": _place_json(each.backward.origin) if each.backward else None,
                "nodes": each.nodes,
            }
            for each in life.released
        ],
        "alive_nodes": life.alive,
        "held_by": [fmt.safe(name) for name in life.holders],
        "gone": gone
        and {
            "step": gone.step,
            "in_backward": gone.backward.number if gone.backward else None,
            "after": _place_json(gone.after),
        },
    }


def _place_json(origin: Origin | None) -> dict | None:
    return {"file": origin.file, "line": origin.line} if origin else None


def _firsts(history):
    """{structure: the place of the first graph built so}."""
    found: dict[int, int] = {}
    for at, life in enumerate(history):
        found.setdefault(life.structure, at)
    return found


def _ends(grouped: list[Run], most: int | None) -> tuple[list[Run], int]:
    if most is None or len(grouped) <= most:
        return grouped, 0
    half = most // 2
    return [*grouped[:half], *grouped[-half:]], len(grouped) - 2 * half


def _cells(trace: Trace, history: Sequence[GraphLife], run: Run, firsts: dict[int, int]) -> tuple[str, ...]:
    life = history[run.first]
    if run.count > 1:
        life = life._replace(holders=tuple(map(series, life.holders)))
    new = firsts[life.structure] == run.first > 0
    return (
        _numbers(run),
        f"{letters(life.structure)} {NEW}" if new else letters(life.structure),
        f"{life.nodes:,}+{life.accumulators:,}" if life.accumulators else f"{life.nodes:,}",
        fmt.size(life.saved_bytes),
        _built(trace, life),
        _backward(trace, life),
        _freed(trace, life),
        _gone(trace, life),
    )


def _numbers(run: Run) -> str:
    """`7`, `1–199 ×199`, or `1, 3 … 39 ×20` where others come between."""
    first, last = run.first + 1, run.first + 1 + (run.count - 1) * run.every
    if run.count == 1:
        return f"{first:,}"
    span = f"{first:,}–{last:,}" if run.every == 1 else f"{first:,}, {first + run.every:,} … {last:,}"
    return f"{span} ×{run.count:,}"


def _built(trace: Trace, life: GraphLife) -> str:
    began, built = place(trace, life.began), place(trace, life.built)
    lines = "–".join(dict.fromkeys(each for each in (began, built) if each)) or "-"
    return f"{lines}, ran ×{life.ran:,}" if life.ran > 1 else lines


def _backward(trace: Trace, life: GraphLife) -> str:
    """Where backward was called, each place once: `8`, `8 ×3, 12`, `9 failed`."""
    calls = Counter(
        (place(trace, call.origin) or "?") + (" failed" if call.failed else "") for call in life.backwards
    )
    return ", ".join(text + (f" ×{count:,}" if count > 1 else "") for text, count in calls.items()) or "never"


def _freed(trace: Trace, life: GraphLife) -> str:
    if not life.saving:
        return "nothing saved" if life.nodes else "-"
    kept = life.saving - sum(each.nodes for each in life.released)
    parts = [(_by(trace, life, each), each.nodes) for each in life.released] + ([("not freed", kept)] if kept else [])
    if len(parts) == 1:
        return parts[0][0]
    return "; ".join(f"{text}: {nodes:,} of {life.saving:,}" for text, nodes in parts)


def _parts(life: GraphLife) -> int:
    return len(life.released) + (sum(each.nodes for each in life.released) < life.saving)


def _by(trace: Trace, life: GraphLife, released: Released) -> str:
    if released.backward is None:
        return "the nodes' own end"
    which = f"backward {released.which}" if len(life.backwards) > 1 else "backward"
    where = place(trace, released.backward.origin)
    return f"{which} ({where})" if where else which


def _gone(trace: Trace, life: GraphLife) -> str:
    if not life.nodes:
        return "no nodes"
    if life.alive:
        part = "" if life.alive == life.nodes else f", {life.alive:,} of {life.nodes:,}"
        holders = life.holders if len(life.holders) <= 3 else tuple(dict.fromkeys(map(series, life.holders)))
        names = [fmt.clip(fmt.safe(name), 20) for name in holders[:3]]
        names += [f"{len(holders) - 3:,} more"] if len(holders) > 3 else []
        return f"alive{part}{': ' if names else ''}{', '.join(names)}"
    gone = life.gone
    if gone is not None and gone.backward is not None:
        return f"in backward, {at_line(trace, gone.backward.origin)}".rstrip(", ")
    where = at_line(trace, gone.after) if gone is not None else ""
    return f"after {where}" if where else "gone"


def _what(trace: Trace, one: Graph, other: Graph) -> str:
    """What makes one structure another: ops more and fewer, else shapes, else edges."""
    changes = unlike(trace, one, other)
    if not changes:
        shaped = shaped_alike(trace, one, other)
        return "the same ops, joined otherwise" if shaped else "the same ops on other shapes"
    told = [f"{'+' if more > 0 else '−'}{abs(more):,} {fmt.safe(name)}" for name, more in changes[:4]]
    return ", ".join(told + ([f"… {len(changes) - 4:,} more"] if len(changes) > 4 else []))


def _notes(history: Sequence[GraphLife], grouped: list[Run], left_out: int) -> list[str]:
    notes = []
    if any(life.accumulators for life in history):
        notes.append("nodes: of ops + AccumulateGrads of leaves")
    if any(_parts(life) > 1 for life in history):
        notes.append("n of m: so many of the m nodes that saved something")
    if any(life.gone and not life.gone.backward for life in history):
        notes.append("after line N: the last line seen to run before the last node ended")
    if any(life.alive for life in history):
        notes.append("alive: at the end of the script, and the variables that hold it")
    if any(life.ran > 1 for life in history):
        notes.append("ran ×N: a static graph, built once; each of its calls is a graph of one StaticBackward0 below")
    if len(set(life.structure for life in history)) > 1:
        notes.append(f"{NEW}: built as no graph before it")
    if len(grouped) < len(history):
        turns = ", also where they take turns" if any(run.every > 1 for run in grouped) else ""
        lines = fmt.count(len(grouped), "line")
        notes.append(f"{len(history):,} graphs on {lines}: alike ones share one{turns} (--all)")
    if left_out:
        notes.append(f"{fmt.count(left_out, 'line')} left out (--all)")
    return notes
