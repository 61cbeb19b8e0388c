"""Windows of planes as columns, and columns added up where their windows were."""

from math import prod

from gradviz.engine.op import op, vjp
from gradviz.ops.convolution import columns, out_sizes, windows_added
from gradviz.ops.refusals import refuse_kinds, refuse_missing_dims


@op(
    grad_fn="Im2ColBackward0",
    self=vjp(
        "1 (added where windows overlap)",
        lambda ops, grad, self_sym_argsize_minus_1, self_sym_argsize_minus_2, kernel_size, dilation, padding, stride: (
            ops.col2im(
                grad, output_size=(self_sym_argsize_minus_2, self_sym_argsize_minus_1), kernel_size=kernel_size,
                dilation=dilation, padding=padding, stride=stride,
            )
        ),
    ),
)  # fmt: skip
def im2col(xp, self, *, kernel_size, dilation, padding, stride):
    """(N, C, H, W) to (N, C * kernel positions, windows); a batch of one is left out."""
    _check_windows(kernel_size, dilation=dilation, padding=padding, stride=stride)
    _check_planes(self)
    _check_reach(self.shape[-2:], kernel_size, dilation, padding, stride)
    refuse_kinds("im2col_out_cpu", self, "iu")
    found = columns(xp, self.reshape(-1, *self.shape[-3:]), kernel_size, stride, padding, dilation)
    found = found if self.ndim == 4 else found[0]
    return found.copy() if prod(kernel_size) == 1 else found


@op(
    grad_fn="Col2ImBackward0",
    self=vjp(
        "1 (one for each window)",
        lambda ops, grad, kernel_size, dilation, padding, stride: ops.im2col(
            grad, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
        ),
    ),
)
def col2im(xp, self, *, output_size, kernel_size, dilation, padding, stride):
    """(N, C * kernel positions, windows) to (N, C, H, W): what windows share is added up; a batch of one is left out."""  # noqa: E501
    _check_windows(kernel_size, stride=stride, dilation=dilation, padding=padding)
    _check_columns(self, output_size, kernel_size, dilation, padding, stride)
    refuse_kinds("col2im_out_cpu", self, "iu")
    found = windows_added(
        xp, self.reshape(-1, *self.shape[-2:]), output_size, kernel_size, stride, padding, dilation
    )
    return (found if self.ndim == 3 else found[0]).copy()


def _check_windows(kernel_size, **steps):
    for name, sizes in {"kernel": kernel_size, **steps}.items():
        least, wanted = (0, "non-negative") if name == "padding" else (1, "greater than zero")
        if min(sizes) < least:
            word, short = {"kernel": ("kernel size", name), "padding": (name, "pad")}.get(name, (name, name))
            shown = f"{short}_height: {sizes[0]} {short}_width: {sizes[1]}"
            raise RuntimeError(f"{word} should be {wanted}, but got {shown}")


def _check_planes(self):
    refuse_missing_dims(self, 1, 2)
    if self.ndim not in (3, 4) or not prod(self.shape[-3:]):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(self.shape)}"
        )


def _check_reach(sizes, kernel_size, dilation, padding, stride):
    counts = out_sizes(sizes, kernel_size, stride, padding, dilation)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {sizes}, kernel_size={kernel_size}, dilation={dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as {counts}, but its components must "
            "be at least one."
        )


def _check_columns(self, output_size, kernel_size, dilation, padding, stride):
    if self.ndim not in (2, 3) or not prod(self.shape[-2:]):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(self.shape)}"
        )
    channels, length = self.shape[-2:]
    if channels % prod(kernel_size):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={channels} and kernel_size={kernel_size}."
        )
    down, across = out_sizes(output_size, kernel_size, stride, padding, dilation)
    if length != down * across or min(down, across) < 1:
        raise RuntimeError(
            f"Given output_size={output_size}, kernel_size={kernel_size}, dilation={dilation}, padding={padding}, "
            f"stride={stride}, expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{down} * {across} = {down * across}, but got input.size(2)={length}."
        )
    if min(output_size) < 1:
        raise RuntimeError(f"Expected output spatial size to be positive, but got: output_size={output_size}.")
