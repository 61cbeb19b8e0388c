"""The first nodes of a second backward where they are not PyTorch's: op -> (ours, PyTorch's), of its first sample."""

OTHER_SECOND_NODES = {}
