"""The answers in words, a line or more to each fact."""

import textwrap
from collections.abc import Iterator

from gradviz.trace.holding import ACTIVATIONS, NODES, ONE_GRAPH, VALUE
from gradviz.views.format import clip, clip_path, count, size

MOST_LISTED = 20
ENDS = 4  # links shown at each end of a long chain
SOURCE = 10  # characters of source that are worth showing
VERDICT, FIX = "verdict  ", "fix      "
WORDS = {
    VALUE: "it is part of no graph",
    ONE_GRAPH: "as any result has that needs gradients; not a leak",
    NODES: "the graphs of earlier passes stay, though backward freed what they had saved",
    ACTIVATIONS: "the graphs of earlier passes stay, and what they saved stays with them",
}


def lines(facts: dict, width: int) -> list[str]:
    """The answer, wrapped to a width."""
    told = []
    for line in _lines(facts, width):
        opening = next((len(each) for each in (VERDICT, FIX) if line.startswith(each)), 0)
        room = opening or len(line) - len(line.lstrip()) + 4
        told += textwrap.wrap(line, max(width, 40), subsequent_indent=" " * room) or [""]
    return told


def _lines(facts, width) -> Iterator[str]:
    if facts["results"]:
        for result in facts["results"]:
            yield from _result(result, width)
    elif facts["holders"] and "chain" in facts["holders"][0]:
        yield from _holder(facts["holders"][0], width)
    else:
        yield from _overview(facts, width)
    if facts["not_looked_at"]:
        yield f"{count(facts['not_looked_at'], 'object')} or more were too many to look for holders in them"


def _overview(facts, width) -> Iterator[str]:
    found = facts["holders"]
    if found:
        yield "what keeps nodes alive at the end, the largest first (one node counts for each that keeps it):"
        yield from _listed(found[:MOST_LISTED], width)
        if len(found) > MOST_LISTED:
            yield f"  … {len(found) - MOST_LISTED:,} more (--json lists all)"
    else:
        yield "no variable keeps a node alive at the end"
    others = facts["holders_of_values"]
    if others:
        yield f"{count(others, 'more variable')} hold{'s' if others == 1 else ''} nothing but values"
    if facts["holders_not_weighed"]:
        yield f"{count(facts['holders_not_weighed'], 'more variable')} not weighed"
    if facts["unnamed_nodes"]:
        yield f"{count(facts['unnamed_nodes'], 'node')} alive that no variable leads to: hooks or other threads may"


def _listed(found, width) -> Iterator[str]:
    nodes = _right([count(each["nodes"], "node") for each in found])
    saved = _right([f"{size(each['saved_bytes'])} saved" for each in found])
    room = max(width - len(nodes[0]) - len(saved[0]) - max(len(each["verdict"]) for each in found) - 8, 24)
    names = []
    for each in found:
        place = f" ({each['place']})" if each["place"] else ""
        names.append(clip_path(each["name"], max(room - len(place), 8)) + place)
    longest = max(map(len, names))
    for each, name, amount, kept in zip(found, names, nodes, saved, strict=True):
        yield f"  {name:{longest}}  {amount}  {kept}  {each['verdict']}"


def _right(texts: list[str]) -> list[str]:
    return [text.rjust(max(map(len, texts))) for text in texts]


def _holder(fact, width) -> Iterator[str]:
    place = f" ({fact['place']})" if fact["place"] else ""
    if fact["first"] == fact["last"] == fact["name"]:
        yield f"{fact['name']}{place} holds a {fact['what']}"
    else:
        ends = fact["first"] if fact["held"] == 1 else f"{fact['first']} … {fact['last']}"
        yield f"{fact['name']}{place} holds {count(fact['held'], fact['what'])}: {ends}"
    if fact["nodes"]:
        leaves = f" + {fact['accumulators']:,} AccumulateGrad" if fact["accumulators"] else ""
        yield f"  → {count(fact['nodes'], 'node')}{leaves}"
        yield f"  → {size(fact['saved_bytes'])} of saved tensors{_freed(fact['freed'])}"
        if fact["only_nodes"] == fact["nodes"]:
            yield "  nothing else that was found keeps them"
        elif not fact["only_nodes"]:
            yield "  other variables keep all of them too"
        else:
            only = f"{count(fact['only_nodes'], 'node')} and {size(fact['only_bytes'])}"
            yield f"  of these, {only} are kept by nothing else that was found"
        yield ""
        yield from _chain(fact["chain"], width)
        yield ""
    yield f"{VERDICT}{fact['verdict']}: {WORDS[fact['verdict']]}"
    if fact["retained"] and fact["saved_bytes"]:
        where = f" at {fact['retained'][-1]}" if fact["retained"][-1] else ""
        yield f"         backward{where} kept the saved tensors (retain_graph or create_graph)"
    if fact["fix"]:
        yield f"{FIX}{fact['fix']}"


def _freed(freed) -> str:
    if not freed:
        return ""
    amount = size(sum(each["bytes"] for each in freed))
    calls = [each for each in freed if each["backward"]]
    if not calls:
        return f" ({amount} released)"
    place = calls[-1]["place"]
    if len(calls) == 1:
        return f" ({amount} freed by backward{f' at {place}' if place else ''})"
    return f" ({amount} freed by {len(calls):,} backward calls{f', the last at {place}' if place else ''})"


def _chain(chain, width) -> Iterator[str]:
    if not chain:
        return
    yield f"  {chain[0]['name']}"
    links = chain[1:]
    cut = len(links) > 2 * ENDS
    for link in links[:ENDS] if cut else links:
        yield _link(link, width)
    if cut:
        yield f"  → … {count(len(links) - 2 * ENDS, 'more node')}"
        for link in links[-ENDS:]:
            yield _link(link, width)


def _link(link, width) -> str:
    head = f"  → #{link['number']} {link['grad_fn']}"
    if link["grad_fn"] == "AccumulateGrad":
        return head + _where(link)
    head += (f" ({link['place']})" if link["place"] else "") + f", {_saved(link['saved'])}"
    room = width - len(head) - 2
    return f"{head}: {clip(link['source'], room)}" if link["source"] and room >= SOURCE else head


def _saved(saved) -> str:
    told = []
    for each in saved:
        by = f" by backward {each['freed_by']}" if each["freed_by"] else ""
        told.append(f"{each['name']} {size(each['bytes'])} {'alive' if each['freed_by'] is None else f'freed{by}'}")
    return ", ".join(told) or "saved nothing"


def _where(link) -> str:
    named = f" of {link['result']}" if link["result"] else ""
    return named + (f" ({link['place']})" if link["place"] else "")


def _result(result, width) -> Iterator[str]:
    what = f"#{result['number']} {result['grad_fn'] or 'a value'}{_where(result)}"
    if result["state"] == "no graph":
        yield f"{what} has no node: no gradient flows through it"
    elif result["state"] == "gone":
        yield f"{what} is gone: nothing holds it"
    elif not result["chain"]:
        yield f"{what} is alive, but no variable that was found leads to it: a hook or another thread may"
    else:
        held = [clip(name, 40) for name in result["held_by"]]
        more = [count(len(held) - 3, "more variable")] if len(held) > 3 else []
        yield f"{what} is alive: held by {', '.join(held[:3] + more)}"
        yield ""
        yield from _chain(result["chain"], width)
