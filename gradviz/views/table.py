"""The table: one row a forward result, and under it what the run cost and what is left of it."""

from collections.abc import Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradviz.errors import BadInput
from gradviz.trace.events import NUMBER, Flag, Kind
from gradviz.trace.graph import Graph, GraphNode
from gradviz.trace.memory import Lives, saved_summary
from gradviz.trace.trace import Origin, Trace
from gradviz.views import format as fmt
from gradviz.views import verification
from gradviz.views.rows import (
    ONLY_HELD,
    Row,
    asides,
    at_line,
    failing,
    failing_numbers,
    kept_size,
    place,
    row_json,
    rows,
    unnamed,
)

# name -> (heading, narrowest, widest, style)
COLUMNS = {
    "number": ("#", 9, 9, "dim"),
    "name": ("name", 10, 28, "bold"),
    "op": ("op", 6, 16, ""),
    "grad_fn": ("grad_fn", 14, 26, ""),
    "shape": ("shape dtype", 11, 26, ""),
    "data": ("data", 12, 40, ""),
    "grad": ("grad", 12, 40, ""),
    "requires_grad": ("req", 3, 3, ""),
    "is_leaf": ("leaf", 4, 4, ""),
    "saved": ("saved", 12, 36, ""),
    "state": ("state", 12, 20, ""),
    "line": ("line", 24, 24, "dim"),
    "step": ("step", 6, 30, "dim"),
}
FOLDING = ("step", "requires_grad", "is_leaf", "op", "shape", "saved", "line", "grad_fn", "grad", "number")
GAP = 2
NAME_FIRST = 18  # up to here the names get what room is left, before any other column


def render_table(console: Console, trace: Trace, graph: Graph, lives: Lives, *, columns=None, wide=False, limit=200):
    """Print one graph's table; columns fold away, in the order of FOLDING, until it fits the console.

    columns: only these, in this order, as `known` gives them. wide: all, however wide. limit: at most so many rows,
    an optimizer's or a Function's own work as one (None: everything).
    """
    wrong = verification.differing(verification.of_rows(trace, graph))
    marked = dict.fromkeys(wrong, verification.MARK) | dict.fromkeys(failing_numbers(trace, graph), "✗")
    plain = [node for node in graph.nodes if node.op == NUMBER and node.number not in marked]
    listed, left_out = _limited(_folded(graph, marked) if limit is not None else graph.nodes, limit)
    shown = _rows(trace, graph, lives, listed)
    pairs = [(row, marked.get(row.number, "")) for row in shown]
    cells = {name: [_cell(name, *pair) for pair in pairs] for name in COLUMNS if name != "line"}
    cells["line"] = [Text(place(trace, row.origin) or "-") for row in shown]
    in_full = wide or columns is not None
    names, widths = _fitted(cells, columns, console.width, in_full)
    for name in {"name", "data", "grad"}.intersection(names):  # what is cut says so itself
        cells[name] = [_cell(name, *pair, widths[name]) for pair in pairs]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), highlight=False)
    for name in names:
        heading, _, _, style = COLUMNS[name]
        justify = "right" if name in ("number", "line") else "left"
        table.add_column(heading, width=widths[name], no_wrap=True, overflow="ellipsis", style=style, justify=justify)
    half = (len(shown) + 1) // 2
    for position in range(len(shown)):
        if left_out and position == half:
            note = f"… {left_out:,} more"
            table.add_row(*[Text(note if name == "name" else "⋮" if name == "number" else "") for name in names])
        table.add_row(*[cells[name][position] for name in names])
    # a table asked for in full keeps its width: the terminal wraps it, nothing is cut
    screen = console.width
    if in_full:
        console.width = max(screen, sum(widths.values()) + GAP * len(names))
    console.print(table, crop=False)
    console.width = screen
    _explain(console, shown, names, left_out, columns, len(plain) if limit is not None else 0)
    for line in verification.lines(wrong):
        console.print(Text(line, style="bold red"))


def summary(console: Console, trace: Trace, graphs: Sequence[Graph], lives: Lives):
    """Print what the whole run did: ops, nodes, backward calls, what was freed by which, and what is left."""
    for line in summary_lines(trace, graphs, lives):
        console.print(Text(line), soft_wrap=False)


def summary_lines(trace: Trace, graphs: Sequence[Graph], lives: Lives) -> list[str]:
    """The lines of the summary."""
    facts = summary_facts(trace, lives)
    made = f"{fmt.count(facts['ops'], 'op')}"
    if facts["ops_no_grad"]:
        made += f" ({facts['ops_no_grad']:,} under no_grad)"
    made += f" · {_nodes(facts['nodes'], facts['accumulators'])} · {fmt.count(len(graphs), 'graph')}"
    lines = [f"{made} · {fmt.count(len(facts['freed']), 'backward call')}"]
    peak = f"saved tensors at their peak: {fmt.size(facts['peak_bytes'])}"
    if facts["peak_bytes_alone"] not in (None, facts["peak_bytes"]):
        peak += f" ({fmt.size(facts['peak_bytes_alone'])} the graph's alone)"
    lines.append(peak + (f", reached at {facts['peak_place']}" if facts["peak_place"] else ""))
    freed = facts["freed"]
    told = freed if len(freed) <= 4 else [*freed[:3], None, freed[-1]]
    for each in told:
        if each is None:
            lines.append(f"  … {fmt.count(len(freed) - 4, 'more backward call')}")
            continue
        where = f" ({each['place']})" if each["place"] else ""
        called = f"backward {each['backward']}{where}{' failed, and' if each['failed'] else ''} freed"
        if each["tensors"]:
            kept = "all" if each["bytes_in_use"] == each["bytes"] else fmt.size(each["bytes_in_use"])
            held = f" ({kept} in use)" if each["bytes_in_use"] else ""
            lines.append(
                f"{called} {fmt.count(each['tensors'], 'saved tensor')} of {fmt.count(each['nodes'], 'node')}: "
                f"{fmt.size(each['bytes'])}{held}"
            )
        else:
            kept = "create_graph" if each["create_graph"] else "retain_graph" if each["retain_graph"] else ""
            why = f"{kept} kept them" if kept else "there were none to free"
            lines.append(f"{called} no saved tensors{'' if each['failed'] else f': {why}'}")
    if facts["alive_nodes"]:
        held, own = facts["holders"], facts["alive_nodes"] - facts["alive_accumulators"]
        named = [fmt.clip(name, 40) for name in held[:3]]
        named += [fmt.count(len(held) - 3, "more variable")] if len(held) > 3 else []
        named += [f"what no variable shows ({facts['unnamed_nodes']:,})"] if facts["unnamed_nodes"] else []
        by = f"; held by {', '.join(named)}" if named else ""
        lines.append(
            f"still alive at the end: {_nodes(own, facts['alive_accumulators'])}, "
            f"{fmt.size(facts['alive_bytes'])} saved{by}"
        )
    else:
        lines.append("still alive at the end: no node, no saved tensor")
    return lines + verification.summary_lines(facts["verified"])


def _nodes(ops: int, accumulators: int) -> str:
    return fmt.count(ops, "node") + (f" + {accumulators:,} AccumulateGrad" if accumulators else "")


def summary_facts(trace: Trace, lives: Lives) -> dict:
    """The summary as plain values: what the text and the JSON both tell."""
    saved = saved_summary(trace, lives)
    table = trace.rows
    forward = table[trace.of(Kind.FORWARD)]
    ops = forward[(forward["a"] > 0) | (forward["node"] > 0)]
    starts = {int(table["a"][step]): step for step in trace.of(Kind.BACKWARD).tolist()}
    ends = table[trace.of(Kind.BACKWARD_ENDED)]
    failed = set(ends["a"][(ends["flags"] & Flag.FAILED) > 0].tolist())
    freed = []
    for each in saved.freed:
        origin = trace.origin(int(table["origin"][starts[each.backward]]))
        freed.append(
            {
                "backward": each.backward,
                "line": origin.line if origin else 0,
                "place": at_line(trace, origin),
                "bytes": each.nbytes,
                "tensors": each.tensors,
                "nodes": each.nodes,
                "bytes_in_use": each.in_use,
                "retain_graph": bool(table["flags"][starts[each.backward]] & Flag.RETAIN_GRAPH),
                "create_graph": bool(table["flags"][starts[each.backward]] & Flag.CREATE_GRAPH),
                "failed": each.backward in failed,
            }
        )
    peak = trace.origin(int(table["origin"][saved.peak_at])) if saved.peak_at >= 0 else None
    return {
        "ops": len(ops),
        "ops_no_grad": int(((ops["flags"] & Flag.NO_GRAD) > 0).sum()),
        "nodes": int((ops["node"] > 0).sum()),
        "accumulators": len(trace.of(Kind.NODE)),
        "peak_bytes": saved.peak,
        "peak_bytes_alone": trace.sharing.alone(saved.peak_at),
        "peak_line": peak.line if peak else 0,
        "peak_place": at_line(trace, peak),
        "freed": freed,
        "alive_nodes": saved.alive_nodes,
        "alive_accumulators": saved.alive_accumulators,
        "unnamed_nodes": unnamed(trace, lives),
        "alive_bytes": saved.alive_bytes,
        "verified": verification.facts(trace),
        "holders": list(dict.fromkeys(fmt.safe(holder.name) for holder in saved.holders if holder.node)),
    }


def ending_line(trace: Trace) -> str:
    """How the run ended, where that is worth a line; "" when it just finished."""
    ending = trace.ending
    if ending is None:
        return "the run was cut off before its end: this is what it had written"
    words = {"raised": fmt.safe(ending.error), "interrupted": "interrupted: this is the trace so far"}
    told = words.get(ending.how, "")
    where = failing(trace)
    return f"✗ {f'{at_line(trace, where)}: ' if where else ''}{told}" if told else ""


def heading(graph: Graph, of: int, last: bool) -> str:
    """The line above a table: which graph it is."""
    if of <= 1:
        return f"graph {graph.number} of {max(of, 1)}"
    kind = " — the last that ran backward" if last else ""
    return f"graph {graph.number} of {of:,}{kind} (--graph N|all|last)"


def as_json(trace: Trace, chosen: Sequence[Graph], graphs: Sequence[Graph], lives: Lives, limit=None) -> dict:
    """Rows and summary as JSON values; numbers that JSON lacks (nan, inf) are text."""
    ending = trace.ending
    told = []
    for graph in chosen:
        listed, left_out = _limited(graph.nodes, limit)
        shown = _rows(trace, graph, lives, listed)
        looked_at = verification.of_rows(trace, graph)
        told.append(
            {
                "graph": graph.number,
                "backward_calls": [call.number for call in graph.backwards],
                "rows": [
                    row_json(row) | {"verified": verification.as_json(looked_at.get(row.number, []))} for row in shown
                ],
                "rows_left_out": left_out,
            }
        )
    return {
        "schema_version": 1,
        "trace": str(trace.path),
        "ended": {"how": ending.how, "error": ending.error, "exit_code": ending.exit_code} if ending else None,
        "graphs_in_trace": len(graphs),
        "graphs": told,
        "summary": summary_facts(trace, lives),
    }


def _rows(trace, graph, lives, listed) -> "list[Row | Folded]":
    """The rows of the nodes in a list; what was folded in it stays."""
    wanted = {each.number for each in listed if not isinstance(each, Folded)}
    made = {row.number: row for row in rows(trace, graph, lives, wanted)}
    return [each if isinstance(each, Folded) else made[each.number] for each in listed]


def _limited(found: "Sequence[GraphNode | Folded]", limit):
    if limit is None or len(found) <= limit:
        return found, 0
    half = (limit + 1) // 2
    return [*found[:half], *found[len(found) - (limit - half) :]], len(found) - limit


class Folded(NamedTuple):
    """Rows next to each other that are one call's own work, shown as one; origin: where the script called it."""

    number: int
    aside: str
    count: int
    origin: Origin | None


def _folded(graph: Graph, marked: dict[int, str]) -> list[GraphNode | Folded]:
    shown, aside_of = [], asides(graph)
    for node in graph.nodes:
        last, aside = shown[-1] if shown else None, aside_of.get(node.number, "")
        if node.op == NUMBER and node.number not in marked:
            continue
        if not aside or node.number in marked:
            shown.append(node)
        elif isinstance(last, Folded) and last.aside == aside:
            shown[-1] = last._replace(count=last.count + 1)
        else:
            shown.append(Folded(node.number, aside, 1, node.origin))
    return shown


def known(columns):
    """The columns by their own names; BadInput for one that there is not."""
    if columns is None:
        return None
    aliases = {"#": "number", "req": "requires_grad", "leaf": "is_leaf", "dtype": "shape"}
    names = [aliases.get(name, name) for name in columns]
    for name in names:
        if name not in COLUMNS:
            raise BadInput(f"--columns {name}: unknown; known columns: {', '.join(COLUMNS)}")
    return list(dict.fromkeys(names))


def _fitted(cells, asked, room, all_of_it):
    """The columns that are shown, and the width of each."""
    names = list(asked or COLUMNS)
    natural = {name: max([len(COLUMNS[name][0]), *(cell.cell_len for cell in cells[name])]) for name in names}
    if all_of_it:
        return names, natural
    natural = {name: min(width, COLUMNS[name][2]) for name, width in natural.items()}
    widths = {name: min(natural[name], COLUMNS[name][1]) for name in names}
    for folded in FOLDING:
        if sum(widths.values()) + GAP * (len(widths) - 1) <= room:
            break
        del widths[folded]
    names = [name for name in names if name in widths]
    slack = room - sum(widths.values()) - GAP * (len(names) - 1)
    if "name" in widths:  # first what tells the rows apart
        more = max(min(natural["name"], NAME_FIRST) - widths["name"], 0)
        widths["name"] += min(slack, more)
        slack -= min(slack, more)
    while slack > 0:
        wanting = [name for name in names if widths[name] < natural[name]]
        if not wanting:
            break
        for name in wanting[:slack]:
            widths[name] += 1
            slack -= 1
    return names, widths


def _explain(console, shown, names, left_out, columns, numbers):
    """The lines under a table: what was folded, cut or means something special."""
    notes = []
    folds = [row for row in shown if isinstance(row, Folded)]
    shown = [row for row in shown if not isinstance(row, Folded)]
    if any(row.grad is not None and not row.grad.stored for row in shown) and "grad" in names:
        notes.append("(grad) flowed through the node and was not stored: .grad there stays None")
    if "state" in names and any(_saves_nothing(row) for row in shown):
        notes.append("live saves 0: the node saved nothing, so backward has nothing to free there")
    if "state" in names and any(row.state == "untouched" for row in shown):
        notes.append("untouched: no backward call ran the node; what it saved is still kept")
    if "saved" in names and any(kept.share.is_shared for row in shown for kept in row.saved):
        notes.append("saved 8 B*: a parameter's or variable's memory too; its release frees nothing")
    folded = [COLUMNS[name][0] for name in COLUMNS if name not in names]
    if folded and columns is None:
        notes.append(f"folded to fit: {', '.join(folded)} (--wide shows all)")
    held = sum(fold.count for fold in folds if fold.aside == ONLY_HELD)
    if held:
        notes.append(f"{fmt.count(held, 'tensor')} that no op was seen to make or use folded (--rows all)")
    work = [fold for fold in folds if fold.aside != ONLY_HELD]
    if work:
        names = ", ".join(dict.fromkeys(fold.aside for fold in work))
        inside = fmt.count(sum(fold.count for fold in work), "row")
        notes.append(f"{inside} of the own work of {names} folded (--rows all)")
    if numbers:
        notes.append(f"{fmt.count(numbers, 'Python number')} not listed (--rows all)")
    if left_out:
        notes.append(f"{fmt.count(left_out, 'row')} left out (--rows all)")
    for note in notes:
        console.print(Text(note, style="dim"))


def _cell(name: str, row: Row | Folded, mark: str, room: int = 40) -> Text:
    """One cell; the text is escaped already, and never read as markup. room: characters for a name or a value."""
    if isinstance(row, Folded):
        told = {"number": "⋮", "name": f"{row.aside} ×{row.count:,}"}
        return Text(told.get(name, ""), style="not bold dim")
    if name == "number":
        return Text(f"{mark}{row.number}", style="bold red" if mark else "")
    if name == "name":
        if row.name:
            return Text(fmt.clip_path(row.name, room))
        return Text(row.expression, style="not bold dim")
    if name == "op":
        return Text(row.op)
    if name == "grad_fn":
        return Text(row.grad_fn or ("no_grad" if row.no_grad else "-"))
    if name == "shape":
        device = "" if row.meta.device == "cpu" else f" {row.meta.device}"
        return Text(f"{fmt.shape(row.meta.shape)} {row.meta.dtype}{device}")
    if name == "data":
        return Text(fmt.preview(row.data, room))
    if name == "grad":
        if row.grad is None:
            return Text("-", style="dim")
        if row.grad.stored:
            return Text(fmt.preview(row.grad.value, room))
        return Text(f"({fmt.preview(row.grad.value, room - 2)})", style="dim")
    if name in ("requires_grad", "is_leaf"):
        return Text("yes" if getattr(row, name) else "no")
    if name == "saved":
        kept = ", ".join(f"{each.name} {kept_size(each)}" for each in row.saved)
        return Text(kept or "-")
    if name == "step":
        return Text(row.life.steps)
    text = "live saves 0" if _saves_nothing(row) else row.state
    return Text(text, style=fmt.STYLES.get(row.state, "dim"))


def _saves_nothing(row: Row) -> bool:
    return bool(row.grad_fn) and not row.is_leaf and not row.saved and row.state == "live"
