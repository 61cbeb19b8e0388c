"""Hooks of modules: what runs before and after forward, and when gradients reach a module's outputs and inputs.

Backward hooks are PyTorch's: an identity node, BackwardHookFunctionBackward, goes before the inputs and after the
outputs, and the nodes' own hooks tell when gradients pass.
"""

import warnings

from gradviz.engine.function import Function
from gradviz.engine.hooks import RemovableHandle
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor

TABLES = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
NO_INPUT_GRADS = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module."
    "register_full_backward_hook for more details."
)


class Hooked:
    """What can be called, with hooks around its forward."""

    def _make_hook_tables(self):
        for name in TABLES:
            object.__setattr__(self, name, {})  # {id: hook}, in the order of calling
        object.__setattr__(self, "_hooks_with_kwargs", set())
        object.__setattr__(self, "_hooks_always_called", set())

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Calls hook(module, args) before forward; what it returns, if anything, are the arguments.

        with_kwargs: hook(module, args, kwargs), which returns both.
        """
        return self._added(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Calls hook(module, args, output) after forward; what it returns, if anything, is the output.

        with_kwargs: hook(module, args, kwargs, output). always_call: also where forward fails.
        """
        return self._added(self._forward_hooks, hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Calls hook(module, grad_output) before the module's backward; what it returns is grad_output."""
        return self._added(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Calls hook(module, grad_input, grad_output) after the module's backward; what it returns is grad_input."""
        return self._added(self._backward_hooks, hook, prepend)

    def _added(self, table, hook, prepend, with_kwargs=False, always_call=False):
        handle = RemovableHandle(table, hook)
        if with_kwargs:
            self._hooks_with_kwargs.add(handle.id)
        if always_call:
            self._hooks_always_called.add(handle.id)
        if prepend:
            for key in [key for key in table if key != handle.id]:
                table[key] = table.pop(key)  # behind it
        return handle

    def __call__(self, *args, **kwargs):
        hooked = self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks
        observer, result = mode.observer, None
        if observer is None:
            return self._called_with_hooks(args, kwargs) if hooked else self.forward(*args, **kwargs)
        observer.entered(type(self).__name__, False, self)  # as Within does it: there are many of these
        try:
            result = self._called_with_hooks(args, kwargs) if hooked else self.forward(*args, **kwargs)
            return result
        finally:
            observer.left(result)

    def _called_with_hooks(self, args, kwargs):
        told = set()
        result = None
        try:
            args, kwargs = self._prepared(args, kwargs)
            passing = None
            if self._backward_hooks or self._backward_pre_hooks:
                passing = Passing(self, list(self._backward_hooks.values()), list(self._backward_pre_hooks.values()))
                args = passing.before(args)
            result = self.forward(*args, **kwargs)
            for key, hook in list(self._forward_hooks.items()):
                told.add(key)
                result = self._after_forward(key, hook, args, kwargs, result)
            return result if passing is None else passing.after(result)
        except Exception:
            for key, hook in list(self._forward_hooks.items()):
                if key in self._hooks_always_called and key not in told:
                    try:
                        result = self._after_forward(key, hook, args, kwargs, result)
                    except Exception as error:
                        warnings.warn(
                            "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                            f"another error was raised in forward: {error}",
                            stacklevel=3,
                        )
            raise

    def _prepared(self, args, kwargs):
        """The arguments as the pre-hooks leave them."""
        for key, hook in list(self._forward_pre_hooks.items()):
            if key in self._hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is None:
                    continue
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        return args, kwargs

    def _after_forward(self, key, hook, args, kwargs, result):
        given = (args, kwargs, result) if key in self._hooks_with_kwargs else (args, result)
        changed = hook(self, *given)
        return result if changed is None else changed


class BackwardHookFunction(Function):
    """The identity; its node tells when gradients pass."""

    @staticmethod
    def forward(ctx, *tensors):
        """The tensors as they are."""
        ctx.mark_non_differentiable(*[each for each in tensors if not each.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx, *grads):
        """The gradients as they are."""
        return grads


class Passing:
    """One call of a module with backward hooks: gradients that reach its outputs, then its inputs."""

    def __init__(self, module, hooks, pre_hooks):
        self._module, self._hooks, self._pre_hooks = module, hooks, pre_hooks
        self._grad_outputs = None  # from when they arrive until the hooks ran
        self._inputs = self._outputs = None  # which arguments are tensors; None where none requires grad
        self._input_count = self._output_count = 0

    def before(self, args):
        """The arguments, with the identity node behind them."""
        self._input_count = len(args)
        args, self._inputs = self._through(args, self._reached_inputs)
        return args

    def after(self, result):
        """The outputs, with the identity node before them."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(result)}",
                stacklevel=4,
            )
        outputs = result if isinstance(result, tuple) else (result,)
        self._output_count = len(outputs)
        outputs, self._outputs = self._through(outputs, self._reached_outputs)
        return outputs if isinstance(result, tuple) else outputs[0]

    def _through(self, values, hook):
        places = [k for k, each in enumerate(values) if isinstance(each, Tensor)]
        tensors = [values[k] for k in places]
        if not mode.grad or not any(each.requires_grad for each in tensors):
            return values, None
        passed = BackwardHookFunction.apply(*tensors)
        next(each.grad_fn for each in passed if each.grad_fn is not None).register_hook(hook)
        replaced = list(values)
        for place, each in zip(places, passed, strict=True):
            replaced[place] = each
        return type(values)(replaced) if type(values) is tuple else type(values)(*replaced), places

    def _reached_outputs(self, _, grads):
        found = _placed(self._outputs, grads, self._output_count)
        for hook in self._pre_hooks:
            changed = hook(self._module, found)
            if changed is None:
                continue
            if len(changed) != self._output_count:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(changed)}, but expected {self._output_count}"
                )
            found = changed
        if self._inputs is None:
            self._call_without_inputs(found)
        else:
            self._grad_outputs = found
        return tuple(found[k] for k in self._outputs)

    def _call_without_inputs(self, grad_outputs):
        """No input requires grad: the hooks are called already at the outputs."""
        warnings.warn(NO_INPUT_GRADS, stacklevel=2)
        for hook in self._hooks:
            changed = hook(self._module, (None,) * self._input_count, grad_outputs)
            if changed is not None and not (isinstance(changed, tuple) and all(each is None for each in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )

    def _reached_inputs(self, grads, _):
        if self._grad_outputs is None:  # by a way around the outputs, as in a double backward
            return None
        found = _placed(self._inputs, grads, self._input_count)
        for hook in self._hooks:
            changed = hook(self._module, found, self._grad_outputs)
            if changed is None:
                continue
            if len(changed) != self._input_count:
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(changed)}, but expected {self._input_count}"
                )
            found = changed
        self._grad_outputs = None
        return tuple(found[k] for k in self._inputs)


def _placed(places, values, count):
    found = [None] * count
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return tuple(found)
