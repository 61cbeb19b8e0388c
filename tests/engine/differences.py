"""Where gradviz doesn't do as PyTorch 2.13 on variations of samples, and why: {reason: {kind and difference: ops}}.

tests/engine/test_variations.py holds each entry to be still so; the words are those of variations.py and outcomes.py.
"""

DIFFERENCES = {
    "another sentence of the same exception class: PyTorch's names an inner function, or a check that comes first": {
        "dtype words": "linalg_vector_norm max_pool2d_with_indices nll_loss2d safe_softmax",
        "index words": "embedding embedding_dense_backward gather index_put",
        "layout words": "linalg_slogdet",
        "misfit words": (
            "adaptive_avg_pool2d adaptive_avg_pool2d_backward add_number addbmm addmm addmv addr avg_pool2d "
            "baddbmm binary_cross_entropy binary_cross_entropy_with_logits cat convolution convolution_to_input "
            "convolution_to_weight copy copy_slices embedding embedding_dense_backward expand gather index "
            "index_add index_put index_put_impl index_select linalg_solve_ex linalg_vector_norm "
            "masked_fill_number max_pool2d_with_indices mm native_group_norm nll_loss2d nll_loss2d_backward put "
            "reflection_pad1d reflection_pad1d_backward reflection_pad2d reflection_pad2d_backward "
            "reflection_pad3d reflection_pad3d_backward region repeated_places replication_pad1d "
            "replication_pad1d_backward replication_pad2d replication_pad2d_backward replication_pad3d "
            "replication_pad3d_backward roll safe_softmax search select select_backward squeeze_one unbind "
            "upsample_nearest2d"
        ),
        "mixed words": (
            "baddbmm convolution dot embedding embedding_dense_backward gather huber_loss index_put mm "
            "native_batch_norm nll_loss2d"
        ),
        "size words": (
            "add_number addbmm addmv avg_pool2d baddbmm binary_cross_entropy binary_cross_entropy_with_logits bmm "
            "convolution copy_slices expand gather index index_fill_tensor index_put index_put_impl index_select "
            "linalg_vector_norm masked_fill_number max_pool2d_with_indices mm nll_loss2d put squeeze_one"
        ),
        "ties words": "linalg_slogdet linalg_solve_ex",
    },
    "another exception class: a call that fits nothing, where NumPy's check or another of gradviz's comes first": {
        "index class": "index_add",
        "misfit class": (
            "adaptive_avg_pool2d_backward add_number addbmm avg_pool2d avg_pool2d_backward baddbmm col2im "
            "convolution div_number embedding embedding_dense_backward im2col index_add index_copy index_fill "
            "index_fill_tensor index_put linalg_solve_ex linalg_vector_norm masked_fill_number masked_scatter "
            "masked_scatter_backward mean_dim mm mul_number mv native_batch_norm neg nll_loss nll_loss2d "
            "nll_loss2d_backward rot90 safe_softmax scatter_add search upsample_nearest2d "
            "upsample_nearest2d_backward"
        ),
        "mixed class": "bmm constant_pad_nd convolution convolution_to_weight mv",
        "size class": (
            "col2im convolution embedding embedding_dense_backward im2col index_add index_copy index_fill "
            "index_fill_tensor index_put linalg_vector_norm masked_fill_number native_batch_norm nll_loss2d "
            "nll_loss2d_backward upsample_nearest2d upsample_nearest2d_backward"
        ),
    },
    "PyTorch's kernel knows fewer dtypes; gradviz computes, in the dtype of the rest": {
        "dtype taken": (
            "avg_pool2d clamp_tensors constant_pad_nd convolution kth max_pool2d_with_indices reflection_pad1d "
            "reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d search "
            "squeeze_one sub topk_of trace upsample_nearest2d"
        ),
        "index taken": "gather index_put",
        "mixed taken": (
            "addcdiv_of binary_cross_entropy_with_logits fill_tensor huber_loss index_fill_tensor "
            "masked_fill_tensor"
        ),
    },
    "PyTorch refuses sizes of 0 here, or a parameter that broadcasts; gradviz computes what there is": {
        "misfit taken": (
            "adaptive_avg_pool2d add_number addmv binary_cross_entropy_with_logits clamp_tensors col2im "
            "constant_pad_nd convolution convolution_to_weight embedding_dense_backward flip im2col "
            "linalg_vector_norm native_batch_norm nll_loss safe_softmax upsample_nearest2d "
            "upsample_nearest2d_backward"
        ),
        "size taken": (
            "addmv col2im convolution embedding_dense_backward im2col linalg_vector_norm native_batch_norm "
            "safe_softmax upsample_nearest2d upsample_nearest2d_backward"
        ),
    },
    "PyTorch lets input through that gradviz refuses: mixed dtypes in few kernels, no elements, fewer dimensions": {
        "dtype refused": "bounded_line",
        "index refused": "gather",
        "misfit refused": (
            "addmm bincounts col2im im2col index_add native_batch_norm nll_loss2d safe_softmax transpose "
            "upsample_nearest2d"
        ),
        "mixed refused": "addr convolution linalg_vector_norm mse_loss smooth_l1_loss",
        "size refused": (
            "add_number constant_pad_nd div_number index_add max_pool2d_backward max_pool2d_picked "
            "native_batch_norm safe_softmax upsample_nearest2d"
        ),
    },
    "the determinant of a singular matrix: its second gradient needs an inverse, which isn't there": {
        "layout refused": "cofactors linalg_det",
        "ties refused": "cofactors linalg_det",
    },
    "NaN, infinities and numbers near overflow: LAPACK, or another order of the steps, spreads them otherwise": {
        "special taken": "linalg_cholesky_ex tril",
        "special value": (
            "cofactors elu_backward linalg_cholesky_ex linalg_det linalg_inv_ex linalg_slogdet linalg_solve_ex "
            "logit_of native_batch_norm native_group_norm native_layer_norm nll_loss2d pow_scalar search "
            "slogdet_sign softplus_backward var_mean_of"
        ),
    },
    "equal values: which of them is taken is not promised; and random zeros follow the layout in memory": {
        "layout value": "median_at mul",
        "ties value": "kth",
    },
    "float16: PyTorch computes inside in float32; integers: in the integer dtype, which wraps around": {
        "dtype dtype": "add avg_pool2d squeeze_one",
        "dtype value": "known_mean known_rstd native_batch_norm near rsqrt",
    },
    "two float dtypes met: PyTorch rounds on the way, or returns the dtype of one of them": {
        "mixed dtype": "binary_cross_entropy_with_logits rsqrt",
        "mixed value": "pow_tensor",
    },
    "no elements: PyTorch returns another shape, or NaN where gradviz adds up nothing": {
        "misfit value": "native_group_norm",
        "size shape": "convolution",
        "size value": "native_group_norm",
    },
}  # fmt: skip

# samples, by op and inputs, whose graph is another one
OTHER_GRAPHS = {
    ("slogdet_sign", ((3, 3),)): "the sign is outside the graph, in PyTorch in it with a gradient of zeros",
    ("max_pool2d_picked", ((1, 3, 3),)): "the gradient of a gradient is made of gradviz's own ops",
    ("linalg_vector_norm", ((2, 3), (2, 1))): "cosine_similarity of two sizes: one step earlier in backward's order",
}
