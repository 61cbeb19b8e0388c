"""Matrix products, linear algebra, neural layers and losses: programs whose graphs are compared, as in programs.py."""

PROGRAMS: dict[str, tuple] = {}
