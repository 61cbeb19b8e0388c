"""Mistakes that people make, each a function of the module `torch` (gradviz or PyTorch) that must raise.

facts/errors.json keeps what PyTorch 2.13 says to each of them; tests/engine/test_errors.py holds gradviz to it.
"""

from tests.engine import (
    mistakes_elementwise,
    mistakes_in_place,
    mistakes_layers,
    mistakes_measures,
    mistakes_neural,
    mistakes_of_state,
    mistakes_rarer,
    mistakes_shaping,
    mistakes_windows,
)


def _leaf(torch, *size):
    return torch.ones(*size or (2,), requires_grad=True)


def _second_backward(torch):
    y = _leaf(torch).exp().sum()
    y.backward()
    y.backward()


def _saved_after_backward(torch):
    y = _leaf(torch).exp()
    y.sum().backward()
    return y.grad_fn._saved_result


def _no_such_attribute(torch):
    return _leaf(torch).exp().grad_fn._saved_nothing


def _half_freed(torch):
    x = _leaf(torch)
    shared = x.exp()
    shared.sum().backward()
    (shared * 2).sum().backward()


def _retained_once(torch):
    y = _leaf(torch).exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    y.backward()


def _grad_unused(torch):
    x, z = _leaf(torch), _leaf(torch)
    torch.autograd.grad(x.sum(), z)


def _grad_of_constant(torch):
    torch.autograd.grad(_leaf(torch).sum(), torch.ones(2))


def _inputs_empty(torch):
    _leaf(torch).sum().backward(inputs=[])


def _wrong_gradient_shape(torch):
    (_leaf(torch) * 2).backward(torch.ones(3))


def _changed_after_saving(torch):
    x = _leaf(torch)
    y = x.exp()
    z = y.sum()
    y.add_(1)
    z.backward()


def _changed_input(torch):
    x, w = _leaf(torch), torch.ones(2)
    y = (x * w).sum()
    w.mul_(3)
    y.backward()


def _changed_twice(torch):
    w = torch.ones(2, 3)
    w.add_(1)
    y = (_leaf(torch, 2, 3) * w).sum()
    w.add_(1)
    w.add_(1)
    y.backward()


def _changed_through_view(torch):
    x, w = _leaf(torch), torch.ones(2, 2)
    y = (x * w[0]).sum()
    w.add_(1)
    y.backward()


def _turn_off_non_leaf(torch):
    y = _leaf(torch) * 2
    y.requires_grad = False


def _set_grad(value):
    def assign(torch):
        _leaf(torch).grad = value(torch)

    return assign


def _function(torch, returned, outputs=lambda x: x * 2):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return outputs(x)

        @staticmethod
        def backward(ctx, grad):
            return returned(grad)

    return Double


def _function_freed(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 2 * x * grad

    y = Square.apply(_leaf(torch)).sum()
    y.backward()
    y.backward()


def _saves_no_tensor(torch):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x * 2

    Broken.apply(_leaf(torch))


def _function_without(torch, missing):
    class Half(torch.autograd.Function):
        if missing == "backward":

            @staticmethod
            def forward(ctx, x):
                return x * 2

    return Half.apply(_leaf(torch)).sum().backward()


def _index_with(value, *size):
    return lambda torch: torch.ones(size)[value]


def _linear_of_wrong_width(torch):
    torch.nn.Linear(3, 4)(torch.ones(2, 5))


def _cross_entropy(scores, classes):
    return lambda torch: torch.nn.functional.cross_entropy(torch.ones(*scores), torch.tensor(classes))


MISTAKES = {
    **mistakes_elementwise.MISTAKES,
    # backward and grad
    "second backward": _second_backward,
    "second backward through a shared part": _half_freed,
    "second backward after one retained": _retained_once,
    "saved tensor read after backward": _saved_after_backward,
    "grad_fn attribute that isn't there": _no_such_attribute,
    "backward from a non-scalar": lambda torch: (_leaf(torch) * 2).backward(),
    "backward from an empty tensor": lambda torch: _leaf(torch, 0).backward(),
    "backward from a constant": lambda torch: torch.ones(()).backward(),
    "backward from a result of no_grad": lambda torch: torch.no_grad()(lambda: _leaf(torch).sum())().backward(),
    "backward from a detached tensor": lambda torch: _leaf(torch).sum().detach().backward(),
    "backward with a gradient of another shape": _wrong_gradient_shape,
    "backward with a number as gradient": lambda torch: _leaf(torch).sum().backward(1.0),
    "backward with empty inputs": _inputs_empty,
    "backward with an input that needs none": lambda torch: _leaf(torch).sum().backward(inputs=[torch.ones(2)]),
    "autograd.backward with too few gradients": lambda torch: torch.autograd.backward(
        [_leaf(torch).sum(), _leaf(torch).sum()], [torch.ones(())]
    ),
    "grad of a non-scalar": lambda torch: torch.autograd.grad(_leaf(torch) * 2, _leaf(torch)),
    "grad for an unused input": _grad_unused,
    "grad for an input that needs none": _grad_of_constant,
    "grad of a constant": lambda torch: torch.autograd.grad(torch.ones(()), _leaf(torch)),
    "grad with no inputs": lambda torch: torch.autograd.grad(_leaf(torch).sum(), []),
    "result changed after saving": _changed_after_saving,
    "input changed after saving": _changed_input,
    "input changed again after saving": _changed_twice,
    "input changed through another view": _changed_through_view,
    # requires_grad, .grad, leaves
    "integer leaf that requires grad": lambda torch: torch.tensor([1, 2], requires_grad=True),
    "integer arange that requires grad": lambda torch: torch.arange(3, requires_grad=True),
    "requires_grad_ on integers": lambda torch: torch.tensor([1]).requires_grad_(),
    "requires_grad = True on bools": lambda torch: setattr(torch.tensor([True]), "requires_grad", True),
    "requires_grad = False on a non-leaf": _turn_off_non_leaf,
    "in-place change of a leaf": lambda torch: _leaf(torch).add_(1),
    "augmented change of a leaf": lambda torch: _leaf(torch).__imul__(2),
    "retain_grad without requires_grad": lambda torch: torch.ones(2).retain_grad(),
    "grad set to a number": _set_grad(lambda torch: 3.0),
    "grad set to another shape": _set_grad(lambda torch: torch.ones(3)),
    "grad set to another dtype": _set_grad(lambda torch: torch.ones(2, dtype=torch.float64)),
    # leaving the engine
    "numpy() while requiring grad": lambda torch: _leaf(torch).numpy(),
    "item() of many": lambda torch: torch.ones(2).item(),
    "item() of none": lambda torch: torch.ones(0).item(),
    "float() of many": lambda torch: float(torch.ones(2)),
    "bool() of many": lambda torch: bool(torch.ones(2)),
    "bool() of none": lambda torch: bool(torch.ones(0)),
    "len() of 0-d": lambda torch: len(torch.ones(())),
    "iter() of 0-d": lambda torch: list(torch.ones(())),
    "float tensor as an index": lambda torch: [1, 2][torch.tensor(1.0)],
    # making tensors
    "ragged list": lambda torch: torch.tensor([[1, 2], [3]]),
    "ragged deep list": lambda torch: torch.tensor([[[1, 2], [3, 4]], [[5, 6]]]),
    "list of numbers and lists": lambda torch: torch.tensor([1, [2, 3]]),
    "list of lists and numbers": lambda torch: torch.tensor([[1, 2], 3]),
    "tensor of text": lambda torch: torch.tensor("abc"),
    "tensor of texts": lambda torch: torch.tensor(["a", "b"]),
    "tensor of None": lambda torch: torch.tensor(None),
    "negative size": lambda torch: torch.zeros(2, -1),
    "arange without step": lambda torch: torch.arange(0, 5, 0),
    "arange the wrong way": lambda torch: torch.arange(5, 0),
    "randint of an empty range": lambda torch: torch.randint(3, 3, (2,)),
    # shapes
    "shapes that don't broadcast": lambda torch: torch.ones(2, 3) + torch.ones(4),
    "shapes that don't broadcast inside": lambda torch: torch.ones(2, 3, 4) * torch.ones(2, 1),
    "in-place result too large": lambda torch: torch.ones(3).add_(torch.ones(2, 3)),
    "in-place result of another kind": lambda torch: torch.ones(2, dtype=torch.int64).mul_(0.5),
    "mm of other sizes": lambda torch: torch.mm(torch.ones(2, 3), torch.ones(2, 3)),
    "mm of a vector": lambda torch: torch.mm(torch.ones(2, 3), torch.ones(3)),
    "matmul of other sizes": lambda torch: torch.ones(2, 3) @ torch.ones(4, 2),
    "matmul of a 0-d tensor": lambda torch: torch.ones(2, 3) @ torch.ones(()),
    "matmul with a number": lambda torch: torch.matmul(torch.ones(2, 3), 3.0),
    "matmul of two dtypes": lambda torch: torch.ones(2, 3) @ torch.ones(3, 2, dtype=torch.float64),
    "mv of other sizes": lambda torch: torch.ones(2, 3) @ torch.ones(4),
    "mv of a matrix": lambda torch: torch.mv(torch.ones(2, 3), torch.ones(3, 1)),
    "vector times matrix of other sizes": lambda torch: torch.ones(4) @ torch.ones(3, 2),
    "dot of other sizes": lambda torch: torch.ones(2) @ torch.ones(3),
    "dot of matrices": lambda torch: torch.dot(torch.ones(2, 2), torch.ones(2, 2)),
    "dot of two dtypes": lambda torch: torch.dot(torch.ones(2), torch.ones(2, dtype=torch.float64)),
    "bmm of other sizes": lambda torch: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 3, 4)),
    "bmm of other batches": lambda torch: torch.bmm(torch.ones(2, 3, 4), torch.ones(3, 4, 2)),
    "bmm of matrices": lambda torch: torch.bmm(torch.ones(3, 4), torch.ones(3, 4)),
    "batched matmul of other sizes": lambda torch: torch.ones(2, 3, 4) @ torch.ones(2, 3, 4),
    "batched matmul of other batches": lambda torch: torch.ones(2, 3, 4) @ torch.ones(3, 4, 2),
    "addmm of other sizes": lambda torch: torch.addmm(torch.ones(2), torch.ones(2, 3), torch.ones(4, 2)),
    "addmm with a bias of another size": lambda torch: torch.addmm(torch.ones(3), torch.ones(2, 3), torch.ones(3, 2)),
    "nn.Linear on another width": _linear_of_wrong_width,
    "view of another size": lambda torch: torch.ones(6).view(4),
    "view with -1 that doesn't divide": lambda torch: torch.ones(6).view(4, -1),
    "view with two -1": lambda torch: torch.ones(6).view(-1, -1),
    "view with -2": lambda torch: torch.ones(6).view(-2, 3),
    "view across strides": lambda torch: torch.ones(2, 3).t().view(6),
    "reshape of another size": lambda torch: torch.ones(2, 3).reshape(4, 2),
    "expand of another size": lambda torch: torch.ones(2, 3).expand(2, 4),
    "expand to fewer dimensions": lambda torch: torch.ones(2, 3).expand(3),
    "t() of three dimensions": lambda torch: torch.ones(2, 3, 4).t(),
    # dimensions and indices
    "sum over a dim too far": lambda torch: torch.ones(2, 3).sum(2),
    "sum over a dim too far back": lambda torch: torch.ones(2, 3).sum(-3),
    "sum over a dim of 0-d": lambda torch: torch.ones(()).sum(1),
    "sum over one dim twice": lambda torch: torch.ones(2, 3).sum((0, 0)),
    "mean over a dim too far": lambda torch: torch.ones(2, 3).mean(5),
    "mean of integers": lambda torch: torch.arange(3).mean(),
    "argmax over a dim too far": lambda torch: torch.ones(2, 3).argmax(2),
    "argmax of nothing": lambda torch: torch.ones(0).argmax(),
    "softmax over a dim too far": lambda torch: torch.ones(2, 3).softmax(2),
    "transpose of a dim too far": lambda torch: torch.ones(2, 3).transpose(0, 2),
    "unsqueeze of a dim too far": lambda torch: torch.ones(2, 3).unsqueeze(4),
    "flatten of a dim too far": lambda torch: torch.ones(2, 3).flatten(2),
    "flatten backwards": lambda torch: torch.ones(2, 3, 4).flatten(2, 1),
    "size of a dim too far": lambda torch: torch.ones(2, 3).size(2),
    "index too large": _index_with(5, 2, 3),
    "index too small": _index_with(-3, 2, 3),
    "index too large in a later dim": _index_with((0, 3), 2, 3),
    "index after a slice too large": _index_with((slice(None), 3), 2, 3),
    "too many indices": _index_with((0, 0, 0), 2, 3),
    "index of 0-d": _index_with(0),
    "slice of 0-d": _index_with(slice(1)),
    "slice with a step of zero": _index_with(slice(None, None, 0), 3),
    "slice with a negative step": _index_with(slice(None, None, -1), 3),
    # arithmetic
    "difference of bools": lambda torch: torch.tensor([True]) - torch.tensor([True]),
    "integer to a negative power": lambda torch: torch.tensor([2]) ** -1,
    "sum with text": lambda torch: torch.add(torch.ones(2), "a"),
    "exp of a number": lambda torch: torch.exp(2.0),
    "where with a float condition": lambda torch: torch.where(torch.ones(2), torch.ones(2), torch.zeros(2)),
    # losses and modules
    "cross_entropy of another batch": _cross_entropy((2, 3), [0, 1, 2]),
    "cross_entropy of a class too large": _cross_entropy((2, 3), [0, 3]),
    "cross_entropy of a class below 0": _cross_entropy((2, 3), [0, -1]),
    "mse_loss of an unknown reduction": lambda torch: torch.nn.functional.mse_loss(
        torch.ones(2), torch.ones(2), reduction="average"
    ),
    "mse_loss of shapes that don't broadcast": lambda torch: torch.nn.functional.mse_loss(torch.ones(2), torch.ones(3)),
    "optimizer without parameters": lambda torch: torch.optim.SGD([], lr=0.1),
    "optimizer of a non-leaf": lambda torch: torch.optim.SGD([_leaf(torch) * 2], lr=0.1),
    "optimizer with a negative rate": lambda torch: torch.optim.SGD([_leaf(torch)], lr=-0.1),
    "module without forward": lambda torch: torch.nn.Module()(torch.ones(2)),
    "module attribute that isn't there": lambda torch: torch.nn.Module().weight,
    # Function
    "Function freed": _function_freed,
    "Function with too many gradients": lambda torch: _function(torch, lambda g: (g, g)).apply(_leaf(torch)).sum().backward(),  # noqa: E501
    "Function with a number as gradient": lambda torch: _function(torch, lambda g: 3.0).apply(_leaf(torch)).sum().backward(),  # noqa: E501
    "Function with a gradient of another shape": lambda torch: _function(torch, lambda g: torch.ones(3))
    .apply(_leaf(torch)).sum().backward(),
    "Function that returns a number": lambda torch: _function(torch, lambda g: g, lambda x: 3.0).apply(_leaf(torch)),
    "Function that saves a number": _saves_no_tensor,
    "Function without backward": lambda torch: _function_without(torch, "backward"),
    "Function without forward": lambda torch: _function_without(torch, "forward"),
    **mistakes_neural.MISTAKES,
    **mistakes_layers.MISTAKES,
    **mistakes_rarer.MISTAKES,
    **mistakes_measures.MISTAKES,
    **mistakes_shaping.MISTAKES,
    **mistakes_windows.MISTAKES,
    **mistakes_in_place.MISTAKES,
    **mistakes_of_state.MISTAKES,
}  # fmt: skip

def answer(torch, mistake):
    """(class name, text) of what a mistake raises; ('', what came back) when it raises nothing."""
    try:
        returned = MISTAKES[mistake](torch)
    except Exception as error:  # noqa: BLE001  the table is about whatever comes
        return type(error).__name__, str(error)
    return "", f"no error: {returned!r}"
