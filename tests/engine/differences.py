"""Where gradviz doesn't do as PyTorch 2.13 on variations of samples, and why: {reason: {kind and difference: ops}}.

tests/engine/test_variations.py holds each entry to be still so; the words are those of variations.py and outcomes.py.
"""

DIFFERENCES = {
    "another sentence of the same exception class: PyTorch's names an inner function, or a check that comes first": {
        "dtype words": (
            "add counts_in_bins cumsum_of div_number embedding_bag linalg_slogdet linalg_svd_of linalg_vector_norm "
            "log max_pool2d_with_indices nll_loss2d safe_softmax soft_margin_loss where"
        ),
        "index words": "embedding embedding_dense_backward gather index_put",
        "layout words": "linalg_slogdet",
        "misfit words": (
            "adaptive_avg_pool2d adaptive_avg_pool2d_backward adaptive_max_pool2d add_number addbmm addmm addmv "
            "baddbmm binary_cross_entropy binary_cross_entropy_with_logits cat convolution "
            "convolution_to_input convolution_to_weight copy cumsum_of div_number embedding embedding_dense_backward "
            "expand gather greatest_so_far grid_sampler_2d grid_sampler_3d index index_add index_put index_put_impl "
            "index_select linalg_inv_ex linalg_solve_ex linalg_svd_of linalg_vector_norm logsigmoid "
            "masked_fill_number max_pool2d_with_indices mm mul mul_number native_batch_norm native_group_norm "
            "nll_loss2d nll_loss2d_backward put reflection_pad1d reflection_pad1d_backward reflection_pad2d "
            "reflection_pad2d_backward reflection_pad3d reflection_pad3d_backward repeat repeated_places "
            "replication_pad1d replication_pad1d_backward replication_pad2d replication_pad2d_backward "
            "replication_pad3d replication_pad3d_backward roll search select select_backward select_replaced "
            "slice_replaced sub_number tanh trilinear unbind unique_of"
        ),
        "mixed words": (
            "baddbmm convolution cumsum_of div_number dot embedding embedding_bag embedding_dense_backward gather "
            "huber_loss index_put least_squares log mm native_batch_norm nll_loss2d where"
        ),
        "size words": (
            "adaptive_max_pool2d add_number addbmm addmv baddbmm binary_cross_entropy "
            "binary_cross_entropy_with_logits bmm convolution copy expand gather index index_fill_tensor index_put "
            "index_put_impl index_select linalg_vector_norm masked_fill_number max_pool2d_with_indices mm "
            "native_batch_norm nll_loss2d put repeat tanh trilinear"
        ),
        "ties words": "linalg_slogdet linalg_solve_ex",
    },
    "another exception class: a call that fits nothing, where NumPy's check or another of gradviz's comes first": {
        "index class": "embedding_bag index_add",
        "misfit class": (
            "adaptive_avg_pool2d_backward add_number addbmm baddbmm col2im "
            "convolution div_number embedding embedding_dense_backward im2col index_add index_copy index_fill "
            "index_fill_tensor index_put linalg_eigh_of linalg_solve_ex linalg_vector_norm masked_fill_number "
            "masked_scatter masked_scatter_backward mean_dim mm mul_number mv native_batch_norm neg nll_loss "
            "nll_loss2d nll_loss2d_backward pseudoinverse repeat rot90 scatter_add scatter_reduced search "
            "sub_number tanh"
        ),
        "mixed class": "bmm constant_pad_nd convolution convolution_to_weight embedding_bag mm mv",
        "size class": (
            "col2im convolution embedding embedding_dense_backward im2col index_add index_copy index_fill "
            "index_fill_tensor index_put linalg_vector_norm masked_fill_number native_batch_norm nll_loss2d "
            "nll_loss2d_backward repeat"
        ),
    },
    "PyTorch's kernel knows fewer dtypes; gradviz computes, in the dtype of the rest": {
        "dtype taken": (
            "adaptive_max_pool2d affine_grid_generator clamp_tensors constant_pad_nd convolution distances "
            "distances_backward grid_sampler_2d kth max_pool2d_with_indices mm multi_margin_loss "
            "multi_margin_loss_backward multilabel_margin_loss multilabel_margin_loss_backward prelu_kernel "
            "reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d "
            "rrelu_with_noise rrelu_with_noise_backward search sub topk_of trace unsafe_split"
        ),
        "index taken": (
            "gather index_put multi_margin_loss multi_margin_loss_backward multilabel_margin_loss "
            "multilabel_margin_loss_backward"
        ),
        "mixed taken": (
            "addcdiv_of binary_cross_entropy_with_logits diagonal_replaced distances distances_backward "
            "fill_tensor huber_loss index_fill_tensor least_squares linalg_cross masked_fill_tensor mul "
            "multi_margin_loss multi_margin_loss_backward multilabel_margin_loss prelu_kernel prelu_kernel_backward "
            "select_replaced slice_replaced soft_margin_loss"
        ),
    },
    "PyTorch refuses sizes of 0 here, or a parameter that broadcasts; gradviz computes what there is": {
        "misfit taken": (
            "adaptive_avg_pool2d add add_number addmv binary_cross_entropy_with_logits channels_as_places "
            "clamp_tensors col2im constant_pad_nd convolution convolution_to_input convolution_to_weight cumsum_of "
            "div_number embedding_dense_backward flip grid_sampler_2d grid_sampler_3d im2col least_squares "
            "linalg_vector_norm native_batch_norm nll_loss places_as_channels repeat safe_softmax scatter_reduced "
            "soft_margin_loss squeeze_several_in_place sub_number tanh unique_of upsample_bicubic2d "
            "upsample_bicubic2d_backward upsample_bilinear2d upsample_bilinear2d_backward upsample_linear1d "
            "upsample_linear1d_backward upsample_nearest1d upsample_nearest1d_backward upsample_nearest2d "
            "upsample_nearest2d_backward upsample_nearest3d upsample_nearest3d_backward upsample_nearest_exact1d "
            "upsample_nearest_exact1d_backward upsample_nearest_exact2d upsample_nearest_exact2d_backward "
            "upsample_nearest_exact3d upsample_nearest_exact3d_backward upsample_trilinear3d "
            "upsample_trilinear3d_backward"
        ),
        "size taken": (
            "adaptive_avg_pool2d addmv channels_as_places col2im convolution embedding_dense_backward im2col "
            "linalg_vector_norm native_batch_norm places_as_channels sub_number unique_of upsample_bicubic2d "
            "upsample_bicubic2d_backward upsample_bilinear2d upsample_bilinear2d_backward upsample_linear1d "
            "upsample_linear1d_backward upsample_nearest1d upsample_nearest1d_backward upsample_nearest2d "
            "upsample_nearest2d_backward upsample_nearest_exact1d upsample_nearest_exact1d_backward "
            "upsample_nearest_exact2d upsample_nearest_exact2d_backward"
        ),
    },
    "PyTorch lets input through that gradviz refuses: mixed dtypes in few kernels, no elements, fewer dimensions": {
        "dtype refused": "bounded_line",
        "index refused": "embedding_bag embedding_bag_backward embedding_bag_samples_backward gather",
        "misfit refused": (
            "addmm bincounts col2im im2col index_add native_batch_norm nll_loss2d repeat safe_softmax transpose"
        ),
        "mixed refused": (
            "addr convolution embedding_bag embedding_bag_backward embedding_bag_samples_backward linalg_vector_norm "
            "mse_loss_backward native_batch_norm smooth_l1_loss"
        ),
        "size refused": "add_number constant_pad_nd div_number index_add native_batch_norm safe_softmax",
    },
    "the determinant of a singular matrix: its second gradient needs an inverse, which isn't there": {
        "layout refused": "cofactors linalg_det",
        "ties refused": "cofactors linalg_det",
    },
    "NaN, infinities, numbers near overflow: LAPACK, or another order of steps, spreads or refuses them otherwise": {
        "special class": "least_squares linalg_eigh_of",
        "special refused": "least_squares linalg_svd_of pseudoinverse ranks",
        "special taken": "least_squares linalg_cholesky_ex tril",
        "special value": (
            "cofactors distances distances_backward elu_backward embedding_bag flash_attention_backward "
            "grid_sampler_3d least_squares lgamma linalg_cholesky_ex linalg_det linalg_inv_ex linalg_qr "
            "linalg_slogdet linalg_solve_ex linalg_svd_of log_sums_so_far logit_of mode_along multi_margin_loss "
            "multi_margin_loss_backward multilabel_margin_loss native_batch_norm native_group_norm native_layer_norm "
            "nll_loss2d polygamma_of pow_scalar repeat scaled_dot_product_flash_attention_for_cpu scatter_reduced "
            "search softplus_backward solved_cholesky solved_triangular trilinear upsample_bilinear2d_backward "
            "upsample_trilinear3d_backward var_mean_of"
        ),
        "special words": "counts_in_bins pseudoinverse",
    },
    "equal values: which of them is taken is not promised; and random zeros follow the layout in memory": {
        "layout value": "add linalg_qr linalg_svd_of median_at mul",
        "misfit value": "max_pool3d_with_indices",
        "size value": "max_pool3d_with_indices",
        "ties value": "grid_sampler_2d kth linalg_eigh_of linalg_qr linalg_svd_of",
    },
    "float16: PyTorch computes inside in float32; integers: in the integer dtype, which wraps around": {
        "dtype dtype": "add",
        "dtype value": "known_mean known_rstd native_batch_norm near rsqrt upsample_bicubic2d upsample_bilinear2d",
    },
    "two float dtypes met: PyTorch rounds on the way, or returns the dtype of one of them": {
        "mixed dtype": "binary_cross_entropy_with_logits rsqrt soft_margin_loss solved_triangular",
        "mixed value": "exp pow_tensor",
    },
    "no elements: PyTorch returns another shape, or NaN where gradviz adds up nothing": {
        "misfit shape": "cumsum_of least_squares",
        "misfit value": "blocks cumsum_of least_squares native_group_norm",
        "size shape": "convolution",
        "size value": "blocks native_group_norm",
    },
    "integers compared in place with what requires grad: in PyTorch they then require grad, and backward fails": {
        "mixed taken": "eq_in_place_1 ge_in_place_1 gt_in_place_1 le_in_place_1 lt_in_place_1 ne_in_place_1",
    },
    "PyTorch's gradient for a source larger than its index has the index's size, and backward fails": {
        "misfit taken": "scatter scatter_add",
        "size taken": "scatter",
    },
}  # fmt: skip

# samples, by op and inputs, whose graph is another one
OTHER_GRAPHS = {
    ("slogdet_sign", ((3, 3),)): "the sign is outside the graph, in PyTorch in it with a gradient of zeros",
    ("max_pool2d_picked", ((1, 3, 3),)): "the gradient of a gradient is made of gradviz's own ops",
    ("picked_in_plane", ((1, 3, 4),)): "the gradient of a gradient is made of gradviz's own ops",
    ("trilinear", ((5, 3), (5, 4), (2, 3, 4), (2,))): "where one input needs a gradient, PyTorch doesn't save it",
    ("trilinear", ((2, 1, 3), (2, 1, 2), (2, 3, 2))): "where one input needs a gradient, PyTorch doesn't save it",
    ("linalg_vector_norm", ((2, 3), (2, 1))): "cosine_similarity of two sizes: one step earlier in backward's order",
}

# results that lie otherwise in memory, {reason: {word of test_layouts.py: ops}}
OTHER_LAYOUTS = {
    "LAPACK leaves its results in columns, and PyTorch hands them on so; gradviz's lie in rows": {
        "stride": (
            "cofactors least_squares linalg_cholesky_ex linalg_eigh_of linalg_inv_ex linalg_qr linalg_solve_ex "
            "linalg_svd_of solved_cholesky solved_triangular"
        ),
    },
    "of an input in Fortran order PyTorch keeps the order, gradviz makes rows of it": {
        "stride": (
            "addcdiv_of addcmul_of addr argsort_of diagonal_replaced div flash_attention_backward index_fill "
            "index_fill_tensor index_put put rot90 sort_any sort_stable "
            "unsafe_split where"
        ),
    },
    "of an input in Fortran order gradviz keeps the order, PyTorch makes rows of it": {
        "stride": (
            "distances distances_backward index linalg_cross masked_fill_number masked_fill_tensor mean_dim "
            "mse_loss_backward multi_margin_loss_backward pow_number prod_dim rsqrt search"
        ),
    },
    "one row spread over all: NumPy's result has the spread dimension innermost": {
        "stride": "add digamma lgamma mul polygamma_of",
    },
    "elements apart: PyTorch's copy keeps the gaps": {"stride": "select_replaced slice_replaced"},
    "a step more, or less, that hands its input on as a view of itself": {
        "view": "addmm known_mean known_rstd max_pool2d_with_indices nll_loss2d_backward reshape_raw",
    },
    "the gradient of affine_grid is a turned view in PyTorch": {"stride": "affine_points", "view": "affine_points"},
}
