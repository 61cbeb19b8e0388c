"""How to run an op, or a user's Function, once more: on copies of what it got, beside the point where it was."""

from collections.abc import Callable
from inspect import signature
from typing import NamedTuple

import numpy as np

from gradviz.engine import backend
from gradviz.engine.function import Function
from gradviz.engine.geometry import part_of
from gradviz.engine.random import get_rng_state, set_rng_state
from gradviz.engine.tensor import Tensor
from gradviz.ops.reduction import averaged
from gradviz.record.kept import afresh, kept
from gradviz.record.slopes import LOWER, SCALED, SYMMETRIC, UPPER

# The modules of ops whose result is drawn: their inputs' values have no part in its slope
DRAWING = {"gradviz.ops.drawing", "gradviz.ops.sampling"}
WHOLE = {"linalg_cholesky_ex": SYMMETRIC, "linalg_eigh_of": SYMMETRIC}  # though only a triangle is read


class Run(NamedTuple):
    """What is needed to run an op again: f(arrays) -> outputs, all on the CPU.

    arrays: copies of its inputs, None for no tensor; sources: for each edge of the node, the place of its input in
    arrays; names: of the inputs; shapes: {place: the kind of matrix that an input counts as}; function: the user's,
    narrow: its f in the dtypes that it had; purpose: what backward does that is no slope, by a setting of the op.
    """

    f: Callable[[list], list]
    arrays: list
    sources: list
    names: list
    function: type | None = None
    shapes: dict = {}
    narrow: Callable[[list], list] | None = None
    purpose: str = ""


class Call(NamedTuple):
    """What an op of the catalogue got, in few objects, for there may be very many; `run()` is how to run it again.

    absent: the optional inputs that it did not have; gaps: which of the list at its end were None; drawn: its result,
    where that is drawn; geometry: the place of its result in its input's memory, where it is a view by strides.
    """

    op: object
    arrays: list
    settings: dict
    absent: tuple
    gaps: tuple
    drawn: np.ndarray | None
    geometry: tuple | None

    function = None

    def run(self):
        """The Run."""
        op, arrays, settings = self.op, self.arrays, self.settings
        fixed = op.inputs[:-1] if op.variadic else op.inputs
        there = [name for name in fixed if name not in self.absent]
        if op.variadic in op.differentiable:
            sources = list(range(len(fixed), len(arrays)))
        else:
            sources = [there.index(name) if name in there else -1 for name in op.differentiable]
        rest = [f"{op.variadic}[{at}]" for at in range(len(arrays) - len(there))]
        f = self._forward(fixed, there, settings | {"device": "cpu"} if "device" in settings else settings)
        purpose = SCALED if settings.get("scale_grad_by_freq") else ""
        return Run(f, arrays, sources, [*there, *rest], shapes=_counting_as(op, settings), purpose=purpose)

    def _forward(self, fixed, there, settings):
        op, was = self.op, [hosted(each) for each in self.arrays]
        if self.drawn is not None:
            return lambda given: [hosted(self.drawn)]
        if self.geometry is not None:
            return lambda given: [part_of(np, given[0], self.geometry)]
        follows = FOLLOWING.get(op.name)

        def f(given):
            known = dict(zip(there, given, strict=False))
            if follows is not None:
                known |= follows(known, dict(zip(there, was, strict=True)), settings)
            listed = iter(given[len(there) :])
            result = op.forward(
                np, *map(known.get, fixed), *(None if gap else next(listed) for gap in self.gaps), **settings
            )
            if op.joint and not op.several:  # what the call returns, and the node's other outputs
                return list(result)
            result = result[0] if op.intermediates else result
            return list(result) if op.several else [result]

        return f


def call_of(op, inputs, settings, node, outputs):
    """What an op of the catalogue got; outputs: what it gave."""
    absent = () if op.variadic else _left_out(op, node, len(op.inputs) - len(inputs))
    arrays = [copied(each) for each in inputs]
    if op.dtype in ("promote", "float"):
        arrays = [each.astype(np.float64) if each.dtype.kind in "iu" else each for each in arrays]
    gaps = ()
    if op.variadic:
        listed = node._saved[len(op.saved) :] if op.saves_list else inputs[len(op.inputs) - 1 :]
        gaps = tuple(each is None for each in listed)
    drawn = copied(outputs[0]) if op.forward.__module__ in DRAWING else None
    geometry = _geometry(node, settings) if op.name == "strided_view" else None
    return Call(op, arrays, settings, absent, gaps, drawn, geometry)


def _left_out(op, node, missing):
    """The optional inputs that the call did not have: the node has no shape of theirs, or has saved none."""
    if missing in (0, len(op.optional)):
        return op.optional if missing else ()
    absent, first = [], len(op.node_class.setting_names)
    for name in op.optional:
        if name in op.differentiable:
            known = node._settings[first + 2 * op.differentiable.index(name)]
        else:
            known = node._saved[op.saved.index(name)] if name in op.saved else True
        absent += [name] if known is None else []
    if len(absent) != missing:
        raise LookupError(op.name)
    return tuple(absent)


def _rstd(moved, was, dim):
    """1 / sqrt(variance + eps), with the eps that the known one tells."""
    then, now = (_variance(np.asarray(each, np.float64), dim) for each in (was["input"], moved))
    return 1 / np.sqrt(now - then + 1 / np.asarray(was["rstd"], np.float64) ** 2)


def _layer_statistics(known, was, settings):
    dims = tuple(range(was["input"].ndim - len(settings["normalized_shape"]), was["input"].ndim))
    return {"mean": averaged(known["input"], dims, True), "rstd": _rstd(known["input"], was, dims)}


def _batch_statistics(known, was, settings):
    if not settings["train"]:
        return {}
    dims = (0, *range(2, was["input"].ndim))
    beside = was["save_invstd"].reshape(1, -1, *(1,) * (was["input"].ndim - 2))
    rstd = _rstd(known["input"], {"input": was["input"], "rstd": beside}, dims)
    return {"save_mean": averaged(known["input"], dims), "save_invstd": rstd.reshape(-1)}


def _normalized(moved, was):
    """Log-probabilities of which each row still adds up to what it did: what ctc_loss, as PyTorch's, takes them for."""
    before, after = (np.logaddexp.reduce(np.asarray(each, np.float64), axis=-1, keepdims=True) for each in (was, moved))
    return moved - (after - before)


def _variance(array, dim):
    centered = array - averaged(array, dim, True)
    return averaged(centered * centered, dim, True)


# Of inputs that an op is given beside what they were computed from, or that are bound to a sum: how they follow
FOLLOWING = {
    "ctc_loss_of": lambda known, was, settings: {"log_probs": _normalized(known["log_probs"], was["log_probs"])},
    "known_mean": lambda known, was, settings: {"mean": averaged(known["input"], settings["dim"], True)},
    "known_rstd": lambda known, was, settings: {"rstd": _rstd(known["input"], was, settings["dim"])},
    "native_layer_norm_backward": lambda known, was, settings: _layer_statistics(known, was, settings),
    "native_batch_norm_backward": lambda known, was, settings: _batch_statistics(known, was, settings),
    "log_sigmoid_backward": lambda known, was, settings: {"buffer": np.exp(-np.abs(known["self"]))},
}


def _geometry(node, settings):
    """The place of a view by strides in the tensor's own memory, which a copy has not."""
    values = dict(zip(node.setting_names, node._settings, strict=False))
    sizes, strides, start = (values[f"self_sym_{name}"] for name in ("sizes", "strides", "storage_offset"))
    offset = 0 if settings["storage_offset"] is None else settings["storage_offset"] - start
    return tuple(sizes), tuple(strides), settings["size"], settings["stride"], offset


def _counting_as(op, settings):
    if op.name == "solved_cholesky":
        return {1: UPPER if settings["upper"] else LOWER}
    found = SYMMETRIC if settings.get("hermitian") else WHOLE.get(op.name)
    return {0: found} if found else {}


def run_of_change(run, base, geometry):
    """The same for a view that was changed in place: of its base, where the rest stays as it is; `base`: by now."""
    sizes = geometry[0]
    places = part_of(np, np.arange(base.size).reshape(sizes), geometry)
    before = np.array(hosted(base), order="C")
    before.reshape(-1)[places] = hosted(run.arrays[0])

    def f(given):
        flat = np.array(given[0], order="C").reshape(-1)
        flat[places] = run.f([flat[places], *given[1:]])[0]
        return [flat.reshape(sizes)]

    return run._replace(f=f, arrays=[before, *run.arrays[1:]], names=["self", *run.names[1:]], shapes={})


def run_of_function(function, inputs, room):
    """How to run a user's Function again, with the random numbers and the objects that it had."""
    state = get_rng_state()
    arrays = [copied(each) if isinstance(each, Tensor) else None for each in inputs]
    kinds = [(each.dtype, backend.device_of(each)) if each is not None else None for each in arrays]
    asks = [isinstance(each, Tensor) and each._requires_grad for each in inputs]
    others = [None if isinstance(each, Tensor) else kept(each, room) for each in inputs]

    def f(given, wide=np.float64):
        set_rng_state(state)
        tensors = [
            afresh(other, wide) if kind is None else Tensor(_there(array, *kind, wide), ask)
            for array, kind, ask, other in zip(given, kinds, asks, others, strict=True)
        ]
        returned = function._computed(function._context(tensors), tensors)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        return [hosted(each._array) if isinstance(each, Tensor) else None for each in outputs]

    names = _parameters(function, len(inputs))
    return Run(f, arrays, list(range(len(inputs))), names, function, narrow=lambda given: f(given, None))


def _there(array, dtype, device, wide):
    """A copy of an array where the input was, in its own dtype unless it may be wider."""
    return backend.moved(array.astype(dtype if wide is None else array.dtype), device)


def _parameters(function, count):
    """The names of forward's inputs, '' for what it has none for."""
    try:
        names = list(signature(function.forward).parameters)
    except (TypeError, ValueError):
        names = []
    names = names[function.setup_context is Function.setup_context :]
    return [*names, *[""] * count][:count]


def copied(value):
    """A copy of an array, or of a tensor's, where that is."""
    array = value._array if isinstance(value, Tensor) else value
    return np.array(array) if isinstance(array, (np.ndarray, np.generic)) else array.copy()


def hosted(array):
    """An array on the CPU; None stays None."""
    return None if array is None else backend.moved(array, "cpu")
