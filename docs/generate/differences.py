"""What single ops do other than PyTorch: a short table for docs/ops.md. What concerns more is in differences.md."""

DIFFERENCES = {
    "unique_of": "no `dim`; without one the elements come sorted, as PyTorch's do by default",
    "scatter": "no `reduce`",
    "embedding": "no `max_norm`, no `sparse`",
}
