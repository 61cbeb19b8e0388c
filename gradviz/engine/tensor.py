"""Tensor: data, grad, grad_fn, requires_grad, is_leaf.

The arithmetic methods are attached by gradviz.ops.methods, since ops import the engine and not the other
way round.
"""

import warnings
import weakref

import numpy as np

from gradviz.engine import backend, dtypes, printing, versions, views
from gradviz.engine.cautions import NON_LEAF_GRAD, TO_A_SCALAR
from gradviz.engine.devices import Device
from gradviz.engine.hooks import GradKeeper, RemovableHandle, hooks_of
from gradviz.engine.layouts import has_format
from gradviz.engine.node import AccumulateGrad, place_of
from gradviz.engine.switches import mode

if mode.default_dtype is None:
    mode.default_dtype = dtypes.float32

NO_HOOK = "cannot register a hook on a tensor that doesn't require gradient"
NO_RETAIN = "can't retain_grad on Tensor that has requires_grad=False"
_AS_A_SCRIPT_CALLS_IT = (int, list, tuple)  # Tensor(2, 3), Tensor([1, 2]): sizes, or values


class Tensor:
    """An array that may be part of a graph."""

    __slots__ = (
        "_array",  # numpy.ndarray or cupy.ndarray
        "_edge",  # where its gradient arrives: a node, or an Edge of one with several outputs; None for a leaf
        "_requires_grad",
        "_grad",
        "_rare",  # what few tensors have: see Rare
        "_viewed",  # the tensor that this one is a view of, or a Bound around it; see engine/views.py
        "_serial",  # a running number that an observer gives; 0: not seen
        "__weakref__",
    )

    _is_number = False  # a Python number on its way through an op: weak in promotion
    __array_priority__ = 1000  # ndarray * tensor asks the tensor first

    def __init__(self, array=(), requires_grad=False, *sizes):
        if array.__class__ in _AS_A_SCRIPT_CALLS_IT:
            from gradviz.engine.creation import legacy  # which imports this file

            array, requires_grad = legacy(array, requires_grad, sizes), False
        self._array = array
        self._edge = None
        self._requires_grad = requires_grad
        self._grad = None
        self._rare = None
        self._viewed = None
        self._serial = 0

    # -- what autograd is about ------------------------------------------------------------------

    @property
    def data(self):
        """The same values outside the graph; changes through it don't count as versions."""
        outside = Tensor(self._array)
        rare_of(outside).changes = 0
        return outside

    @data.setter
    def data(self, other):
        if not isinstance(other, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(other).__name__}")
        self._array = other._array

    @property
    def grad_fn(self):
        """The node that made this tensor; None for a leaf."""
        if versions.forks:
            views.settle((self,))
        return place_of(self._edge)[0]

    @property
    def output_nr(self):
        """Which output of grad_fn this tensor is."""
        return place_of(self._edge)[1] if self.grad_fn is not None else 0

    @property
    def is_leaf(self):
        """Whether no graph leads to this tensor (made by the user, or outside any graph)."""
        return self.grad_fn is None

    @property
    def requires_grad(self):
        """Whether backward computes a gradient for this tensor; a view says what its base says."""
        return self._requires_grad or (self._viewed is not None and self._base._requires_grad)

    @requires_grad.setter
    def requires_grad(self, wanted):
        if not isinstance(wanted, bool):
            raise RuntimeError("requires_grad must be a bool")
        if self._edge is not None and not wanted:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed "
                "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if wanted and self._array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if wanted and not mode.inference and self.is_inference():
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        self._requires_grad = bool(wanted)

    def requires_grad_(self, requires_grad=True):
        """Sets requires_grad, and returns this tensor."""
        if requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.requires_grad = bool(requires_grad)
        return self

    @property
    def grad(self):
        """The gradient that backward accumulated, a Tensor of this shape, or None."""
        if self._grad is None and self._edge is not None and not self.retains_grad and self._requires_grad:
            if mode.observer is not None:
                mode.observer.grad_read(self)
            warnings.warn(NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
                    f"'{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
            if value._array.dtype != self._array.dtype:
                given, own = dtypes.in_cpp(value._array.dtype), dtypes.title(self._array.dtype)
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{given}' to a tensor with grad_dtype '{own}'. The "
                    "gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set the "
                    "tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype "
                    "with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems "
                    "that assume they match."
                )
            if not backend.is_on(value._array, self.device):
                raise RuntimeError(
                    f"attempting to assign a gradient with device type '{value.device.type}' to a tensor with device "
                    f"type '{self.device.type}'. Please ensure that the gradient and the tensor are on the same device"
                )
        self._grad = value
        if mode.observer is not None:
            mode.observer.assigned(self)

    def retain_grad(self):
        """Asks backward to keep this non-leaf tensor's gradient in .grad."""
        if not self.requires_grad:
            raise RuntimeError(NO_RETAIN)
        if self.grad_fn is None or self.retains_grad:
            return
        rare_of(self).retains_grad = True
        node, output_nr = place_of(self._edge)
        hooks_of(node).keepers.append(GradKeeper(self, output_nr))

    def register_hook(self, hook):
        """Calls hook(grad) when the gradient for this tensor is known; what it returns replaces the gradient."""
        if not self.requires_grad:
            raise RuntimeError(NO_HOOK)
        if self.grad_fn is None:
            return RemovableHandle(rare_of(self).hooks, hook)
        node, output_nr = place_of(self._edge)
        return RemovableHandle(hooks_of(node).tensor, (output_nr, hook))

    def register_post_accumulate_grad_hook(self, hook):
        """Calls hook(tensor) after backward has accumulated into this leaf's .grad."""
        if not self._requires_grad:
            raise RuntimeError(NO_HOOK)
        if self._edge is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return RemovableHandle(rare_of(self).after_hooks, hook)

    @property
    def retains_grad(self):
        """Whether retain_grad was asked for on this non-leaf tensor."""
        return self._rare is not None and self._rare.retains_grad

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Runs backward from this tensor: gradients are added to the .grad of the leaves that led to it."""
        from gradviz.engine.backward import backward

        backward(self, gradient, retain_graph, create_graph, inputs)

    # -- what arrays are about -------------------------------------------------------------------

    @property
    def shape(self):
        """Sizes of the dimensions, a tuple that prints as `torch.Size([2, 3])`."""
        return Size(self._array.shape)

    @property
    def dtype(self):
        """The element type, such as torch.float32."""
        return dtypes.of_array(self._array)

    @property
    def device(self):
        """Where the data is: "cpu", or "cuda:0"."""
        return Device(backend.device_of(self._array))

    @property
    def is_cuda(self):
        """Whether the data is on a GPU."""
        return not isinstance(self._array, np.ndarray)

    def get_device(self):
        """The number of the GPU that the data is on; -1 for the CPU."""
        return self._array.device.id if self.is_cuda else -1

    @property
    def ndim(self):
        """How many dimensions."""
        return self._array.ndim

    dim = lambda self: self._array.ndim  # noqa: E731  torch has it as a method and as ndim

    def numel(self):
        """How many elements."""
        return self._array.size

    nelement = numel

    @property
    def nbytes(self):
        """Bytes of all elements."""
        return self._array.nbytes

    def is_contiguous(self, memory_format=None):
        """Whether the elements lie in C order without gaps, or as memory_format says."""
        return has_format(self._array, memory_format)

    def is_floating_point(self):
        """Whether the dtype is a floating one."""
        return self._array.dtype.kind == "f"

    def is_inference(self):
        """Whether the tensor was made in inference mode, or is a view of one that was."""
        return versions.is_uncounted(self._array)

    @property
    def _version(self):
        if self.is_inference():
            raise RuntimeError("Inference tensors do not track version counter.")
        apart = views.apart(self)
        return versions.version_of(self._array) if apart is None else apart.changes

    @property
    def _base(self):
        return views.base_of(self)

    def _is_view(self):
        return self._viewed is not None

    def item(self):
        """The one value as a Python number; RuntimeError for more than one element."""
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._array.item()

    def tolist(self):
        """The values as nested lists of Python numbers."""
        return self._array.tolist()

    def __len__(self):
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self):
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self):
        if self._array.size != 1:
            many = "more than one value" if self._array.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {many} is ambiguous")
        return bool(self._array)

    def __float__(self):
        if self._requires_grad and mode.grad:
            warnings.warn(TO_A_SCALAR, UserWarning, stacklevel=2)
        return float(self._only())

    def __int__(self):
        return int(self._only())

    def _only(self):
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self._array.item()

    def __index__(self):
        if self._array.dtype.kind not in "iub" or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __format__(self, spec):
        return format(self.item(), spec) if self._array.ndim == 0 else object.__format__(self, spec)

    __hash__ = object.__hash__

    def __repr__(self):
        return printing.text(self)


class Size(tuple):
    """A shape: a tuple that prints as PyTorch prints it."""

    __slots__ = ()

    def numel(self):
        """The product of the sizes."""
        total = 1
        for size in self:
            total *= size
        return total

    def __getitem__(self, place):
        found = tuple.__getitem__(self, place)
        return Size(found) if isinstance(place, slice) else found

    def __add__(self, other):
        return Size(tuple.__add__(self, other))

    def __repr__(self):
        return f"torch.Size({list(self)})"


class Rare:
    """What few tensors have: the AccumulateGrad of a leaf (held weakly), hooks, and what `.data` made.

    changes: how often a tensor that `.data` made was changed; None for others, whose changes their buffers count.
    """

    __slots__ = ("accumulator", "retains_grad", "changes", "hooks", "after_hooks")

    def __init__(self):
        self.accumulator = self.changes = None
        self.retains_grad = False
        self.hooks, self.after_hooks = {}, {}  # of a leaf: {id: function}


class Number(Tensor):
    """A Python number on its way through an op: `value` is what a node saves, a weak number for NumPy too."""

    __slots__ = ("value",)
    _is_number = True

    def __init__(self, array, value):
        super().__init__(array)
        self.value = value.item() if isinstance(value, np.generic) else value

    def as_tensor(self):
        """As PyTorch shows it: a 0-d tensor of the number's own kind."""
        return Tensor(np.asarray(self.value))


def rare_of(tensor):
    """The tensor's Rare, made when first asked for."""
    rare = tensor._rare
    if rare is None:
        rare = tensor._rare = Rare()
    return rare


def edge_of(tensor):
    """Where the tensor's gradient goes: a node or an Edge, for a leaf its AccumulateGrad; None where none is wanted."""
    edge = tensor._edge
    if edge is not None or not tensor._requires_grad:
        return edge
    rare = tensor._rare
    if rare is None:
        rare = tensor._rare = Rare()
    node = rare.accumulator() if rare.accumulator is not None else None
    if node is None:
        node = AccumulateGrad(tensor)
        rare.accumulator = weakref.ref(node)
    return node
