"""Views and their bases: a change in place of one is a change of all, and their grad_fns follow it, as in PyTorch.

A view keeps its base. A change of a view in a graph becomes a CopySlices node of the base; a view whose base was
changed after the view's grad_fn was made gets an AsStridedBackward0 of the base when it is next used or asked.
"""

from copy import copy
from sys import getrefcount

from gradviz.engine.backend import module_of, offset_of, owner
from gradviz.engine.geometry import laid_out, part_of, with_part
from gradviz.engine.hooks import hooks_of, opened
from gradviz.engine.node import Node, place_of, spoken
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.versions import forks

SEVERAL = (
    " This view is the output of a function that returns multiple views. Such functions do not allow the output views "
    "to be modified inplace. You should replace the inplace operation by an out-of-place one."
)
NO_GRAD = (
    " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
    "the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or "
    "both outside (if you want the inplace to be tracked)."
)
LEAF = "{} leaf Variable that requires grad is being used in an in-place operation."


class Bound:
    """The base of a view that no graph may follow through a change: made in no_grad, or one of several outputs."""

    __slots__ = ("base", "made")

    def __init__(self, base, made):
        self.base = base
        self.made = made  # running number, in no_grad; 0: one of several outputs


def bound(tensor, several):
    """What a view of this tensor remembers when it is made in no_grad, or together with others."""
    viewed = tensor._viewed
    if several and mode.grad:
        return Bound(tensor if viewed is None else base_of(tensor), 0)
    return Bound(tensor if viewed is None else base_of(tensor), mode.next_sequence_nr())


def base_of(tensor):
    """The tensor that this one is a view of, through any number of views; None for no view."""
    viewed = tensor._viewed
    return viewed.base if viewed.__class__ is Bound else viewed


def apart(tensor):
    """The Rare that counts the changes of what `.data` made, and of its views; None for other tensors."""
    rare = (tensor if tensor._viewed is None else base_of(tensor))._rare
    return rare if rare is not None and rare.changes is not None else None


def part(tensor, array):
    """A view of the tensor that only a change in place needs; its array is there already."""
    from gradviz.engine.tensor import Tensor

    made = Tensor(array, tensor._requires_grad)
    made._viewed = tensor if tensor._viewed is None else tensor._viewed
    made._edge = tensor._edge
    return made


def settle(tensors):
    """Gives views whose base was changed since a grad_fn of the base as it is; RuntimeError for those that mustn't."""
    for tensor in tensors:
        if tensor is not None and tensor._viewed is not None and _is_stale(tensor):
            if tensor._viewed.__class__ is Bound:
                raise RuntimeError(_refusal(tensor, "its base or another view of its base has been"))
            regenerate(tensor)


def _is_stale(tensor):
    if tensor._edge is None and not base_of(tensor)._requires_grad:
        return False
    newest = forks.get(id(owner(tensor._array)))
    if newest is None:
        return False
    viewed = tensor._viewed
    if tensor._edge is not None:
        made = tensor._edge.sequence_nr
    else:
        made = viewed.made if viewed.__class__ is Bound else 0
    return made < newest


def regenerate(view):
    """The view's grad_fn anew: the place of its memory in the base's."""
    from gradviz.engine.catalogue import lifted  # which imports the ops, and they this

    array = view._array
    stride = tuple(step // array.itemsize for step in array.strides)
    with _GradMode(True):
        made = lifted.strided_view(base_of(view), size=array.shape, stride=stride, storage_offset=offset_of(array))
    old = view._edge
    view._edge, view._requires_grad, view._serial = made._edge, True, made._serial
    keep_asking(view, old)


def keep_asking(tensor, old):
    """retain_grad follows a tensor to its new grad_fn."""
    hooks = place_of(old)[0]._hooks if old is not None else None
    if hooks is None:
        return
    node, output_nr = place_of(tensor._edge)
    for keeper in [each for each in hooks.keepers if each.is_of(tensor)]:
        hooks.keepers.remove(keeper)
        keeper.output_nr = output_nr
        hooks_of(node).keepers.append(keeper)


def refuse_change(tensor, made_by=""):
    """RuntimeError, with PyTorch's words, where a graph can't follow a change in place of this tensor.

    made_by: the last op of an assignment's index, whose view of the tensor is what is changed.
    """
    if tensor._viewed is not None:
        if tensor._viewed.__class__ is Bound:
            raise RuntimeError(_refusal(tensor, "is being", made_by))
        base = base_of(tensor)
        if base._requires_grad and base._edge is None:
            raise RuntimeError(LEAF.format("a view of a"))
    if tensor._edge is None and tensor.requires_grad:  # also a view whose base joined a graph since, as in PyTorch
        raise RuntimeError(LEAF.format("a"))
    if forks:
        settle((tensor,))


def _refusal(view, what, made_by=""):
    in_no_grad = view._viewed.made > 0
    if view._edge is None and not (made_by and view.requires_grad):
        text = f"A view was created in no_grad mode and {what} modified inplace with grad mode enabled."
    else:
        node, output_nr = (None, 0) if made_by else place_of(view._edge)
        name = made_by or spoken(node.name())
        text = f"Output {output_nr} of {name} is a view"
        text += " of a view which was created in no_grad mode" if in_no_grad else ""
        text += f" and {what} modified inplace" + (" with grad mode enabled." if in_no_grad else ".")
    return text + (NO_GRAD if in_no_grad else SEVERAL)


def rebase(tensor, node):
    """The tensor was changed in place by the op of this node: gives it, or its base, the new grad_fn; returns that."""
    base = base_of(tensor)
    target = tensor if base is None else base
    if base is not None:
        node = CopySlices(base, tensor, node)
    old = target._edge
    target._edge, target._requires_grad = node, True
    keep_asking(target, old)
    return node


class CopySlices(Node):
    """The grad_fn of a base whose view was changed in place: the op's backward, on the view's part of the gradient."""

    __slots__ = ("inner", "geometry")
    NAME = "torch::autograd::CopySlices"

    def __init__(self, base, view, inner):
        from gradviz.engine.tensor import edge_of  # which imports this file

        array, part = base._array, view._array
        self.inner = inner
        self.geometry = (*_layout(array), *_layout(part), offset_of(part) - offset_of(array))
        self._edges = (edge_of(base), *inner._edges[1:])
        self._settings = ()
        self._run = self._hooks = None
        self.sequence_nr = mode.next_sequence_nr()

    saved_names = property(lambda self: self.inner.saved_names)

    def name(self):
        """As PyTorch's C++ classes are called."""
        return self.NAME

    @property
    def _saved(self):
        return self.inner._saved

    @_saved.setter
    def _saved(self, saved):
        self.inner._saved = saved

    def __getattr__(self, name):  # what the op saved isn't shown, as in PyTorch
        raise AttributeError(f"'CopySlices' object has no attribute '{name}'")

    def __dir__(self):
        return [name for name in super().__dir__() if not name.startswith("_saved_")]

    def source(self, position):
        """As of the op's own node."""
        return self.inner.source(position)

    def made_by(self, source):
        """Whether `source` is the node of the op that changed the view."""
        return source is self.inner

    def saved_tensor(self, position):
        """As of the op's own node."""
        return self.inner.saved_tensor(position)

    def release(self):
        """Frees what the op saved; where another graph leads to its node, only for this one."""
        if getrefcount(self.inner) > 2:
            self.inner = copy(self.inner)
        return self.inner.release()

    def run_backward(self, gradients, create_graph):
        """One gradient an edge: the base's has in the view's place what the op hands on to the view."""
        from gradviz.engine.coerce import quietly

        grad, inner = gradients[0], self.inner
        if create_graph:
            return self._run_on_tensors(grad)
        xp = module_of(grad)
        part = part_of(xp, grad, self.geometry)
        first, *others = quietly(self._wanted(), part, opened(inner._saved), inner._settings, None)
        if first is not None:
            first = with_part(xp, grad, first, self.geometry)
        return (first, *others)

    def _wanted(self):
        """The op's backward, for the inputs whose gradients the running call asks for."""
        run, call = self.inner._run, mode.backward
        return run if call is None or not call.is_limited else self.inner.op.run_for(call.mask(self), run.fits)

    def _run_on_tensors(self, grad):
        """The same by PyTorch's steps, so that a second backward meets its nodes."""
        from gradviz.engine.catalogue import lifted

        inner, (_, _, size, stride, offset) = self.inner, self.geometry
        whole = grad.__class__(laid_out(module_of(grad._array), grad._array, self.geometry)[0])
        whole.copy_(grad)
        part = lifted.strided_view(whole, size=size, stride=stride, storage_offset=offset)
        saved = tuple(self.saved_tensor(k) for k in range(len(inner._saved)))
        mode.formula = True
        try:
            first, *others = self._wanted()(part.clone(), saved, inner._settings, lifted)
        finally:
            mode.formula = False
        if first is not None:
            part.copy_(first)
            first = whole
        return (first, *others)


def _layout(array):
    return array.shape, tuple(step // array.itemsize for step in array.strides)
