"""as_strided: a view of memory by sizes, strides and an offset, and the gradient of what lies there."""

from gradviz.engine.backend import module_of, offset_of, owner
from gradviz.engine.geometry import overlaps, span, spread
from gradviz.engine.op import op, vjp
from gradviz.engine.tensor import Tensor


def _without_repeats(ops, grad, size, stride):
    """(gradient, sizes, strides) without dimensions of size 1, and with what was spread out summed up."""
    kept = []
    for d in reversed(range(len(size))):
        if size[d] == 1:
            grad = ops.squeeze_one(grad, dim=d)
        elif stride[d] == 0:
            grad = ops.sum_dim(grad, dim=(d,))
        else:
            kept.insert(0, (size[d], stride[d]))
    return grad, tuple(n for n, _ in kept), tuple(step for _, step in kept)


def _places(like, length, size, stride, offset):
    """Which places of flat memory a view of it shows, as a vector of the kind that `like` is."""
    tensor = isinstance(like, Tensor)
    places = spread(module_of(like._array if tensor else like).arange(length), size, stride, offset).reshape(-1)
    return Tensor(places) if tensor else places


def _into_memory(ops, grad, memory, size, stride, offset):
    """Memory with a view's gradient in its places, or added up where they repeat."""
    if overlaps(size, stride):
        places = _places(grad, memory.shape[0], size, stride, offset)
        return ops.index_add(memory, places, ops.reshape_raw(grad, size=(-1,)), dim=0)
    part = ops.strided_view(memory, size=size, stride=stride, storage_offset=offset)
    if isinstance(part, Tensor):
        part.copy_(grad)
    else:
        part[...] = grad
    return memory


def _shared_out(ops, memory, size, stride, offset):
    """Each place's gradient in equal shares to all elements that lie there."""
    places = _places(memory, memory.shape[0], size, stride, offset)
    zeros = ops.new_zeros(memory, size=memory.shape)
    return memory / ops.index_add(zeros, places, ops.new_zeros(memory, size=places.shape) + 1, dim=0)


def _strided_gradient(
    ops, grad, self_sym_sizes, self_sym_strides, self_sym_storage_offset, size, stride, storage_offset
):
    """As PyTorch: the gradient is put into memory as the view lies, and taken out of it as self lies."""
    if 0 in size or 0 in self_sym_sizes:
        return ops.new_zeros(grad, size=tuple(self_sym_sizes))
    grad, size, stride = _without_repeats(ops, grad, size, stride)
    start = self_sym_storage_offset
    offset = start if storage_offset is None else storage_offset
    offset, start = offset - min(offset, start), start - min(offset, start)
    whole = tuple(self_sym_sizes), tuple(self_sym_strides)
    length = max(start + span(*whole), offset + span(size, stride))
    memory = _into_memory(ops, grad, ops.new_zeros(grad, size=(length,)), size, stride, offset)
    if overlaps(*whole):
        memory = _shared_out(ops, memory, *whole, start)
    return ops.strided_view(memory, size=whole[0], stride=whole[1], storage_offset=start)


@op(
    title="as_strided",
    grad_fn="AsStridedBackward0",
    view=True,
    hidden=("self_sym_sizes", "self_sym_strides", "self_sym_storage_offset"),
    self=vjp("1 in its place, else 0", _strided_gradient),
)
def strided_view(xp, self, *, size, stride, storage_offset):
    """A view of the memory that the tensor lies in, by sizes, strides and the offset of the first element."""
    memory = owner(self).ravel(order="K")
    if storage_offset is None:
        storage_offset = offset_of(self)
    if storage_offset + span(size, stride) > memory.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset}, and itemsize "
            f"{self.itemsize} requiring a storage size of {(storage_offset + span(size, stride)) * self.itemsize} are "
            f"out of bounds for storage of size {memory.nbytes}"
        )
    return spread(memory, size, stride, storage_offset)


def as_strided(input, size, stride, storage_offset=None):
    """A view of the memory that the tensor lies in, by sizes, strides and the offset of the first element."""
    return strided_view(input, size=tuple(size), stride=tuple(stride), storage_offset=storage_offset)


__all__ = ["as_strided"]
METHODS = __all__
