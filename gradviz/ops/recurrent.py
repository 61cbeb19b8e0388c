"""Recurrent layers and their cells, in the steps in which PyTorch's CPU code composes them.

`params` are the weights of a layer, one direction after the other: (w_ih, w_hh, b_ih, b_hh, w_hr), those that there
are. A state is a tensor, or (hidden, cell) of an LSTM.
"""

from itertools import accumulate

from gradviz.engine.coerce import size_at
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, joining, pointwise, reshaping, stacking
from gradviz.ops.dropping import dropout
from gradviz.ops.linear import linear
from gradviz.ops.refusals import refuse_whole_result

# -- one step ----------------------------------------------------------------------------------------


def _known(input, weights):
    """What comes in, where the layer has multiplied all steps at once."""
    return input


def _entering(input, weights):
    return linear(input, weights.w_ih, weights.b_ih)


def _staying(hidden, weights):
    return linear(hidden, weights.w_hh, weights.b_hh)


def _parts(tensor, count):
    return joining.unsafe_split(tensor, split_size=-(-tensor._array.shape[1] // count), dim=1)


def _gates(tensor, count):
    """The parts of what goes into the gates, in whose memory PyTorch computes their sigmoids."""
    refuse_whole_result(tensor._array)
    return _parts(tensor, count)


def _lstm_step(input, state, weights, enter):
    hidden, cell = state
    stays = _staying(hidden, weights)
    enters, forget, new, leaves = _gates(pointwise.add(stays, enter(input, weights)), 4)
    refuse_whole_result(enters._array)  # PyTorch's sigmoid is in place here
    enters, forget = pointwise.sigmoid(enters), pointwise.sigmoid(forget)
    new, leaves = pointwise.tanh(new), pointwise.sigmoid(leaves)
    kept = pointwise.mul(forget, cell)
    cell = pointwise.add(kept, pointwise.mul(enters, new))
    hidden = pointwise.mul(leaves, pointwise.tanh(cell))
    return (hidden if weights.w_hr is None else linear(hidden, weights.w_hr), cell)


def _gru_step(input, hidden, weights, enter):
    one = _gates(enter(input, weights), 3)
    two = _parts(_staying(hidden, weights), 3)
    refuse_whole_result(two[0]._array)
    reset = pointwise.sigmoid(pointwise.add(two[0], one[0]))
    keep = pointwise.sigmoid(pointwise.add(two[1], one[1]))
    new = pointwise.tanh(pointwise.add(one[2], _as_in_place(pointwise.mul(two[2], reset))))
    return pointwise.add(_as_in_place(pointwise.mul(pointwise.sub(hidden, new), keep)), new)


def _as_in_place(made):
    """What PyTorch computes in place: the node saved a clone of its input."""
    if made._edge is not None:
        made._edge.__class__ = made._edge.op.changing_class
    return made


def _plain_step(activation):
    def step(input, hidden, weights, enter):
        stays = _staying(hidden, weights)
        return activation(pointwise.add(stays, enter(input, weights)))

    return step


_rnn_tanh_step, _rnn_relu_step = _plain_step(pointwise.tanh), _plain_step(pointwise.relu)


class _Weights:
    """The weights of one direction of one layer."""

    __slots__ = ("w_ih", "w_hh", "b_ih", "b_hh", "w_hr")

    def __init__(self, given, has_biases):
        self.w_ih, self.w_hh = given[:2]
        self.b_ih, self.b_hh = given[2:4] if has_biases else (None, None)
        rest = given[4 if has_biases else 2 :]
        self.w_hr = rest[0] if rest else None


def _check_input(input, states, w_ih, w_hh, gates):
    got, wanted = size_at(input, 1), size_at(w_ih, 1)
    if got != wanted:
        raise RuntimeError(f"input has inconsistent input_size: got {got} expected {wanted}")


def _check_states(input, states, w_ih, w_hh, gates):
    for k, state in enumerate(states):
        count, batch, hidden, wanted = len(input), size_at(state, 0), size_at(state, 1), size_at(w_hh, 1)
        if batch != count:
            raise RuntimeError(f"Input batch size {count} doesn't match hidden{k} batch size {batch}")
        if hidden != wanted:
            raise RuntimeError(f"hidden{k} has inconsistent hidden_size: got {hidden}, expected {wanted}")


def _check_weights(input, states, w_ih, w_hh, gates):
    wanted = gates * size_at(w_hh, 1)
    for name, weight in (("weight_ih", w_ih), ("weight_hh", w_hh)):
        if size_at(weight, 0) != wanted:
            raise RuntimeError(f"{name} first dim must be {gates} * hidden_size = {wanted}, but got {len(weight)}")


def _cell(name, step, gates, *checks):
    """A cell, its sizes checked in the order in which PyTorch does it."""

    @composed(name)
    def cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
        if name == "lstm_cell" and len(hx) != 2:
            raise RuntimeError("lstm_cell expects two hidden states")
        states = [each._array for each in (hx if isinstance(hx, (tuple, list)) else (hx,))]
        for check in checks:
            check(input._array, states, w_ih._array, w_hh._array, gates)
        return step(input, hx, _Weights((w_ih, w_hh, b_ih, b_hh), True), _entering)

    cell.__name__ = cell.__qualname__ = name
    cell.__doc__ = f"One step of {name[:-5]}: (N, input) and the state before to the state after."
    return cell


rnn_tanh_cell = _cell("rnn_tanh_cell", _rnn_tanh_step, 1, _check_weights, _check_input, _check_states)
rnn_relu_cell = _cell("rnn_relu_cell", _rnn_relu_step, 1, _check_weights, _check_input, _check_states)
lstm_cell = _cell("lstm_cell", _lstm_step, 4, _check_input, _check_weights, _check_states)
gru_cell = _cell("gru_cell", _gru_step, 3, _check_input, _check_states, _check_weights)


# -- many steps --------------------------------------------------------------------------------------


def _run(step, inputs, state, weights):
    """(outputs, last state) of steps one after the other."""
    outputs = []
    for each in inputs:
        state = step(each, state, weights, _known)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return outputs, state


def _one_way(step, input, state, weights, backwards):
    steps = joining.unbind(linear(input, weights.w_ih, weights.b_ih), dim=0)
    outputs, state = _run(step, steps[::-1] if backwards else steps, state, weights)
    return stacking.stack(outputs[::-1] if backwards else outputs), state


def _packed_way(sizes):
    """_one_way over packed rows: at each step the first few go on, the longest."""

    def one_way(step, input, state, weights, backwards):
        rows = linear(input, weights.w_ih, weights.b_ih)
        ends = list(accumulate(sizes))
        steps = [_range(rows, end - size, end) for size, end in zip(sizes, ends, strict=True)]
        return (_growing if backwards else _shrinking)(step, steps, state, weights)

    return one_way


def _shrinking(step, inputs, state, weights):
    outputs, last = [], []
    for each in inputs:
        size, before = each.shape[0], _size(state)
        if size < before:
            last.append(_part(state, size, before))
            state = _part(state, 0, size)
        state = step(each, state, weights, _known)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return stacking.cat(outputs, 0), _together([state, *reversed(last)])


def _growing(step, inputs, first, weights):
    outputs, state = [], _part(first, 0, inputs[-1].shape[0])
    for each in reversed(inputs):
        size, before = each.shape[0], _size(state)
        if size > before:
            state = _together([state, _part(first, before, size)])
        state = step(each, state, weights, _known)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return stacking.cat(outputs[::-1], 0), state


def _range(tensor, start, end):
    return reshaping.narrow(tensor, 0, start, end - start)


def _size(state):
    return (state[0] if isinstance(state, tuple) else state).shape[0]


def _part(state, start, end):
    if isinstance(state, tuple):
        return tuple(_range(each, start, end) for each in state)
    return _range(state, start, end)


def _together(states):
    if isinstance(states[0], tuple):
        return tuple(stacking.cat(each, 0) for each in zip(*states, strict=True))
    return stacking.cat(states, 0)


def _layers(step, input, states, params, settings, way=_one_way):
    """(output, last states) of all layers: `states` has one a direction of each layer; `way` runs one."""
    has_biases, num_layers, p, train, bidirectional = settings
    ways = 2 if bidirectional else 1
    size = len(params) // (num_layers * ways)
    weights = [_Weights(params[k : k + size], has_biases) for k in range(0, len(params), size)]
    last = []
    for layer in range(num_layers):
        found = [
            way(step, input, states[k], weights[k], backwards=bool(k % ways))
            for k in range(layer * ways, (layer + 1) * ways)
        ]
        outputs = [output for output, _ in found]
        last += [state for _, state in found]
        input = stacking.cat(outputs, -1) if bidirectional else outputs[0]
        if p and train and layer < num_layers - 1:
            input = dropout(input, p, True)
    return input, last


def _turned(input, batch_first):
    return composite.transpose(input, 0, 1) if batch_first else input


def _plain_layers(name, step):
    @composed(name)
    def layers(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False):
        if isinstance(params, Tensor):
            given = hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
            return packed(input, *given)
        states = joining.unbind(hx, dim=0)
        settings = has_biases, num_layers, dropout, train, bidirectional
        output, last = _layers(step, _turned(input, batch_first), states, list(params), settings)
        return _turned(output, batch_first), stacking.stack(last)

    def packed(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional):
        settings = has_biases, num_layers, dropout, train, bidirectional
        way = _packed_way(batch_sizes.tolist())
        output, last = _layers(step, data, joining.unbind(hx, dim=0), list(params), settings, way)
        return output, stacking.stack(last)

    layers.__name__ = layers.__qualname__ = name
    layers.__doc__ = (
        f"{name} over (steps, N, input): the outputs of the last layer, and the last state of each layer. Or over "
        "packed rows: the sizes of the steps come behind them, and no batch_first."
    )
    return layers


rnn_tanh = _plain_layers("rnn_tanh", _rnn_tanh_step)
rnn_relu = _plain_layers("rnn_relu", _rnn_relu_step)
gru = _plain_layers("gru", _gru_step)


@composed("lstm")
def lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first=False):
    """lstm over (steps, N, input): the outputs of the last layer, and the last hidden and cell state of each layer.

    Or over packed rows: the sizes of the steps come behind them, and no batch_first.
    """
    if isinstance(hx, Tensor):
        given = hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
        return _packed_lstm(input, *given)
    settings = has_biases, num_layers, dropout, train, bidirectional
    output, last = _layers(_lstm_step, _turned(input, batch_first), _pairs(hx), list(params), settings)
    hidden, cell = zip(*last, strict=True)
    return _turned(output, batch_first), stacking.stack(hidden), stacking.stack(cell)


def _packed_lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional):
    settings = has_biases, num_layers, dropout, train, bidirectional
    output, last = _layers(
        _lstm_step, data, _pairs(hx), list(params), settings, _packed_way(batch_sizes.tolist())
    )
    hidden, cell = zip(*last, strict=True)
    return output, stacking.stack(hidden), stacking.stack(cell)


def _pairs(hx):
    return list(zip(joining.unbind(hx[0], dim=0), joining.unbind(hx[1], dim=0), strict=True))


__all__ = [
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
]  # fmt: skip
METHODS = []
