"""The nodes that a second backward meets, where they are not PyTorch's: op -> (ours, PyTorch's), of its first sample.

PyTorch runs a kernel with derivatives of its own, or writes the formula in other ops; the values are the same.
"""

OTHER_SECOND_NODES = {
    "native_layer_norm": ("MulBackward0", "NativeLayerNormBackwardBackward0"),
    "native_batch_norm": (
        "MulBackward0 SumBackward1 SumBackward1",
        "NativeBatchNormBackwardBackward0 NativeBatchNormBackwardBackward0 NativeBatchNormBackwardBackward0",
    ),
    "native_group_norm": ("ViewBackward0 SumBackward1 SumBackward1", "ViewBackward0 ViewBackward0 ViewBackward0"),
    "convolution": (
        "ConvolutionBackwardBackward0 ConvolutionToWeightBackward0 SumBackward1",
        "ConvolutionBackwardBackward0 ConvolutionBackwardBackward0 ConvolutionBackwardBackward0",
    ),
    "constant_pad_nd": (
        "ConstantPadNdBackward0 ConvolutionToWeightBackward0",
        "ConstantPadNdBackward0 ConvolutionBackwardBackward0",
    ),
    "max_pool2d_picked": ("MaxPool2DWithIndicesBackwardBackward0", "AddBackward0"),
    "smooth_l1_loss": ("MulBackward0 NegBackward0", "SmoothL1LossBackwardBackward0 SmoothL1LossBackwardBackward0"),
    "huber_loss": ("MulBackward0 NegBackward0", "HuberLossBackwardBackward0 HuberLossBackwardBackward0"),
    "binary_cross_entropy_with_logits": ("MulBackward0 MulBackward0", "DivBackward1 DivBackward1"),
    "picked_in_plane": ("AdaptiveMaxPool2DBackwardBackward0", "AddBackward0"),
    "soft_margin_loss": ("MulBackward0", "SoftMarginLossBackwardBackward0"),
    "adaptive_max_pool3d": ("MaxPool3DWithIndicesBackwardBackward0", "AdaptiveMaxPool3DBackwardBackward0"),
    "grid_sampler_2d": ("ViewBackward0 ViewBackward0", "GridSampler2DBackwardBackward0 GridSampler2DBackwardBackward0"),
    "grid_sampler_3d": ("ViewBackward0 ViewBackward0", "GridSampler3DBackwardBackward0 GridSampler3DBackwardBackward0"),
    "affine_grid_generator": ("UnsafeViewBackward0", "TransposeBackward0"),
}
