"""`python -m bench`: print how gradviz compares with its peers, measured here and now."""

import argparse
import json
from textwrap import wrap

PROCESSES = {
    "command": "start-up of the command, and tracing a script end to end",
    "views": "a trace of 1,000 to 100,000 ops loaded, and each view of it",
}


def main() -> None:
    """Measure, and print each row as soon as it is there."""
    from bench import catalogue

    told = "Ratios against peers: pairs of processes take turns at the same work."
    parser = argparse.ArgumentParser(prog="python -m bench", description=told, epilog=names(catalogue))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="works with this in their name")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME", help="peers with this in their name")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="rounds a row (default: 15)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="for each side (default: 2; 1 is steadier)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    options = parser.parse_args()
    for name in ("rounds", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: expected a number from 1")
    works = (*(each.name for each in catalogue.WORKS), *PROCESSES)
    peers = (catalogue.PYTORCH, catalogue.GRADVIZ, catalogue.NUMPY, *catalogue.PEERS)
    measure(options, _named(parser, "--only", options.only, works), _named(parser, "--peer", options.peer, peers))


def measure(options: argparse.Namespace, works: list[str], peers: list[str]) -> None:
    """Runs what was asked for."""
    from bench import command, report, rows, views

    facts, found, processes = report.machine(options.threads), [], []
    if not options.json:
        print(report.heading(facts, options.rounds))
    if not works or not set(works) <= set(PROCESSES):
        for row in rows.rows(options.rounds, options.threads, works, peers):
            if not options.json:
                print(report.row_text(row, first=not found or found[-1].work is not row.work), flush=True)
            found.append(row)
    for name, module in zip(PROCESSES, (command, views), strict=True):
        for comparison in module.comparisons(options.rounds) if name in works or not (works or peers) else ():
            processes.append(comparison)
            if not options.json:
                print("\n" + report.text(comparison), flush=True)
    if options.json:
        print(json.dumps(report.as_json(facts, options.rounds, found, processes), indent=1))


def names(catalogue) -> str:
    """The works and peers, for the help."""
    works = [f"  {each.name:15}{each.title}" for each in catalogue.WORKS]
    works += [f"  {name:15}{title}" for name, title in PROCESSES.items()]
    peers = ", ".join((catalogue.PYTORCH, catalogue.NUMPY, *catalogue.PEERS))
    return "\n".join(["works:", *works, "", "peers:", *wrap(peers, 78)])


def _named(parser: argparse.ArgumentParser, option: str, given: list[str], known: tuple[str, ...]) -> list[str]:
    """The names that what was given stands for: "chain" for all the chains."""
    found = []
    for part in given:
        named = [each for each in known if part.lower() in each.lower()]
        if not named:
            parser.error(f"{option} {part}: expected one of {', '.join(known)}")
        found += named
    return found


if __name__ == "__main__":
    main()
