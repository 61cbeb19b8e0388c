"""Recurrent layers RNN, LSTM and GRU, and their cells, with PyTorch's parameter names and first values."""

import warnings
from math import sqrt

import numpy as np

from gradviz.engine.backend import device_of, moved
from gradviz.engine.tensor import Tensor
from gradviz.nn import init
from gradviz.nn.convolutions import empty_parameter
from gradviz.nn.factory import factory
from gradviz.nn.module import Module
from gradviz.nn.utils.rnn import PackedSequence
from gradviz.ops import composite, gathering, reshaping
from gradviz.ops import recurrent as steps


def _start(module):
    """Uniform within 1 / sqrt(hidden_size), all parameters."""
    bound = 1.0 / sqrt(module.hidden_size) if module.hidden_size > 0 else 0
    for each in module.parameters():
        init.uniform_(each, -bound, bound)


def _zeros(input, *size):
    return Tensor(moved(np.zeros(size, input._array.dtype), device_of(input._array)))


def _check_sizes(dropout, bias, batch_first, input_size, hidden_size, num_layers, proj_size):
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (
        ("bias", bias, bool), ("batch_first", batch_first, bool), ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):  # fmt: skip
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


@factory
class RNNBase(Module):
    """What RNN, LSTM and GRU share: `gates` times hidden_size rows of weights for each layer and direction."""

    _gates, _function = 1, None

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
        proj_size=0,
    ):  # fmt: skip
        super().__init__()
        _check_sizes(dropout, bias, batch_first, input_size, hidden_size, num_layers, proj_size)
        self.input_size, self.hidden_size, self.num_layers, self.bias = input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, float(dropout), bidirectional
        self.proj_size = proj_size
        self._weight_names = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[: self._ways]:
                self._add_weights(layer, suffix)
        _start(self)

    @property
    def _ways(self):
        return 2 if self.bidirectional else 1

    @property
    def _state_size(self):
        return self.proj_size or self.hidden_size

    def _add_weights(self, layer, suffix):
        rows, enters = self._gates * self.hidden_size, self._state_size * self._ways if layer else self.input_size
        shapes = {"weight_ih": (rows, enters), "weight_hh": (rows, self._state_size)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            setattr(self, f"{name}_l{layer}{suffix}", empty_parameter(*shape))
            self._weight_names.append(f"{name}_l{layer}{suffix}")

    def reset_parameters(self):
        """Uniform within 1 / sqrt(hidden_size)."""
        _start(self)

    def forward(self, input, hx=None):
        """(steps, N, input_size) to the outputs (steps, N, hidden_size) and the last state of each layer.

        Of a PackedSequence the outputs are packed too.
        """
        if isinstance(input, PackedSequence):
            return self._of_packed(input, hx)
        if input.ndim not in (2, 3):
            kind = "D tensor instead" if type(self).__name__ == "RNN" else "D instead"
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}{kind}")
        alone, place = input.ndim == 2, 0 if self.batch_first else 1
        if alone:
            input = composite.unsqueeze(input, place)
        self._check_input(input)
        count = input.shape[0 if self.batch_first else 1]
        output, *state = self._run(input, self._state(input, hx, alone, count), *self._settings(), self.batch_first)
        if alone:
            output, state = reshaping.squeeze(output, place), [reshaping.squeeze(each, 1) for each in state]
        return output, self._returned(state)

    def _settings(self):
        weights = [getattr(self, name) for name in self._weight_names]
        return weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional

    def _of_packed(self, packed, hx):
        data, batch_sizes, order, back = packed
        self._check_dtype(data)
        if data.ndim != 2:
            raise RuntimeError(f"input must have 2 dimensions, got {data.ndim}")
        self._check_width(data)
        given = hx if hx is None or order is None else _each(hx, lambda state: gathering.index_select(state, 1, order))
        output, *state = self._run(data, batch_sizes, self._state(data, given, False, int(batch_sizes[0])), *self._settings())  # noqa: E501
        if back is not None:
            state = [gathering.index_select(each, 1, back) for each in state]
        return PackedSequence(output, batch_sizes, order, back), self._returned(state)

    def _check_input(self, input):
        self._check_dtype(input)
        self._check_width(input)

    def _check_dtype(self, input):
        kind, wanted = input.dtype, getattr(self, self._weight_names[0]).dtype
        if kind != wanted:
            raise ValueError(
                f"RNN input dtype ({kind}) does not match weight dtype ({wanted}). Convert input: input.to({wanted}), "
                f"or convert model: model.to({kind})"
            )

    def _check_width(self, input):
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )

    def _expected(self, count, size):
        return self.num_layers * self._ways, count, size

    def _checked(self, hx, count, size, name=""):
        """A state that is given, of the right size."""
        wanted = self._expected(count, size)
        if tuple(hx.shape) != wanted:
            raise RuntimeError(f"Expected hidden{name} size {wanted}, got {list(hx.shape)}")
        return hx

    def _state(self, input, hx, alone, count):
        """The state to begin with: zeros, or what is given, checked."""
        if hx is None:
            return _zeros(input, *self._expected(count, self.hidden_size))
        if hx.ndim != (2 if alone else 3):
            kind, wanted = ("unbatched 2-D", "2-D") if alone else ("batched 3-D", "3-D")
            raise RuntimeError(f"For {kind} input, hx should also be {wanted} but got {hx.ndim}-D tensor")
        return self._checked(composite.unsqueeze(hx, 1) if alone else hx, count, self.hidden_size)

    def _run(self, *given):
        return type(self)._function(*given)

    def _returned(self, state):
        return state[0]

    def extra_repr(self):
        """As PyTorch prints it."""
        said = f"{self.input_size}, {self.hidden_size}"
        usual = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False,
        }  # fmt: skip
        return said + "".join(f", {name}={getattr(self, name)}" for name, each in usual.items() if getattr(self, name) != each)  # noqa: E501


def _refuse_projection(settings):
    if "proj_size" in settings:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


@factory
class RNN(RNNBase):
    """`h = tanh(w_ih @ x + b_ih + w_hh @ h + b_hh)`, step by step; or relu in tanh's place."""

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", *args, **settings):
        _refuse_projection(settings)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, num_layers, *args, **settings)
        self.nonlinearity = nonlinearity

    def _run(self, *given):
        return (steps.rnn_tanh if self.nonlinearity == "tanh" else steps.rnn_relu)(*given)


@factory
class GRU(RNNBase):
    """A state that gates keep or renew: Cho et al. (2014)."""

    _gates, _function = 3, staticmethod(steps.gru)

    def __init__(self, *args, **settings):
        _refuse_projection(settings)
        super().__init__(*args, **settings)


class LSTM(RNNBase):
    """A state and a cell that gates write, keep and read: Hochreiter and Schmidhuber (1997)."""

    _gates, _function = 4, staticmethod(steps.lstm)

    def _state(self, input, hx, alone, count):
        if hx is None:
            return tuple(_zeros(input, *self._expected(count, size)) for size in (self._state_size, self.hidden_size))
        if any(each.ndim != (2 if alone else 3) for each in hx):
            kind, wanted = ("unbatched 2-D", "2-D") if alone else ("batched 3-D", "3-D")
            raise RuntimeError(
                f"For {kind} input, hx and cx should also be {wanted} but got ({hx[0].ndim}-D, {hx[1].ndim}-D) tensors"
            )
        given = [composite.unsqueeze(each, 1) if alone else each for each in hx]
        sizes = self._state_size, self.hidden_size
        return tuple(self._checked(given[k], count, sizes[k], f"[{k}]") for k in range(2))

    def _returned(self, state):
        return tuple(state)


# -- cells -------------------------------------------------------------------------------------------


@factory
class RNNCellBase(Module):
    """What the cells share: one step of one layer."""

    _gates = 1

    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self._gates * hidden_size
        self.weight_ih, self.weight_hh = empty_parameter(rows, input_size), empty_parameter(rows, hidden_size)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, empty_parameter(rows) if bias else None)
        _start(self)

    def reset_parameters(self):
        """Uniform within 1 / sqrt(hidden_size)."""
        _start(self)

    def forward(self, input, hx=None):
        """(N, input_size) and the state before to the state after, (N, hidden_size)."""
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        self._check(name, hx)
        alone = input.ndim == 1
        if alone:
            input = composite.unsqueeze(input, 0)
        if hx is None:
            hx = self._zero(_zeros(input, input.shape[0], self.hidden_size))
        elif alone:
            hx = _each(hx, lambda tensor: composite.unsqueeze(tensor, 0))
        found = self._step(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return _each(found, lambda tensor: reshaping.squeeze(tensor, 0)) if alone else found

    def _check(self, name, hx):
        if hx is not None and hx.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected hidden to be 1D or 2D, got {hx.ndim}D instead")

    def _zero(self, zeros):
        return zeros

    def extra_repr(self):
        """As PyTorch prints it."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


def _each(state, change):
    return tuple(map(change, state)) if isinstance(state, tuple) else change(state)


@factory
class RNNCell(RNNCellBase):
    """One step of an RNN."""

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh"):
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = nonlinearity

    def _step(self, *given):
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return (steps.rnn_tanh_cell if self.nonlinearity == "tanh" else steps.rnn_relu_cell)(*given)

    def extra_repr(self):
        """As PyTorch prints it."""
        said = super().extra_repr()
        return said if self.nonlinearity == "tanh" else f"{said}, nonlinearity={self.nonlinearity}"


class GRUCell(RNNCellBase):
    """One step of a GRU."""

    _gates, _step = 3, staticmethod(steps.gru_cell)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: the state is (hidden, cell)."""

    _gates, _step = 4, staticmethod(steps.lstm_cell)

    def _check(self, name, hx):
        for place, each in enumerate(hx or ()):
            if each.ndim not in (1, 2):
                raise ValueError(f"{name}: Expected hx[{place}] to be 1D or 2D, got {each.ndim}D instead")

    def _zero(self, zeros):
        return zeros, zeros
