"""What `gradviz trace --verify` found, in words: for the table, its summary, and its JSON."""

from collections import Counter

from gradviz.trace.graph import Graph
from gradviz.trace.trace import Trace
from gradviz.trace.verified import AGREES, DELIBERATE, DIFFERS, UNKNOWN, Verified, by_node, verified
from gradviz.views import format as fmt

MARK = "≠"
MOST = 5  # gradients told of one by one


def of_rows(trace: Trace, graph: Graph) -> dict[int, list[Verified]]:
    """{number of a result: the gradients of its node that were looked at}."""
    found = by_node(trace)
    return {node.number: found[node.node] for node in graph.nodes if node.node in found} if found else {}


def differing(looked_at: dict[int, list[Verified]]) -> dict[int, list[Verified]]:
    """Those of them that disagree with central differences."""
    wrong = {number: [each for each in told if each.verdict == DIFFERS] for number, told in looked_at.items()}
    return {number: told for number, told in wrong.items() if told}


def lines(wrong: dict[int, list[Verified]]) -> list[str]:
    """A line for each gradient that disagrees, the first few."""
    told = [f"{MARK}{number} {difference(each)}" for number, found in wrong.items() for each in found]
    more = len(told) - MOST
    return [*told[:MOST], *([f"{MARK} … {fmt.count(more, 'more gradient')}"] if more > 0 else [])]


def sentence(each: Verified) -> tuple[str, str]:
    """What was found of one gradient, as a label and words."""
    if each.verdict == AGREES:
        return "verified", "central differences agree"
    if each.verdict == DIFFERS:
        return f"{MARK} wrong", difference(each)
    return "not judged", each.why


def short(each: Verified) -> str:
    """What is wrong with one gradient, in few characters."""
    whose = fmt.clip(fmt.safe(each.input) or f"input {each.position}", 16)
    where = " along a direction" if each.place is None else f"{list(each.place) if each.place else ''}"
    return f"{whose}{where}: gave {_number(each.given)}, slope {_number(each.numeric)}"


def difference(each: Verified) -> str:
    """What is wrong with one gradient."""
    whose = fmt.safe(each.input) or f"input {each.position}"
    where = ", along a direction" if each.place is None else f"{list(each.place) if each.place else ''}"
    factor = f" (always ×{_number(each.ratio)})" if each.ratio else ""
    by = f"{fmt.safe(each.function)}.backward" if each.function else "backward"
    return f"{whose}{where}: {by} gave {_number(each.given)}, central differences {_number(each.numeric)}{factor}"


def _number(value: float) -> str:
    return f"{value:.4g}"


def facts(trace: Trace) -> dict | None:
    """How many gradients were looked at, by verdict; why nothing is said of some; None without --verify."""
    found = verified(trace)
    if not found:
        return None
    of_verdict = Counter(each.verdict for each in found)
    why = Counter(each.why for each in found if each.verdict in (UNKNOWN, DELIBERATE))
    return {name: of_verdict[name] for name in (AGREES, DIFFERS, DELIBERATE, UNKNOWN)} | {
        "why": {fmt.safe(text): times for text, times in why.most_common()}
    }


def summary_lines(told: dict | None) -> list[str]:
    """The facts as lines."""
    if told is None:
        return []
    amount = sum(told[name] for name in (AGREES, DIFFERS, DELIBERATE, UNKNOWN))
    parts = [f"{told[name]:,} {word}" for name, word in ((AGREES, "right"), (DIFFERS, "wrong")) if told[name]]
    parts = parts or ["nothing can be said"]
    line = f"{fmt.count(amount, 'gradient')} beside central differences: {', '.join(parts)}"
    return [line, *(f"  not judged: {times:,}, since {text}" for text, times in told["why"].items())]


def as_json(told: list[Verified]) -> list[dict]:
    """What is known of one row's gradients."""
    return [
        {
            "backward_call": each.backward,
            "input": each.input,
            "position": each.position,
            "verdict": each.verdict,
            "why": each.why,
            "given": each.given if each.verdict == DIFFERS else None,
            "numeric": each.numeric if each.verdict == DIFFERS else None,
            "element": list(each.place) if each.place is not None else None,
            "function": each.function,
        }
        for each in told
    ]
