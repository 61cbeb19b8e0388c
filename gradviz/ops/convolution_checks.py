"""What PyTorch refuses of a convolution, in its order: the shapes, then what the kernel that it picks can't do."""

from gradviz.engine.dtypes import joined, title, type_name
from gradviz.ops.refusals import refuse_kinds, refuse_unfit


def check_shapes(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    """RuntimeError for steps that lead nowhere, and for sizes that don't go together."""
    if min(*padding, *output_padding, *dilation) < 0 or min(stride) <= 0:
        raise RuntimeError(_no_steps(stride, padding, output_padding))
    if weight.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(weight.shape)} instead"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size [{list(weight.shape)}] instead"
        )
    channels, outs = weight.shape[1] * groups, weight.shape[0]
    if transposed:
        channels, outs = outs, channels
    if input.shape[1] != channels:
        raise RuntimeError(
            f"Given {'transposed=1' if transposed else f'groups={groups}'}, weight of size {list(weight.shape)}, "
            f"expected input{list(input.shape)} to have {channels} channels, but got {input.shape[1]} channels instead"
        )
    if bias is not None and bias.shape != (outs,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {list(weight.shape)}, expected bias to be "
            f"1-dimensional with {outs} elements, but got bias of size {list(bias.shape)} instead"
        )
    if not transposed:
        _check_reach(input, weight, padding, dilation)


def _no_steps(stride, padding, output_padding):
    if min(padding) < 0:
        return "negative padding is not supported"
    if min(output_padding) < 0:
        return "negative output_padding is not supported"
    return "non-positive stride is not supported" if min(stride) <= 0 else "dilation should be greater than zero"


def _check_reach(input, weight, padding, dilation):
    around = [n + 2 * p for n, p in zip(input.shape[2:], padding, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilation, strict=True)]
    if any(n < k for n, k in zip(around, reach, strict=True)):
        shown = (f"({' x '.join(map(str, each))})" for each in (around, reach))
        raise RuntimeError(
            f"Calculated padded input size per channel: {next(shown)}. Kernel size: {next(shown)}. Kernel size can't be "  # noqa: E501
            "greater than actual input size"
        )


def check_kernel(input, weight, bias, dilation, transposed, groups):
    """RuntimeError, or NotImplementedError, for what PyTorch's kernel doesn't take: no elements, other dtypes."""
    if 0 in input.shape:
        if input.shape[0] and input.shape[1]:
            shown = [*input.shape[:2], *_plane(input.shape[2:])]
            raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {shown}")
        if input.shape[1] and not weight.size:
            raise IndexError("select(): index 0 out of range for tensor of size [0] at dimension 0")
        return
    if 0 in weight.shape:
        raise RuntimeError(_no_elements(weight, dilation, transposed, groups))
    if min(dilation) == 0:
        shown = _by_axis("dilation", _plane(dilation), ", ") if transposed else list(_plane(dilation))
        raise RuntimeError(f"dilation should be greater than zero, but got {shown}")
    if input.dtype.kind != "f":
        _refuse_kinds(input, dilation, transposed)
    if weight.dtype != input.dtype or bias is not None and bias.dtype != input.dtype:
        _refuse_mixed(input, weight, bias, transposed, groups)


def check_places(input, counts, stride, dilation, output_padding):
    """RuntimeError where a transposed convolution has no places, or places that no window reaches."""
    if any(o >= s and o >= d for o, s, d in zip(output_padding, stride, dilation, strict=True)):
        steps = {"output_padding": _plane(output_padding, 0), "stride": _plane(stride), "dilation": _plane(dilation)}
        shown = " ".join(_by_axis(name, each, " ") for name, each in steps.items())
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {shown}")
    if min(counts) < 1:
        given, found = (" x ".join(map(str, _plane(each))) for each in (input.shape[2:], counts))
        raise RuntimeError(
            f"Given input size per channel: ({given}). Calculated output size per channel: ({found}). Output size is "
            "too small"
        )


def _plane(sizes, beside=1):
    """Sizes as PyTorch's kernels have them: a row is a plane."""
    return (beside, *sizes) if len(sizes) == 1 else tuple(sizes)


def _by_axis(name, sizes, between):
    axes = ("depth", "height", "width")[-len(sizes) :]
    return between.join(f"{name}_{axis}: {n}" for axis, n in zip(axes, sizes, strict=True))


def _no_elements(weight, dilation, transposed, groups):
    kernel = _plane(weight.shape[2:])
    if transposed and len(kernel) == 3:
        return (
            "non-empty 5D (n_output_plane x n_input_plane x kernel_depth x kernel_height x kernel_width) tensor "
            f"expected for weight, but got: {[weight.shape[0] // groups, weight.shape[1], *kernel]}"
        )
    if transposed and 0 not in kernel:
        shown = [weight.shape[0] // groups, weight.shape[1], *kernel]
        return f"non-empty 2D or 4D weight tensor expected, but got: {shown}"
    if not transposed and max(dilation) > 1:
        shown = list(kernel)
    elif len(kernel) == 3:
        return f"kernel size should be greater than zero, but got: {' x '.join(map(str, kernel))} (TxHxW)"
    else:
        shown = _by_axis("kernel", kernel, " ")
    return f"kernel size should be greater than zero, but got {shown}"


def _refuse_kinds(input, dilation, transposed):
    volume = input.ndim == 5
    if transposed:
        kernel = f"slow_conv_transpose{3 if volume else 2}d_out_cpu"
    elif max(dilation) > 1:
        kernel = "slow_conv_dilated<>"
    else:
        return refuse_kinds("compute_columns3d" if volume else "slow_conv2d_cpu", input, "b")
    return refuse_kinds(kernel, input, "" if input.dtype.name == "int64" else "biu")


def _refuse_mixed(input, weight, bias, transposed, groups):
    """A bias of another dtype is let through by one kernel alone, the transposed one of planes."""
    name, odd = ("weight", weight) if weight.dtype != input.dtype else ("bias", bias)
    if _takes_mkldnn(input, weight, groups):
        raise RuntimeError(
            f"Input type ({type_name(input)}) and {name} type ({type_name(odd)}) should be the same or input should be "
            f"a MKLDNN tensor and {name} is a dense tensor"
        )
    if name == "weight" or not transposed or input.ndim == 5:
        raise RuntimeError(f"expected scalar type {title(input.dtype)} but found {title(odd.dtype)}")
    refuse_unfit(input, input.shape, joined((input.dtype, bias.dtype)))


def _takes_mkldnn(input, weight, groups):
    """Whether PyTorch hands it to MKL-DNN."""
    large = input.shape[0] > 1 or groups > 1 or min(weight.shape[-2:]) > 3 or input.size > 20480
    return large and input.dtype.name == "float32"
