"""Where gradviz doesn't do as PyTorch 2.13 on variations of samples, and why: {reason: {kind and difference: ops}}.

tests/engine/test_variations.py holds each entry to be still so; the words are those of variations.py and outcomes.py.
"""

DIFFERENCES = {
    "another sentence of the same exception class: PyTorch's names an inner function, or a check that comes first": {
        "dtype words": "add counts_in_bins linalg_slogdet linalg_svd_of where",
        "index words": "gather index_put",
        "layout words": "linalg_slogdet",
        "misfit words": (
            "addbmm addmm addmv baddbmm cat expand gather greatest_so_far index index_add index_put index_put_impl "
            "index_select linalg_inv_ex linalg_solve_ex linalg_svd_of linalg_vector_norm mm mul put repeated_places "
            "roll search select select_backward select_replaced slice_replaced unbind unique_of"
        ),
        "mixed words": "baddbmm dot gather index_put least_squares mm where",
        "size words": (
            "addbmm addmv baddbmm bmm copy expand gather index index_fill_tensor index_put index_put_impl "
            "index_select linalg_vector_norm mm put"
        ),
        "ties words": "linalg_slogdet linalg_solve_ex",
    },
    "another exception class: a call that fits nothing, where NumPy's check or another of gradviz's comes first": {
        "index class": "index_add",
        "misfit class": (
            "addbmm baddbmm index_add index_copy index_fill index_fill_tensor index_put linalg_eigh_of "
            "linalg_solve_ex masked_scatter masked_scatter_backward mm mv native_batch_norm pseudoinverse rot90 "
            "scatter_add scatter_reduced search"
        ),
        "mixed class": "bmm mm mv",
        "size class": "index_add index_copy index_fill index_fill_tensor index_put",
    },
    "PyTorch's kernel knows fewer dtypes; gradviz computes, in the dtype of the rest": {
        "dtype taken": "clamp_tensors kth mm search sub topk_of trace",
        "index taken": "gather index_put",
        "mixed taken": (
            "addcdiv_of diagonal_replaced fill_tensor index_fill_tensor least_squares linalg_cross "
            "masked_fill_tensor mul select_replaced slice_replaced"
        ),
    },
    "PyTorch refuses sizes of 0 here, or a parameter that broadcasts; gradviz computes what there is": {
        "misfit taken": (
            "add addmv clamp_tensors flip least_squares linalg_vector_norm scatter_reduced squeeze_several_in_place "
            "unique_of"
        ),
        "size taken": "addmv linalg_vector_norm unique_of",
    },
    "PyTorch lets input through that gradviz refuses: mixed dtypes in few kernels, no elements, fewer dimensions": {
        "dtype refused": "bounded_line",
        "index refused": "gather",
        "misfit refused": "addmm bincounts index_add transpose",
        "mixed refused": "addr smooth_l1_loss",
        "size refused": "index_add",
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
        "ties value": "grid_sampler_2d kth linalg_eigh_of linalg_qr linalg_svd_of",
    },
    "float16: PyTorch computes inside in float32; integers: in the integer dtype, which wraps around": {
        "dtype dtype": "add",
        "dtype value": "known_mean known_rstd native_batch_norm near",
    },
    "two float dtypes met: PyTorch rounds on the way, or returns the dtype of one of them": {
        "mixed dtype": "solved_triangular",
        "mixed value": "exp pow_tensor",
    },
    "no elements: PyTorch returns another shape, or NaN where gradviz adds up nothing": {
        "misfit shape": "least_squares",
        "misfit value": "blocks least_squares native_group_norm",
        "size value": "blocks native_group_norm",
    },
    "integers compared in place with what requires grad: in PyTorch they then require grad, and backward fails": {
        "mixed taken": "eq_in_place_1 ge_in_place_1 gt_in_place_1 le_in_place_1 lt_in_place_1 ne_in_place_1",
    },
    "PyTorch's gradient for a source larger than its index has the index's size, and backward fails": {
        "misfit taken": "scatter scatter_add",
        "size taken": "scatter",
    },
    "no elements: PyTorch's own gradient fails, gradviz's is empty": {
        "misfit taken": "channels_as_places places_as_channels",
        "size taken": "channels_as_places convolution places_as_channels",
    },
    "float16: PyTorch's own second gradient fails": {
        "dtype taken": "grid_sampler_2d",
    },
    "a window of padding only: PyTorch's place of its maximum lies beyond the row": {
        "misfit value": "max_pool3d_with_indices",
        "size value": "max_pool3d_with_indices",
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
            "index_fill_tensor index_put put rot90 sort_any sort_stable strided_backward strided_part strided_scatter "
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
