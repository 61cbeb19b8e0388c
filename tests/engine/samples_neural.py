"""Matrix products, linear algebra, neural layers and losses: an example of each."""

from tests.engine.sampling import Sample

SAMPLES: tuple[Sample, ...] = ()
