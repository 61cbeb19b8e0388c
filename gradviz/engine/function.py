"""Function: an op that a user writes, with a forward and a backward that share saved values."""

from time import perf_counter_ns

import numpy as np

from gradviz.engine import versions
from gradviz.engine.backend import module_of
from gradviz.engine.catalogue import lifted
from gradviz.engine.fitting import broadcasts_from, fitted
from gradviz.engine.node import RELEASED, SECOND_BACKWARD, AccumulateGrad, Edge, Node, place_of
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import Tensor, edge_of
from gradviz.engine.views import settle
from gradviz.engine.within import Within


class FunctionNode(Node):
    """The grad_fn of a user's Function, and the `ctx` of its forward and backward at once, as in PyTorch."""

    __slots__ = ("__dict__", "needs_input_grad", "_count", "_fits", "_outputs", "_sources", "_to_save", "_materialize")

    op = None
    function = None  # the user's Function

    def save_for_backward(self, *tensors):
        """Keeps tensors for backward, where `ctx.saved_tensors` gives them; None is allowed among them."""
        for each in tensors:
            if each is not None and not isinstance(each, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument 0 is of type {type(each).__name__}"
                )
        self._to_save = tensors

    @property
    def saved_tensors(self):
        """What save_for_backward kept; RuntimeError once backward freed it."""
        if self._saved is RELEASED:
            raise RuntimeError(SECOND_BACKWARD)
        return tuple(None if a is None else self._unpack(a, k) for k, a in enumerate(self._saved))

    def mark_non_differentiable(self, *tensors):
        """These outputs get no gradient."""
        self.__dict__["_non_differentiable"] = tensors

    def set_materialize_grads(self, value):
        """Whether a missing gradient arrives in backward as zeros (the default) or as None."""
        self._materialize = value

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
        if edge is None:
            return Tensor(array)
        if edge.__class__ is AccumulateGrad and edge.variable._array is array:
            return edge.variable
        tensor = Tensor(array, True)
        tensor._edge = self._output_edge(edge) if edge.__class__ is int else edge
        return tensor

    def _output_edge(self, output_nr):
        return self if self._count == 1 else Edge(self, output_nr)

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
        with Within(f"{self.function.__name__}.backward", aside=not create_graph):
            returned = self.function.backward(self, *given)
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
            return None
        shape, dtype = self._fits[position]
        if gradient.shape != shape and not broadcasts_from(shape, gradient.shape):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {position} - got "
                f"{list(gradient.shape)} but expected shape compatible with {list(shape)}"
            )
        return fitted(gradient, shape, dtype, ops)


class Function:
    """An op of your own: static `forward(ctx, *inputs)` and `backward(ctx, *grad_outputs)`; call `apply`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        name = cls.__name__ + "Backward"
        cls._backward_cls = type(
            name, (FunctionNode,), {"__slots__": (), "function": cls, "__module__": cls.__module__}
        )

    @staticmethod
    def forward(ctx, *args, **kwargs):
        """The user's forward on tensors; runs where no graph is built."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The user's backward: one gradient, or None, for each input of forward."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    @classmethod
    def apply(cls, *inputs):
        """Runs forward, and makes the node that backward will run."""
        observer = mode.observer
        started = perf_counter_ns() if observer is not None else 0
        if versions.forks and mode.grad:
            settle([each for each in inputs if isinstance(each, Tensor)])
        ctx = cls._backward_cls()
        ctx.needs_input_grad = tuple(isinstance(each, Tensor) and each._requires_grad for each in inputs)
        ctx._to_save, ctx._materialize = (), True
        ctx._hooks = ctx._run = ctx._settings = None
        with _GradMode(False), Within(cls.__name__, aside=True):
            returned = cls.forward(ctx, *inputs)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        # a tensor of the inputs that is handed through becomes a new tensor of this node
        handed_through = [any(each is given for given in inputs) and isinstance(each, Tensor) for each in outputs]
        outputs = tuple(
            Tensor(each._array) if renewed else each for each, renewed in zip(outputs, handed_through, strict=True)
        )
        tensors = tuple(each for each in outputs if isinstance(each, Tensor))
        node = ctx if mode.grad and any(ctx.needs_input_grad) and tensors else None
        ctx._saved = tuple(None if each is None else each._array for each in ctx._to_save)
        if node is not None:
            _join(ctx, inputs, outputs, returned)
        ctx._to_save = ()
        if observer is not None and tensors:
            given = tuple(each for each in inputs if isinstance(each, Tensor))
            observer.forward(cls.__name__, tensors if len(tensors) > 1 else tensors[0], given, node, {}, started)
        return outputs if isinstance(returned, tuple) else outputs[0]


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
    excluded = ctx.__dict__.pop("_non_differentiable", ())
    for output_nr, (tensor, original) in enumerate(zip(outputs, handed, strict=True)):
        if not isinstance(tensor, Tensor) or tensor._array.dtype.kind != "f":
            continue
        if any(original is each for each in excluded):
            continue
        tensor._edge = ctx._output_edge(output_nr)
        tensor._requires_grad = True
