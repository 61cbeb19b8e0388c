"""Ops that shape, join, split, index and sort: programs whose graphs are compared, as in programs.py."""

PROGRAMS: dict[str, tuple] = {}
