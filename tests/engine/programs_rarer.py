"""Programs of samples_rarer.py: the first sample of each op, under each pattern of requires_grad."""

from gradviz.engine.op import catalogue
from tests.engine.samples_rarer import SAMPLES

_FIRST = {}  # op -> (its place, its first sample)
for _place, _sample in enumerate(SAMPLES):
    able = any(_sample.floating()) and catalogue[_sample.op].vjps and _sample.op != "trilinear"
    if able and not _sample.run.__qualname__.startswith("twice"):
        _FIRST.setdefault(_sample.op, (_place, _sample))

PROGRAMS: dict[str, tuple] = {
    f"{op} rarer {place}": (sample.run, sample.inputs) for op, (place, sample) in _FIRST.items()
}
PROGRAMS["F.bilinear of one input"] = (
    lambda torch, a, w: torch.nn.functional.bilinear(a, a, w), ((5, 3), ((2, 3, 3), "constant"))
)
PROGRAMS["F.ctc_loss"] = (
    lambda torch, a: torch.nn.functional.ctc_loss(a.log_softmax(2), torch.tensor([[1, 1], [2, 1]]), (5, 3), (2, 1)),
    ((5, 2, 3),),
)

IN_SECOND_BACKWARDS = {
    "MaxPool3DWithIndicesBackward", "AdaptiveMaxPool3DBackward", "AvgPool3DBackward", "AdaptiveAvgPool3DBackward",
    "EmbeddingBagBackward", "GridSampler2DBackward", "GridSampler3DBackward", "PackPaddedSequenceBackward",
    "PackedRows", "UnfoldBackward",
}  # fmt: skip
