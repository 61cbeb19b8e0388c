"""Bags of embeddings and the bilinear map, of `torch.nn.functional`."""

from gradviz.engine import creation
from gradviz.engine.asking import promote_types
from gradviz.engine.dtypes import in_cpp, type_name
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import bags, composite, pointwise
from gradviz.ops.refusals import refuse_missing_dims

MODES = {"sum": bags.SUM, "mean": bags.MEAN, "max": bags.MAX}


def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode="mean", sparse=False,
    per_sample_weights=None, include_last_offset=False, padding_idx=None,
):  # fmt: skip
    """Rows of a weight (V, D), summed, averaged or the greatest, bag by bag: (N,) with offsets, or (B, N)."""
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the "
            f"same shape as the input ({input.shape})"
        )
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {_kind(offsets)}"
            )
        offsets = creation.arange(0, input.numel(), input.shape[1], dtype=input.dtype, device=input.device)
        input = composite.reshape(input, -1)
        if per_sample_weights is not None:
            per_sample_weights = composite.reshape(per_sample_weights, -1)
    elif input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    elif offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    elif offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    kind = promote_types(input.dtype, offsets.dtype)
    input, offsets = (composite.to(each, kind) for each in (input, offsets))
    _check(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights, include_last_offset)
    if padding_idx is not None and not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, -{weight.shape[0]} through {weight.shape[0] - 1}, "
            f"but got {padding_idx}"
        )
    if max_norm is not None:
        from gradviz.nn.functional import shorten  # which imports this file

        shorten(weight, input, max_norm, norm_type)
    return bags.embedding_bag(
        weight, input, offsets, per_sample_weights, scale_grad_by_freq=scale_grad_by_freq, mode=MODES[mode],
        sparse=False, padding_idx=-1 if padding_idx is None else padding_idx % weight.shape[0],
        last=include_last_offset,
    )[0]  # fmt: skip


def _kind(value):
    return "<class 'torch.Tensor'>" if isinstance(value, Tensor) else str(type(value))


def _check(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights, include_last_offset):
    if mode not in MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )
    if sparse:
        raise RuntimeError("embedding_bag() with sparse is not supported by gradviz: leave it out")
    bags.check_indices("embedding_bag", input._array)
    if weight._array.dtype.kind != "f":
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, "
            f"Float, Double; but got {type_name(weight._array)} instead (while checking arguments for embedding_bag)"
        )
    if per_sample_weights is not None and per_sample_weights.dtype != weight.dtype:
        kinds = [type_name(each._array) for each in (weight, per_sample_weights)]
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
            f"'per_sample_weights'; but type {kinds[0]} does not equal {kinds[1]} (while checking arguments for "
            "embedding_bag)"
        )
    if not offsets.numel():
        return
    first, last = int(offsets._array[0]), int(offsets._array[-1])
    if first != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {first}\n[ {type_name(offsets._array)}{{}} ]"
        )
    if last > input.numel():
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {input.numel()} but got offsets[-1] of {last}"
        )


@composed("bilinear")
def bilinear(input1, input2, weight, bias=None):
    """`input1 @ weight[o] @ input2` for each output o, and the bias: (..., A), (..., B) and (O, A, B) to (..., O)."""
    if input1.ndim != input2.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}")
    for d, (n, m) in enumerate(zip(input1.shape[:-1], input2.shape[:-1], strict=True)):
        if n != m:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {d}: got {n} and {m}")
    for k, each in enumerate((input1, input2), 1):
        refuse_missing_dims(each, -1)
        refuse_missing_dims(weight, k)
        if each.shape[-1] != weight.shape[k]:
            raise RuntimeError(
                f"bilinear(): input{k} size does not match weight size: got {each.shape[-1]} but expected "
                f"{weight.shape[k]}"
            )
    if bias is not None:
        refuse_missing_dims(bias, 0)
    if bias is not None and bias.shape[0] != weight.shape[0]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.shape[0]} but expected {weight.shape[0]}"
        )
    given = {"input1": input1, "input2": input2, "weight": weight, "bias": bias}
    kinds = {name: in_cpp(each._array.dtype) for name, each in given.items() if each is not None}
    if len({*kinds.values()}) > 1:
        said = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        raise RuntimeError(f"All tensors must have the same dtype, got {said}")
    if weight.ndim != 3:
        raise RuntimeError("number of dimensions must match")
    left, right = (composite.reshape(each, -1, each.shape[-1]) for each in (input1, input2))
    found = bags.trilinear(left, weight, right, expand1=(1, 3), expand2=(0,), expand3=(1, 2), sumdim=(2, 3))
    out = composite.reshape(found, *input1.shape[:-1], weight.shape[0])
    return out if bias is None else pointwise.add(out, bias)


__all__ = ["bilinear", "embedding_bag"]
