"""The vocabulary of a trace: one fixed-width row an event, and what each column means in it.

A row is 64 bytes, packed straight into the journal while the script runs. Tensors, nodes
(grad_fns), buffers, origins (source positions), metas (shape, dtype, device) and backward calls are
running numbers from 1; 0 means none. `ref` and `value` point into the heap (see journal.py) unless
a flag says otherwise. A row never holds a tensor: an observer that kept one alive would change what
it claims to watch.

Definitions come before their first use:

kind       columns
ORIGIN     origin; ref: JSON {file, function, line, column, end_line, end_column, text, target}
META       meta; ref: JSON {shape, dtype, device, nbytes}
WITHIN     within; ref: JSON {name, inside, aside, path, around}: the modules and composite calls that an op belongs to;
           inside: it was run by the innermost one's own code, not by a line of the user's in it; aside: it is
           an optimizer's or a Function's own work, beside the graph; path: the same calls as a list, a module as
           the one around it names it (layers.0), else as in name; around: how many of them are around the line
           of the user's that the op comes from (older traces lack both)
NODE       node, tensor (the leaf); ref: JSON {grad_fn}: a node that no FORWARD row makes (AccumulateGrad)
NAMED      tensor; ref: JSON {name}: the script's name for it; the newest counts
HOLDER     tensor, node (either may be 0); ref: JSON {name}: what still holds it at the end, such as losses[3];
           origin: where that variable is bound, or where the function was that it belongs to
CALL       a: call; ref: JSON {op, grad_fn, params, saved: [[name, which]], inputs}; which: the
           input's position, -1 the result, -2 an intermediate; and, where the catalogue knows them,
           names: the op's names for its inputs, edges: [[name, local gradient in words]], one an edge

Events, in the order in which they happened:

FORWARD    one op: call in ref (a CALL number), node (0: none), tensor (its output), a b c (its first
           three inputs; of GRAD, which tells of a leaf's .grad, c is that leaf), meta, buffer,
           value (preview), origin, within, duration
INPUT      one more input (the fourth and later) of the FORWARD row before it: tensor, a: position
OUTPUT     one more output of the FORWARD row before it: tensor, node, a: output_nr, meta, buffer, value
KEPT       one more buffer that the node of the FORWARD row before it saved: node, buffer, meta;
           ref: JSON {name}
BUFFER     a buffer whose size its meta doesn't tell: buffer, value: nbytes
BACKWARD   a backward call starts: a: its number, node and tensor (the root), origin
STEP       a node runs: a: backward call, node, meta, buffer, value (the incoming gradient), duration
INCOMING   one more incoming gradient of the STEP before it: b: output_nr, meta, buffer, value
GRAD       one gradient that the STEP before it hands on: a: backward call, b: the input's position,
           tensor: 0, c: the next node, meta, buffer, value
ADDED      a leaf's .grad took a gradient in: a: backward call, node (AccumulateGrad), tensor (the leaf),
           meta, buffer (.grad's), value (after), ref (preview of before; 0: there was none)
ASSIGNED   the script set a tensor's .grad: tensor, meta, buffer, value (meta 0: to None)
CAPTURED   autograd.grad returns a gradient: a: backward call, tensor, meta, buffer, value
RELEASED   a node's saved tensors were released: node, a: backward call (0: by nothing but its end)
BACKWARD_ENDED  a: the backward call; flags FAILED when it raised, and then ref: JSON {error}
REFUSED    a backward call that does not begin: tensor: its root, which doesn't require grad; origin
GRAD_READ  .grad was read of a tensor that is no leaf and has none: tensor, origin
FREED      a buffer's real end: buffer
GONE       a node's real end: node
MUTATED    a tensor was changed in place: tensor, a: version, meta, buffer, value, origin; ref: CALL number
OPTIMIZED  an optimizer was given a tensor to move: a: the optimizer's number, tensor, flags, origin; ref: JSON {name}:
           its class
STEPPED    an optimizer's step begins: a: the optimizer's number, origin
NO_GRAD    what a no_grad region's ops built when run once more with gradients on, beside (--compare-no-grad): origin
           (of the with, or of the decorator); ref: JSON {function, passes, ops, uncounted, nodes, peak, kept, needed}
           (see trace/no_grad.py)
REPLAYED   a static graph (gradviz.static) ran again: node (one of its own), a: how often it has run, origin
ENDED      the script's end; ref: JSON {how, error, exit_code, origin, not_looked_at}; not_looked_at: how many
           objects, or more, were too many to look for holders in them
VERIFIED   after the script's end: a gradient that a node handed on, beside central differences: node,
           a: backward call, b: the input's position, origin: where a user's Function returns from backward;
           ref: JSON {verdict, why, given, numeric, place, ratio, input, function}; see trace/verified.py
"""

from enum import IntEnum, IntFlag
from struct import Struct

import numpy as np

# What a FORWARD row has for an op when the tensor was not made there, only met for the first time.
NUMBER = "(number)"  # a Python number
GRAD = "(.grad)"  # a leaf's .grad
UNSEEN = "(made before recording)"
SHARED = "(shares memory)"  # made by no op, such as x.data
SAVED = "(about to be saved)"  # an op's result, in the hands of a hook on saved tensors before the op ends
RETURNED = "(autograd.grad)"  # a gradient that autograd.grad returned
STATE = "(optimizer's state)"
FLOWING = "(gradient)"  # a gradient on its way, where backward itself builds a graph
MET = frozenset((NUMBER, GRAD, UNSEEN, SHARED, SAVED, RETURNED, STATE, FLOWING))


class Kind(IntEnum):
    """What a row tells."""

    ORIGIN = 1
    META = 2
    WITHIN = 3
    NODE = 4
    NAMED = 5
    HOLDER = 6
    CALL = 7
    FORWARD = 16
    INPUT = 17
    OUTPUT = 18
    KEPT = 19
    BUFFER = 20
    BACKWARD = 32
    STEP = 33
    INCOMING = 34
    GRAD = 35
    ADDED = 36
    CAPTURED = 37
    RELEASED = 38
    BACKWARD_ENDED = 39
    REFUSED = 40
    GRAD_READ = 41
    FREED = 48
    GONE = 49
    MUTATED = 50
    ASSIGNED = 51
    NO_GRAD = 52
    REPLAYED = 53
    OPTIMIZED = 56
    STEPPED = 57
    ENDED = 64
    VERIFIED = 65


class Flag(IntFlag):
    """Bits of a row; the last three belong to the backward rows."""

    NO_GRAD = 1  # the op ran where gradients were switched off
    REQUIRES_GRAD = 2  # the output requires grad
    LEAF = 4  # the output is a leaf
    NEW_BUFFER = 8  # the row's buffer starts its life here
    INLINE = 16  # value holds the number itself, as the bits of a float64
    RETAIN_GRAPH = 32
    CREATE_GRAPH = 64
    FAILED = 128


ROW = np.dtype(
    [
        ("kind", "u1"),
        ("flags", "u1"),
        ("within", "<u2"),
        ("origin", "<u4"),
        ("time", "<u8"),
        ("duration", "<u4"),
        ("node", "<u4"),
        ("tensor", "<u4"),
        ("a", "<u4"),
        ("b", "<u4"),
        ("c", "<u4"),
        ("meta", "<u4"),
        ("buffer", "<u4"),
        ("ref", "<u8"),
        ("value", "<u8"),
    ]
)
PACK = Struct("<BBHIQIIIIIIIIQQ")
PACK_INLINE = Struct("<BBHIQIIIIIIIIQd")
PACK_END = Struct("<Q4xI20xI")  # time, node and buffer, from byte 8 on: the rest of FREED and GONE is zeros
