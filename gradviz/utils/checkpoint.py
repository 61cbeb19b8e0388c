"""`torch.utils.checkpoint`: activations that backward computes again instead of keeping.

Without reentrant autograd, hooks save placeholders; the first one that backward unpacks runs the function again, and
each tensor which that saves goes to the placeholder of the same turn. With it, a Function keeps the inputs alone, and
its backward runs the function again and a backward of its own.
"""

import warnings
import weakref
from contextlib import nullcontext
from typing import NamedTuple

from gradviz.engine.backward import backward
from gradviz.engine.function import Function
from gradviz.engine.hooks import Held
from gradviz.engine.random import default_generator, fork_rng
from gradviz.engine.saved_hooks import held, saved_tensors_hooks
from gradviz.engine.switches import _GradMode, mode
from gradviz.engine.tensor import Tensor, edge_of
from gradviz.engine.within import Within

ONE_OF_TWO = (
    "use_reentrant=False is recommended, but if you need to preserve the current default behavior, you can pass "
    "use_reentrant=True. Refer to docs for more details on the differences between the two variants."
)


class CheckpointError(RuntimeError):
    """The function did something else when it was run again."""


def noop_context_fn():
    """Two contexts that do nothing."""
    return nullcontext(), nullcontext()


def checkpoint(
    function, *args, use_reentrant=None, context_fn=noop_context_fn, determinism_check="default", debug=False,
    early_stop=True, **kwargs,
):  # fmt: skip
    """function(*args), of which the graph keeps no activations: backward computes them again.

    preserve_rng_state: the second run draws the random numbers of the first. CheckpointError where the second run
    saves other tensors; RuntimeError for what use_reentrant=True can't do.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, "
            f"calling checkpoint without use_reentrant will raise an exception. {ONE_OF_TWO}",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    if debug:
        raise NotImplementedError("gradviz has no debug=True in checkpoint: the trace shows the ops of both runs")
    if determinism_check not in ("default", "none"):
        raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
    if not mode.grad:
        return function(*args, **kwargs)
    forward_context, again_context = context_fn()
    frame = Frame(function, args, kwargs, again_context, preserve)
    frame.checks, frame.early_stop = determinism_check == "default", early_stop
    with saved_tensors_hooks(frame.pack, frame.unpack), forward_context:
        return function(*args, **kwargs)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """input through all functions, in `segments` parts that are checkpointed, but the last."""
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In "
            f"version 2.9 we will raise an exception if use_reentrant is not passed. {ONE_OF_TWO}",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    functions = list(functions.children() if hasattr(functions, "children") else functions)
    size = len(functions) // segments
    for start in range(0, size * (segments - 1), size):
        part = _one_after_the_other(functions[start : start + size])
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _one_after_the_other(functions[size * (segments - 1) :])(input)


class Frame:
    """One checkpointed call: what it was given, and the placeholders of what it would have saved."""

    def __init__(self, function, args, kwargs, context, preserve):
        self._function, self._args, self._kwargs = function, tuple(map(_kept, args)), kwargs
        self._context = context
        self._random = default_generator.get_state() if preserve else None
        self._holders = []  # weak references, in the order of saving
        self._looks = []  # what the saved tensors look like
        self._turn = 0  # how many the second run has saved
        self._ran_for = None  # weak reference to the backward call of the newest second run
        self.checks = self.early_stop = True

    def pack(self, tensor):
        """A placeholder for a tensor."""
        holder = Holder()
        self._holders.append(weakref.ref(holder))
        self._looks.append(_look(tensor))
        return holder

    def unpack(self, holder):
        """The tensor of a placeholder, computed again."""
        call = mode.backward
        if call is None or self._ran_for is None or self._ran_for() is not call:
            self._run_again()
            self._ran_for = None if call is None else weakref.ref(call)
        found, holder.tensor = holder.tensor, None
        if found is None:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already unpacked once. If you "
                "are calling ctx.saved_tensors in backward, make sure to do so only once. Otherwise please open an "
                "issue with details on your use case."
            )
        return found

    def _run_again(self):
        args = [each.held.joined_to(each.edge) if isinstance(each, Argument) else each for each in self._args]
        self._turn = 0
        try:
            with (
                Within("checkpoint"), fork_rng(enabled=self._random is not None),
                saved_tensors_hooks(self._fill, lambda tensor: tensor), _GradMode(True), self._context,
            ):  # fmt: skip
                if self._random is not None:
                    default_generator.set_state(self._random)
                self._function(*args, **self._kwargs)
        except _Enough:
            pass
        self._check()

    def _fill(self, tensor):
        """Gives the next placeholder its tensor; ends the second run when none waits for more."""
        turn, self._turn = self._turn, self._turn + 1
        tensor = tensor.detach()
        if turn >= len(self._holders):
            raise CheckpointError(
                "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original "
                "forward pass.\n"
            )
        holder = self._holders[turn]()
        if holder is not None:
            holder.tensor = tensor
            holder.look = _look(tensor)
        if self.early_stop and self._turn == len(self._holders):
            raise _Enough
        return tensor

    def _check(self):
        """CheckpointError where the second run saved other tensors than the first."""
        if self._turn != len(self._holders):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self._holders)}\n"
                f"Number of tensors saved during recomputation: {self._turn}.\n"
            )
        live = [(k, self._looks[k], each().look) for k, each in enumerate(self._holders) if each() is not None]
        different = [each for each in live if each[1] != each[2]] if self.checks else []
        if different:
            told = "".join(
                f"tensor at position {k}:\nsaved metadata: {first}\nrecomputed metadata: {second}\n"
                for k, first, second in different
            )
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                f"during the forward pass.\n{told}.\n"
            )


class Argument(NamedTuple):
    """A tensor that the hooks around the checkpoint hold, and where its gradient goes."""

    held: Held
    edge: object


class Holder:
    """Stands where a tensor would be saved; has it between the second run and its use."""

    __slots__ = ("tensor", "look", "__weakref__")

    def __init__(self):
        self.tensor = self.look = None


class _Enough(Exception):
    """All placeholders are filled."""


class CheckpointFunction(Function):
    """The reentrant kind."""

    @staticmethod
    def forward(ctx, function, preserve, *args):
        """function(*args) without a graph; keeps the tensors among the arguments."""
        if not any(isinstance(each, Tensor) and each.requires_grad for each in args):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
        ctx.function = function
        ctx.random = default_generator.get_state() if preserve else None
        ctx.others = [None if isinstance(each, Tensor) else each for each in args]
        ctx.places = [k for k, each in enumerate(args) if isinstance(each, Tensor)]
        ctx.save_for_backward(*[each for each in args if isinstance(each, Tensor)])
        return function(*args)

    @staticmethod
    def backward(ctx, *grads):
        """The gradients of the second run."""
        if mode.backward.is_limited:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        inputs = list(ctx.others)
        for place, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[place] = tensor.detach().requires_grad_(tensor.requires_grad)
        with Within("checkpoint"), fork_rng(enabled=ctx.random is not None), _GradMode(True):
            if ctx.random is not None:
                default_generator.set_state(ctx.random)
            outputs = ctx.function(*inputs)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [
            pair for pair in zip(outputs, grads, strict=True) if isinstance(pair[0], Tensor) and pair[0].requires_grad
        ]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward(*zip(*pairs, strict=True))
        return None, None, *(each.grad if isinstance(each, Tensor) else None for each in inputs)


def _one_after_the_other(functions):
    def forward(input):
        for each in functions:
            input = each(input)
        return input

    return forward


def _kept(argument):
    """An argument as the hooks around the checkpoint keep it."""
    packed = isinstance(argument, Tensor) and mode.saved_hooks
    return Argument(held(argument), edge_of(argument)) if packed else argument


def _look(tensor):
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


__all__ = ["CheckpointError", "CheckpointFunction", "checkpoint", "checkpoint_sequential", "noop_context_fn"]
