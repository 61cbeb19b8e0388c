"""Elementwise ops, reductions over them, and comparisons: an example of each."""

from tests.engine.sampling import Sample

SAMPLES: tuple[Sample, ...] = ()
