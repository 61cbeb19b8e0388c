"""The nodes that a second backward meets, where they are not PyTorch's: op -> (ours, PyTorch's), of its first sample.

PyTorch runs a kernel with derivatives of its own, or writes the formula in other ops; the values are the same.
"""

OTHER_SECOND_NODES = {
    "cumsum_of": ("CumsumFromEndBackward0", "FlipBackward0"),
    "cumprod_of": ("WhereBackward0", "DivBackward0"),
    "max_of_all": ("WhereBackward0", "MaskedFillBackward1"),
    "min_of_all": ("WhereBackward0", "MaskedFillBackward1"),
    "max_at": ("ValueBackwardBackward0", "ScatterBackward0"),
    "min_at": ("ValueBackwardBackward0", "ScatterBackward0"),
    "median_of_all": ("WhereBackward0", "MaskedFillBackward1"),
    "median_at": ("ValueBackwardBackward0", "ScatterBackward0"),
    "linalg_vector_norm": ("ZeroBackward0", "None"),
    "cat": ("SliceBackward0 ViewBackward0", "SliceBackward0 ReshapeAliasBackward0"),
    "stack": ("UnbindBackward0 UnbindBackward0", "SelectBackward0 SelectBackward0"),
    "repeat": ("ViewBackward0", "SumBackward1"),
    "diag_embed": ("ViewBackward0", "ReshapeAliasBackward0"),
    "trace": ("DiagonalBackwardBackward0", "ViewBackward0"),
    "masked_scatter": (
        "WhereBackward0 MaskedScatterBackwardBackward0",
        "MaskedFillBackward0 MaskedScatterBackwardBackward0",
    ),
    "linalg_det": ("MulBackward0", "LinalgSolveExBackward0"),
    "linalg_slogdet": ("MulBackward0", "LinalgSolveExBackward0"),
    "linalg_solve_ex": ("NegBackward0 LinalgSolveExBackward0", "NegBackward0 SqueezeBackward1"),
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
    "smallest_so_far": ("None", "ScatterAddBackward0"),
    "scatter_reduced": ("DivBackward0 GatherBackward0", "DivBackward0 DivBackward0"),
    "blocks": ("ViewBackward0 ViewBackward0 ViewBackward0", "SliceBackward0 ViewBackward0 SqueezeBackward1"),
    "mode_along": ("ValueBackwardBackward0", "ScatterBackward0"),
    "linalg_qr": ("CatBackward0", "AddBackward0"),
    "linalg_svd_of": ("AddBackward0", "MmBackward0"),
    "adaptive_max_pool3d": ("MaxPool3DWithIndicesBackwardBackward0", "AdaptiveMaxPool3DBackwardBackward0"),
    "grid_sampler_2d": ("ViewBackward0 ViewBackward0", "GridSampler2DBackwardBackward0 GridSampler2DBackwardBackward0"),
    "grid_sampler_3d": ("ViewBackward0 ViewBackward0", "GridSampler3DBackwardBackward0 GridSampler3DBackwardBackward0"),
    "affine_grid_generator": ("UnsafeViewBackward0", "TransposeBackward0"),
}
