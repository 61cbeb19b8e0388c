"""grad_fns: the nodes of the graph, and what they save.

A node is small on purpose: every recorded op pays for one. Its class (MulBackward0, ...) is made by the
op's declaration and carries what all its nodes share: which names are saved, and the generated code that
runs backward for each pattern of requires_grad.
"""

import re
from typing import NamedTuple

from gradviz.engine.hooks import Held, RemovableHandle, hooks_of
from gradviz.engine.switches import _GradMode, mode


class Packed(tuple):
    """What a node saved while saved_tensors_hooks were active: a Held in each tensor's place."""

    __slots__ = ()


class _Released(tuple):
    __slots__ = ()


RELEASED = _Released(("released",))  # stands where the saved tensors were

SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
    "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
    "if you need to access saved tensors after calling backward."
)


def spoken(name):
    """A node's name as PyTorch's complaints write it: "Exp" of ExpBackward0, "Pow1" of PowBackward1."""
    return re.sub("Backward([1-9][0-9]*)$", r"\1", re.sub("Backward0?$", "", name))


class Node:
    """A grad_fn: what backward runs for one op, and the saved tensors that it needs."""

    __slots__ = (
        "sequence_nr",  # the order of creation: backward takes the newest ready node first
        "_edges",  # where the gradients go, one an input: a node, an Edge, or None
        "_run",  # (grad, saved, settings, ops) -> gradients, for this node's pattern of requires_grad
        "_saved",  # saved arrays, and numbers, in the order of the class's saved_names; RELEASED once freed
        "_settings",  # sizes and settings that the vjps ask for
        "_hooks",  # None, or NodeHooks
        "__weakref__",
    )

    op = None  # the Op whose backward this is
    _is_several = False  # outputs, each reached by an Edge
    saved_names = ()  # of saved tensors, without "_saved_"
    setting_names = ()
    hidden = ()  # settings that the node doesn't show

    def name(self):
        """The node's name, such as "MulBackward0"."""
        return type(self).__name__

    @property
    def next_functions(self):
        """((node or None, output_nr), ...), one an input: where this node's gradients go."""
        return tuple(place_of(edge) for edge in self._edges)

    @property
    def metadata(self):
        """A dict for the user's own notes; anomaly mode keeps here where the node was made."""
        return hooks_of(self).metadata

    def register_hook(self, hook):
        """Calls hook(grad_inputs, grad_outputs) after the node ran; a tuple that it returns replaces grad_inputs."""
        return RemovableHandle(hooks_of(self).post, hook)

    def register_prehook(self, hook):
        """Calls hook(grad_outputs) before the node runs; a tuple that it returns replaces them."""
        return RemovableHandle(hooks_of(self).pre, hook)

    def _sequence_nr(self):
        return self.sequence_nr

    def __repr__(self):
        return f"<{type(self).__name__}>"

    def __getattr__(self, name):
        if name.startswith("_saved_"):
            wanted = name[7:]
            if wanted in self.saved_names:
                found = self.saved_tensor(self.saved_names.index(wanted))
                return found.as_tensor() if found is not None and found._is_number else found
            if self.op is not None and self.op.saves_list and wanted == self.op.variadic and wanted not in self.hidden:
                first = len(self.op.saved)
                return tuple(self.saved_tensor(k) for k in range(first, len(self.saved_names)))
            if wanted in self.setting_names and wanted not in self.hidden:
                return self._settings[self.setting_names.index(wanted)]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self):
        names = [name.partition("[")[0] for name in self.saved_names]  # a list has one name
        names = [name for name in (*names, *self.setting_names) if name not in self.hidden]
        return sorted({*super().__dir__(), *("_saved_" + name for name in names)})

    def source(self, position):
        """(node, output_nr) that made one of the saved tensors; (None, 0) for one outside any graph."""
        return place_of(self.op.source_edge(self, self.saved_names[position]))

    def made_by(self, source):
        """Whether `source` is the very op whose backward this is."""
        return source is self

    def saved_tensor(self, position):
        """One saved tensor, joined to the graph it came from; RuntimeError once it was freed."""
        if self._saved is RELEASED:
            raise RuntimeError(SECOND_BACKWARD)
        array = self._saved[position]
        if array is None:
            return None
        if array.__class__ is Held:
            return array.joined_to(self.op.source_edge(self, self.saved_names[position]))
        return self.op.unpack(self, position, array)

    def release(self):
        """Frees the saved tensors; a node that saved none stays as it is and may run again."""
        if self._saved is RELEASED:  # by a backward inside this one
            return False
        for each in self._saved:
            if each is not None:
                self._saved = RELEASED
                return True
        return False


class SeveralOutputs(Node):
    """The grad_fn of an op with several outputs, which are reached by Edges."""

    __slots__ = ("_count",)
    _is_several = True


class Changing(Node):
    """The node of an op that changed its first input in place: of the values before, it saved a clone."""

    __slots__ = ()

    def saved_tensor(self, position):
        """As PyTorch's: the input of before leads to a CloneBackward0."""
        found = super().saved_tensor(position)
        if found is None or not found._requires_grad or self.saved_names[position] != self.op.inputs[0]:
            return found
        from gradviz.engine.catalogue import lifted  # which imports the ops, and they this

        with _GradMode(True):
            return lifted.clone(found)


class Edge:
    """One output of a node that has several; a node with a single output stands for itself."""

    __slots__ = ("node", "output_nr")

    def __init__(self, node, output_nr):
        self.node = node
        self.output_nr = output_nr

    @property
    def sequence_nr(self):
        """The node's."""
        return self.node.sequence_nr


def edge_to(node, output_nr):
    """The edge of one output of a node."""
    return Edge(node, output_nr) if node._is_several else node


def place_of(edge):
    """(node, output_nr) of an edge; (None, 0) for none."""
    return (edge.node, edge.output_nr) if edge.__class__ is Edge else (edge, 0)


class AccumulateGrad(Node):
    """The end of the road: adds the arriving gradient to a leaf's .grad.

    It holds its leaf; the leaf only refers to it weakly, so it lives as long as a graph does.
    """

    __slots__ = ("variable",)

    def name(self):
        """As PyTorch's C++ classes are called."""
        return "torch::autograd::AccumulateGrad"

    def __init__(self, variable):
        self.variable = variable
        self.sequence_nr = mode.next_sequence_nr()
        self._edges = self._saved = self._settings = ()
        self._run = self._hooks = None


class _GradientEdge(NamedTuple):
    node: Node
    output_nr: int
    ownership_token: Node | None = None


class GradientEdge(_GradientEdge):
    """Where a tensor's gradient arrives; stands for the tensor in backward() and grad()."""

    like = None  # an array of the tensor's shape and dtype, without its memory; None for an edge made by hand
