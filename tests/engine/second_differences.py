"""The nodes that a second backward meets, where they are not PyTorch's: op -> (ours, PyTorch's), of its first sample."""

OTHER_SECOND_NODES = {}
