"""What single ops do other than PyTorch: a short table for docs/ops.md. What concerns more is in differences.md."""

DIFFERENCES = {
    "native_layer_norm": (
        "the third derivative is that of the values; PyTorch's takes the saved mean and deviation for constants"
    ),
    "unique_of": "no `dim`; without one the elements come sorted, as PyTorch's do by default",
    "scatter": "no `reduce`",
    "embedding": "no `max_norm`, no `sparse`",
}
