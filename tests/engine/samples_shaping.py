"""Ops that shape, join, split, index and sort: an example of each."""

from tests.engine.sampling import Sample

SAMPLES: tuple[Sample, ...] = ()
