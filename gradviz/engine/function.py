"""Function: an op that a user writes, with a forward and a backward that share saved values."""

import warnings
from functools import wraps
from inspect import signature
from time import perf_counter_ns

import numpy as np

from gradviz.engine import versions
from gradviz.engine.backend import module_of
from gradviz.engine.births import born
from gradviz.engine.catalogue import lifted
from gradviz.engine.fitting import fitted, refuse_misfit
from gradviz.engine.hooks import Held
from gradviz.engine.node import RELEASED, SECOND_BACKWARD, AccumulateGrad, Node, edge_to, place_of
from gradviz.engine.switches import _GradMode, is_grad_enabled, mode
from gradviz.engine.tensor import Tensor, edge_of
from gradviz.engine.views import settle
from gradviz.engine.within import Within


class FunctionCtx:
    """What a user's forward can ask of its `ctx`."""

    __slots__ = ()

    def save_for_backward(self, *tensors):
        """Keeps tensors for backward, where `ctx.saved_tensors` gives them; None is allowed among them."""
        for each in tensors:
            if each is not None and not isinstance(each, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument 0 is of type {type(each).__name__}"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors):
        """For forward-mode derivatives, which gradviz has not: nothing is kept."""

    def mark_dirty(self, *args):
        """These inputs were changed in place; forward must return them."""
        for each in args:
            if not isinstance(each, Tensor):
                raise RuntimeError("mark_dirty can only accept variables, but argument ")
        self._dirty = args

    def mark_non_differentiable(self, *tensors):
        """These outputs get no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value):
        """Whether a missing gradient arrives in backward as zeros (the default) or as None."""
        self._materialize = value


class FunctionNode(FunctionCtx, Node):
    """The grad_fn of a user's Function, and the `ctx` of its forward and backward at once, as in PyTorch."""

    __slots__ = (
        "__dict__", "needs_input_grad", "_count", "_fits", "_outputs", "_sources", "_to_save", "_materialize", "_dirty",
        "_non_differentiable",
    )  # fmt: skip

    op = None
    _function = None  # the user's Function

    @property
    def saved_tensors(self):
        """What save_for_backward kept; RuntimeError once backward freed it."""
        if self._saved is RELEASED:
            raise RuntimeError(SECOND_BACKWARD)
        return tuple(None if a is None else self._unpack(a, k) for k, a in enumerate(self._saved))

    def saved_tensor(self, position):
        """One saved tensor; None where None was saved."""
        return self.saved_tensors[position]

    @property
    def saved_names(self):
        """Function's saved tensors have no names of their own: 0, 1, ..."""
        return tuple(str(k) for k in range(len(self._saved or ())))

    def source(self, position):
        """(node, output_nr) that made one of the saved tensors; (None, 0) for one outside any graph."""
        source = self._sources[position]
        return (self, source) if source.__class__ is int else place_of(source)

    def _unpack(self, array, position):
        edge = self._sources[position]
        if edge.__class__ is int:
            edge = edge_to(self, edge)
        if array.__class__ is Held:
            return array.joined_to(edge)
        if edge is None:
            return Tensor(array)
        if edge.__class__ is AccumulateGrad and edge.variable._array is array:
            return edge.variable
        tensor = Tensor(array, True)
        tensor._edge = edge
        return tensor

    @property
    def _is_several(self):
        return self._count != 1

    def run_backward(self, gradients, create_graph):
        """The user's backward on Tensors: one gradient, or None, an input."""
        given = []
        for gradient, output in zip(gradients, self._outputs, strict=True):
            if gradient is None and self._materialize and output is not None:
                shape, dtype, module = output
                gradient = module.zeros(shape, dtype)
            if gradient is not None and not isinstance(gradient, Tensor):
                gradient = Tensor(np.asarray(gradient) if isinstance(gradient, np.generic) else gradient)
            given.append(gradient)
        with Within(f"{self._function.__name__}.backward", aside=not create_graph):
            returned = self._function._backward()(self, *given)
        if not isinstance(returned, tuple):
            returned = (returned,)
        wanted = len(self._edges)
        if len(returned) > wanted and all(each is None for each in returned[wanted:]):
            returned = returned[:wanted]
        if len(returned) != wanted:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {wanted}, got {len(returned)})"  # noqa: E501
            )
        for each in returned:
            if each is not None and not isinstance(each, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(each).__name__})")
        given = [each if create_graph or each is None else each._array for each in returned]
        ops = lifted if create_graph else None
        return tuple(self._fitted(each, position, ops) for position, each in enumerate(given))

    def _fitted(self, gradient, position, ops):
        """A gradient in the shape and dtype of its input."""
        if gradient is None or self._edges[position] is None:
            return gradient
        shape, dtype = self._fits[position]
        refuse_misfit(self.name(), position, gradient.shape, shape)
        return fitted(gradient, shape, dtype, ops)


class Function:
    """An op of your own: static `forward(ctx, *inputs)` and `backward(ctx, *grad_outputs)`; call `apply`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        name = cls.__name__ + "Backward"
        cls._backward_cls = type(
            name, (FunctionNode,), {"__slots__": (), "_function": cls, "__module__": cls.__module__}
        )

    def __call__(self, *args, **kwargs):
        """RuntimeError: a Function is applied, not called."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """The user's forward(ctx, *args) on tensors, without ctx where there is a setup_context; builds no graph."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Where a forward without ctx leaves it to: saves what backward needs."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The user's backward: one gradient, or None, for each input of forward."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """Forward-mode derivatives, which gradviz has not; an own jvp is never called."""
        raise NotImplementedError("gradviz has no forward mode AD: torch.autograd.grad computes in backward mode")

    @staticmethod
    def vmap(info, in_dims, *args):
        """Batching, which gradviz has not; an own vmap is never called."""
        raise NotImplementedError("gradviz has no torch.vmap: write the batch dimension out, or loop over it")

    @classmethod
    def _backward(cls):
        """The user's backward, by either name."""
        if cls.vjp is Function.vjp:
            return cls.backward
        if cls.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                "implement one of them."
            )
        return cls.vjp

    @classmethod
    def _bound(cls, inputs):
        """The inputs, with forward's defaults where a setup_context is to see them."""
        if cls.setup_context is Function.setup_context:
            return inputs
        bound = signature(cls.forward).bind(*inputs)
        bound.apply_defaults()
        return bound.args

    @classmethod
    def _context(cls, inputs):
        """A fresh ctx for these inputs."""
        ctx = cls._backward_cls()
        ctx.needs_input_grad = tuple(isinstance(each, Tensor) and each._requires_grad for each in inputs)
        ctx._to_save = ctx._dirty = ctx._non_differentiable = ()
        ctx._materialize = True
        ctx._hooks = ctx._run = ctx._settings = None
        return ctx

    @classmethod
    def _computed(cls, ctx, inputs):
        """What forward returns, with ctx filled."""
        if cls.setup_context is Function.setup_context:
            return cls.forward(ctx, *inputs)
        returned = cls.forward(*inputs)
        cls.setup_context(ctx, inputs, returned)
        for each in returned if isinstance(returned, tuple) else (returned,):
            if _among(each, inputs) and _among(each, ctx._to_save) and not _among(each, ctx._dirty):
                raise RuntimeError(
                    "An input that has been returned as-is as output is being saved for backward. This is not "
                    "supported if you override setup_context. You should return and save a view of the input instead, "
                    "e.g. with x.view_as(x) or setup ctx inside the forward function itself."
                )
        return returned

    @classmethod
    def apply(cls, *inputs):
        """Runs forward, and makes the node that backward will run."""
        observer = mode.observer
        started = perf_counter_ns() if observer is not None else 0
        if versions.forks and mode.grad:
            settle([each for each in inputs if isinstance(each, Tensor)])
        inputs = cls._bound(inputs)
        ctx = cls._context(inputs)
        if observer is not None:
            observer.applying(ctx, inputs)
        with _GradMode(False), Within(cls.__name__, aside=True):
            returned = cls._computed(ctx, inputs)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        _check_dirty(ctx, inputs, outputs)
        # a tensor of the inputs that is handed through unchanged becomes a new tensor of this node
        outputs = tuple(
            Tensor(each._array) if _among(each, inputs) and not _among(each, ctx._dirty) else each for each in outputs
        )
        tensors = tuple(each for each in outputs if isinstance(each, Tensor))
        node = ctx if mode.grad and any(ctx.needs_input_grad) and tensors else None
        for each in ctx._dirty:
            versions.bump(each._array, ctx.name() if node is not None else "")
        ctx._saved = tuple(None if each is None else each._array for each in ctx._to_save)
        if node is not None:
            _join(ctx, inputs, outputs, returned)
            if mode.births:
                born(ctx, [each for each in (*inputs, *outputs) if isinstance(each, Tensor)])
        ctx._to_save = ctx._dirty = ()
        if observer is not None and tensors:
            given = tuple(each for each in inputs if isinstance(each, Tensor))
            observer.forward(cls.__name__, tensors if len(tensors) > 1 else tensors[0], given, node, {}, started)
        return outputs if isinstance(returned, tuple) else outputs[0]


def once_differentiable(backward):
    """Decorates a Function's backward that can't be differentiated: where that is tried, a RuntimeError."""

    @wraps(backward)
    def wrapped(ctx, *grads):
        with _GradMode(False):
            outputs = backward(ctx, *grads)
        if not is_grad_enabled() or not any(isinstance(each, Tensor) and each._requires_grad for each in grads):
            return outputs
        several = isinstance(outputs, tuple)
        joined = [
            each if each is None else DelayedError.apply(Tensor(each._array, True))
            for each in (outputs if several else (outputs,))
        ]
        return tuple(joined) if several else joined[0]

    return wrapped


class DelayedError(Function):
    """A node that can't run."""

    @staticmethod
    def forward(ctx, tensor):
        """The tensor itself."""
        return tensor

    @staticmethod
    def backward(ctx, grad):
        """RuntimeError: it was marked as @once_differentiable."""
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def _among(tensor, tensors):
    return isinstance(tensor, Tensor) and any(tensor is each for each in tensors)


def _check_dirty(ctx, inputs, outputs):
    """RuntimeError for a dirty tensor that is a leaf or a view in a graph, or that forward did not return."""
    in_graph = mode.grad and any(ctx.needs_input_grad)
    for each in ctx._dirty:
        if in_graph and each._requires_grad and each._edge is None:
            raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        if in_graph and each._viewed is not None:
            raise RuntimeError(
                "mark_dirty of a view of a tensor that is part of a graph is not supported by gradviz: "
                "return a new tensor from forward"
            )
        if not _among(each, inputs):
            warnings.warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated "
                "should be passed to ctx.mark_dirty().",
                stacklevel=4,
            )
        if not _among(each, outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )


def _join(ctx, inputs, outputs, returned):
    """Makes ctx a node of the graph, and the outputs its outputs."""
    edges = [edge_of(each) if isinstance(each, Tensor) else None for each in reversed(inputs)]
    ctx._edges = tuple(reversed(edges))
    ctx._fits = [(e._array.shape, e._array.dtype) if isinstance(e, Tensor) else None for e in inputs]
    ctx._outputs = tuple(
        (each._array.shape, each._array.dtype, module_of(each._array)) if isinstance(each, Tensor) else None
        for each in outputs
    )
    ctx._count = len(outputs)
    ctx.sequence_nr = mode.next_sequence_nr()
    for each in ctx._dirty:
        versions.noted(each)
    handed = returned if isinstance(returned, tuple) else (returned,)
    sources = []
    for tensor in ctx._to_save:
        place = next((k for k, each in enumerate(handed) if each is tensor), None)
        if tensor is None:
            sources.append(None)
        elif place is not None and not any(tensor is each for each in inputs):
            sources.append(place)  # an output of this very node, which its own field would keep alive
        else:
            sources.append(edge_of(tensor))
    ctx._sources = tuple(sources)
    excluded, ctx._non_differentiable = ctx._non_differentiable, ()
    for output_nr, (tensor, original) in enumerate(zip(outputs, handed, strict=True)):
        if not isinstance(tensor, Tensor) or tensor._array.dtype.kind != "f":
            continue
        if _among(original, excluded):
            continue
        tensor._edge = edge_to(ctx, output_nr)
        tensor._requires_grad = True
