"""gradcheck and gradgradcheck: analytic gradients against central differences, with PyTorch's signature and words.

Source of the maths: the central difference (f(x + eps) - f(x - eps)) / (2 * eps), one input element after the other,
compared by |analytic - numeric| <= atol + rtol * |numeric|.
"""

import warnings

import numpy as np

from gradviz.engine.backend import moved
from gradviz.engine.backward import grad
from gradviz.engine.random import normal
from gradviz.engine.reach import as_sequence
from gradviz.engine.tensor import Tensor

NOT_DOUBLE = (
    "Input #{} requires gradient and is not a double precision floating point or complex. This check will likely fail "
    "if all the inputs are not of double precision floating point or complex. "
)


class GradcheckError(RuntimeError):
    """An analytic gradient disagrees with the numeric one."""


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, check_undefined_grad=True):
    """Whether the gradients of func(*inputs) are those of central differences; GradcheckError where they aren't.

    Each input that requires grad is checked against each differentiable output. With raise_exception=False
    the answer is False. check_undefined_grad is taken for PyTorch's sake. ValueError: no input requires grad.
    """
    inputs = as_sequence(inputs)
    checked = [each for each in inputs if isinstance(each, Tensor) and each._requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for position, each in enumerate(inputs):
        if isinstance(each, Tensor) and each._requires_grad and each._array.dtype != np.float64:
            warnings.warn(NOT_DOUBLE.format(position), stacklevel=2)
    try:
        _check(func, inputs, checked, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """As gradcheck, for the gradients of func's gradients; grad_outputs are random unless given."""
    inputs = as_sequence(inputs)
    outputs = _outputs(func, inputs)
    if grad_outputs is None:
        drawn = [(normal(each._array.shape, each._array.dtype), each.device) for each in outputs]
        grads = [Tensor(moved(array, device), True) for array, device in drawn]
    else:
        grads = list(as_sequence(grad_outputs))
    count = len(grads)

    def gradients(*given):
        given, weights = given[:-count], given[-count:]
        wanted = [each for each in given if isinstance(each, Tensor) and each._requires_grad]
        found = grad(_outputs(func, given), wanted, weights, create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    options = {"eps": eps, "atol": atol, "rtol": rtol, "raise_exception": raise_exception}
    return gradcheck(gradients, (*inputs, *grads), **options)


def _outputs(func, inputs):
    """The differentiable outputs of a function."""
    return [each for each in as_sequence(func(*inputs)) if isinstance(each, Tensor) and each._requires_grad]


def _check(func, inputs, checked, eps, atol, rtol):
    outputs = as_sequence(func(*inputs))
    for position, output in enumerate(outputs):
        for number, leaf in enumerate(checked):
            numeric = _numeric(func, inputs, leaf, position, eps)
            if not output._requires_grad:
                if not np.allclose(numeric, 0, rtol, atol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
                continue
            analytic = _analytic(output, leaf)
            if not np.allclose(analytic, numeric, rtol, atol, equal_nan=True):
                raise GradcheckError(
                    f"Jacobian mismatch for output {position} with respect to input {number},\n"
                    f"numerical:{Tensor(numeric)!r}\nanalytical:{Tensor(analytic)!r}\n"
                )


def _numeric(func, inputs, leaf, position, eps):
    """The Jacobian (input elements, output elements) of one output for one input."""
    array, rows = leaf._array, []
    for place in np.ndindex(array.shape):
        kept = array[place].copy()
        sides = []
        try:
            for step in (eps, -eps):
                array[place] = kept + step
                sides.append(_flat(as_sequence(func(*inputs))[position]))
        finally:
            array[place] = kept
        rows.append((sides[0] - sides[1]) / (2 * eps))
    return np.array(rows, array.dtype).reshape(array.size, -1)


def _flat(tensor):
    """A copy of the values, on the CPU, in one dimension."""
    return np.array(moved(tensor._array, "cpu")).reshape(-1)


def _analytic(output, leaf):
    """The same from backward, one output element after the other."""
    shape, columns = output._array.shape, []
    for place in range(output._array.size):
        weights = np.zeros(output._array.size, output._array.dtype)
        weights[place] = 1
        weights = Tensor(moved(weights.reshape(shape), output.device))
        (found,) = grad(output, leaf, weights, retain_graph=True, allow_unused=True)
        columns.append(np.zeros(leaf._array.size) if found is None else _flat(found))
    return np.array(columns, leaf._array.dtype).reshape(-1, leaf._array.size).T.copy()
