"""`gradviz info`: what a trace file is, how its run ended, and how much is in it."""

import shlex

from gradviz.cli.choices import Json, TraceFile, trace_file

_LISTED = 3  # backward calls whose steps are told
_COUNTED = (
    ("forward ops", "FORWARD"),
    ("backward calls", "BACKWARD"),
    ("backward steps", "STEP"),
    ("gradients accumulated", "ADDED"),
    ("gradients returned by autograd.grad", "CAPTURED"),
    ("nodes whose saved tensors were released", "RELEASED"),
    ("buffers freed", "FREED"),
    ("nodes gone", "GONE"),
    ("in-place changes", "MUTATED"),
)


def info(file: TraceFile = None, json: Json = False) -> None:
    """Tell what a trace holds: the script, when and how it ran, how it ended, how many events of which kind.

    \b
    Examples:
      gradviz info
      gradviz info train.gradviz --json
    """
    from gradviz.errors import BadTrace
    from gradviz.trace.graph import graphs
    from gradviz.trace.store import load

    trace = load(trace_file(file))
    try:
        graph_count = len(graphs(trace))
        ended = _ended(trace)
    except BadTrace as error:  # what the rows alone tell is told all the same
        trace.damaged = trace.damaged or str(error)
        graph_count, ended = None, None
    facts = _facts(trace, graph_count, ended)
    if json:
        import json as text

        print(text.dumps(facts, indent=2))
    else:
        print("\n".join(_lines(facts)))


def _ended(trace) -> dict | None:
    ending = trace.ending
    if ending is None:
        return None
    place = trace.origin(ending.origin)
    where = {"file": place.file, "line": place.line, "text": place.text} if place is not None else None
    return {"how": ending.how, "error": ending.error, "exit_code": ending.exit_code, "at": where}


def _facts(trace, graph_count: int | None, ended: dict | None) -> dict:
    """Everything that is shown, as JSON types; None for what the file doesn't tell."""
    from gradviz.trace.events import Kind

    header = trace.header
    told = ("format", "gradviz", "mode", "script", "argv", "source", "started", "python", "device")
    return {
        "schema_version": 1,
        "trace": str(trace.path),
        "bytes": trace.path.stat().st_size,
        **{name: header.get(name) for name in told},
        "ended": ended,
        "damaged": trace.damaged or None,
        "graphs": graph_count,
        "events": {name: len(trace.of(Kind[kind])) for name, kind in _COUNTED},
        "rows": len(trace.rows),
        "last_step": trace.end,
        "backward_calls": _calls(trace),
    }


def _calls(trace) -> list[dict]:
    """The steps between which each backward call ran; ended is None for one that never did."""
    from gradviz.trace.events import Kind

    rows, ends = trace.rows, trace.of(Kind.BACKWARD_ENDED)
    ended = dict(zip(rows["a"][ends].tolist(), ends.tolist(), strict=True))
    starts = trace.of(Kind.BACKWARD)
    return [
        {"backward": call, "started": started, "ended": ended.get(call)}
        for call, started in zip(rows["a"][starts].tolist(), starts.tolist(), strict=True)
    ]


def _lines(facts: dict) -> list[str]:
    from gradviz.views.format import safe, size

    command = shlex.join(map(str, [facts["script"], *(facts["argv"] or [])]))
    prefix = {"module": "-m ", "expression": "-e "}.get(facts["mode"], "")
    version = f"format {facts['format']}, written by gradviz {facts['gradviz']}"
    pairs = [
        ("trace", f"{facts['trace']}  ({size(facts['bytes'])}, {version})"),
        ("ran", prefix + command),
        ("started", f"{facts['started']}, Python {facts['python']}, on {facts['device']}"),
        ("ended", _ending(facts)),
        *([("damaged", facts["damaged"])] if facts["damaged"] else []),
        ("graphs", "unknown" if facts["graphs"] is None else f"{facts['graphs']:,}"),
        ("steps", _steps(facts)),
        ("events", f"{sum(facts['events'].values()):,} in {facts['rows']:,} rows"),
    ]
    lines = [f"{name:8} {safe(text)}" for name, text in pairs]
    return lines + [f"{amount:>15,}  {name}" for name, amount in facts["events"].items() if amount]


def _steps(facts: dict) -> str:
    """`0 to 57; backward 1: 19–30, 2: 33–47`: what `gradviz render --when step=N` takes."""
    calls = facts["backward_calls"]
    told = [f"{call['backward']}: {call['started']}–{call['ended'] or '?'}" for call in calls[:_LISTED]]
    told += [f"{len(calls) - _LISTED:,} more"] if len(calls) > _LISTED else []
    return f"0 to {facts['last_step']}" + (f"; backward {', '.join(told)}" if told else "")


def _ending(facts: dict) -> str:
    ended = facts["ended"]
    if ended is None:
        recovered = sum(facts["events"].values())
        if facts["damaged"]:
            return f"unknown, the file is damaged; {recovered:,} events recovered"
        return f"the run was cut off (or goes on still); {recovered:,} events recovered"
    if ended["how"] in ("finished", "exited"):
        called = " by sys.exit" if ended["how"] == "exited" else ""
        return f"finished{called}, exit code {ended['exit_code']}"
    text = f"{ended['how']}: {ended['error']}"
    if ended["at"] is not None:
        text += f" at {ended['at']['file']}:{ended['at']['line']}: {ended['at']['text'].strip()}"
    return f"{text}, exit code {ended['exit_code']}"
