"""`python -m bench`: print how gradviz compares with its peers, measured here and now."""

import argparse
import json
import os


def main() -> None:
    """Measure, and print each comparison as soon as it is there."""
    told = "Ratios against peers, measured side by side."
    parser = argparse.ArgumentParser(prog="python -m bench", description=told)
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="runs of each (default: 15)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: expected a number from 1")

    # Read when NumPy and PyTorch load their libraries, hence before the imports below.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from bench import command, engine, report

    facts, done = report.machine(), []
    if not options.json:
        print("\n".join(f"{name:9}{value}" for name, value in facts.items()))
        print(f"medians of {options.rounds} interleaved rounds (a third as many where processes start);")
        print("a ratio below 1 is faster than the peer")
    for room in (engine, command):
        for comparison in room.comparisons(options.rounds):
            done.append(comparison)
            if not options.json:
                print("\n" + report.text(comparison), flush=True)
    if options.json:
        print(json.dumps(report.as_json(facts, options.rounds, done), indent=1))


if __name__ == "__main__":
    main()
