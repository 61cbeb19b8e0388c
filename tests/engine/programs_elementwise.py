"""Elementwise ops, reductions over them, and comparisons: programs whose graphs are compared, as in programs.py."""

PROGRAMS: dict[str, tuple] = {}
