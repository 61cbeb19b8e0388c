"""Where gradviz doesn't do as PyTorch 2.13 on variations of samples, and why: {reason: {kind and difference: ops}}.

tests/engine/test_variations.py holds each entry to be still so; the words are those of variations.py and outcomes.py.
"""

DIFFERENCES = {
    "another sentence of the same exception class: PyTorch's names an inner function, or a check that comes first": {
        "dtype words": "add",
        "misfit words": "index_reduced",
    },
    "another exception class: a call that fits nothing, where NumPy's check or another of gradviz's comes first": {
        "index class": "lcm_of",
        "misfit class": "index_reduced native_batch_norm",
        "mixed class": "lcm_of",
    },
    "PyTorch's kernel knows fewer dtypes; gradviz computes, in the dtype of the rest": {
        "dtype taken": "grid_sampler_2d_backward grid_sampler_3d_backward",
        "index taken": "index_put index_reduced",
        "mixed taken": "bernoulli_fill_of smooth_l1_loss",
    },
    "PyTorch refuses sizes of 0 here, or a parameter that broadcasts; gradviz computes what there is": {
        "misfit taken": "grid_sampler_2d",
        "size taken": "grid_sampler_2d",
    },
    "NaN, infinities, numbers near overflow: LAPACK, or another order of steps, spreads or refuses them otherwise": {
        "special class": "least_squares linalg_eigh_of",
        "special refused": "least_squares linalg_svd_of pseudoinverse ranks",
        "special taken": "least_squares linalg_cholesky_ex tril",
        "special value": (
            "binary_cross_entropy_backward distances distances_backward elu_backward embedding_bag "
            "flash_attention_backward grid_sampler_2d_backward grid_sampler_3d grid_sampler_3d_backward known_mean "
            "known_rstd least_squares lgamma linalg_cholesky_ex linalg_det linalg_inv_ex linalg_qr linalg_slogdet "
            "linalg_solve_ex linalg_svd_of log_sums_so_far logit_of mode_along multi_margin_loss "
            "multi_margin_loss_backward multilabel_margin_loss native_batch_norm native_batch_norm_backward "
            "native_group_norm native_layer_norm native_layer_norm_backward nll_loss2d poisson_of polygamma_of "
            "pow_scalar repeat scaled_dot_product_flash_attention_for_cpu scatter_reduced search softplus_backward "
            "solved_cholesky solved_triangular trilinear upsample_bilinear2d_backward upsample_trilinear3d_backward "
            "var_mean_of"
        ),
        "special words": "counts_in_bins pseudoinverse",
    },
    "equal values: which of them is taken is not promised; and random zeros follow the layout in memory": {
        "layout value": "add linalg_qr linalg_svd_of median_at mul",
        "ties value": "kth linalg_det linalg_eigh_of linalg_qr linalg_solve_ex linalg_svd_of",
    },
    "float16: PyTorch computes inside in float32; integers: in the integer dtype, which wraps around": {
        "dtype value": (
            "grid_sampler_2d grid_sampler_2d_backward native_batch_norm native_layer_norm_backward "
            "weight_norm_interface"
        ),
    },
    "no elements: PyTorch returns another shape, or NaN where gradviz adds up nothing": {
        "misfit value": "blocks",
        "size value": "blocks",
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
    "integers changed in place by what requires grad: in PyTorch they then require grad, and backward fails": {
        "mixed taken": (
            "eq_in_place_1 fill_tensor ge_in_place_1 gt_in_place_1 le_in_place_1 lt_in_place_1 ne_in_place_1"
        ),
    },
    "PyTorch's complaint is about its memory, or shows tensors as C++ prints them": {
        "misfit class": "index_copy index_fill index_fill_tensor",
        "misfit words": "expand",
        "size class": "index_copy index_fill index_fill_tensor",
        "size words": "expand",
    },
    "PyTorch's own backward fails: of larger bounds, integer divisors, and products of no rows": {
        "misfit taken": "addmv clamp_tensors",
        "mixed taken": "addcdiv_of",
        "size taken": "addmv",
    },
    "integers in float32 functions: NumPy's and PyTorch's round the last digit otherwise": {
        "mixed value": "exp pow_tensor",
    },
}  # fmt: skip

# results that lie otherwise in memory, {reason: {word of test_layouts.py: ops}}
OTHER_LAYOUTS = {
    "LAPACK leaves its results in columns, and PyTorch hands them on so; gradviz's lie in rows": {
        "stride": "least_squares",
    },
    "of an input in Fortran order PyTorch keeps the order, gradviz makes rows of it": {
        "stride": (
            "addcdiv_of addcmul_of addr argsort_of diagonal_replaced div flash_attention_backward index_fill "
            "index_fill_tensor index_put known_mean known_rstd put rot90 rrelu_with_noise_backward sort_any "
            "sort_stable unsafe_split where"
        ),
    },
    "of an input in Fortran order gradviz keeps the order, PyTorch makes rows of it": {
        "stride": (
            "distances distances_backward glu_backward index masked_fill_number masked_fill_tensor mean_dim "
            "multi_margin_loss_backward pow_number prod_dim rsqrt search"
        ),
    },
    "one row spread over all: NumPy's result has the spread dimension innermost": {
        "stride": "add digamma lgamma mul polygamma_of",
    },
    "elements apart: PyTorch's copy keeps the gaps": {
        "stride": "select_replaced slice_replaced",
    },
    "a step more, or less, that hands its input on as a view of itself": {
        "view": "addmm max_pool2d_with_indices pack_padded_sequence_backward",
    },
}

# gradients of inputs that lie in order: what LAPACK leaves in columns, and a product of three in another order
OTHER_GRADIENT_LAYOUTS = set(
    "least_squares linalg_det linalg_slogdet linalg_solve_ex pseudoinverse trilinear".split()
)
