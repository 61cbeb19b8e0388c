"""Gradients' norms as labels of the arrows that carried them."""

from gradviz.trace.preview import Preview
from gradviz.views import format as fmt


def norm_label(shown: Preview | None) -> str:
    """`‖g‖ = 0.2673`, `‖g‖ = nan` or `inf` where a value is that, `‖g‖ unknown` where the trace kept no value."""
    if shown is None:
        return "‖g‖ unknown"
    nans, infs = fmt.not_finite(shown)
    return f"‖g‖ = {'nan' if nans else 'inf' if infs else fmt.number(fmt.norm(shown))}"
