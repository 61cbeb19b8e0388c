"""variables(): readable names, bounded, and no code of the script's runs."""

import gc
import weakref
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass

from gradviz.record.variables import variables


class Tensor:
    """Stands for a tensor."""


class Module:
    """Holds its parts as an nn.Module does."""

    def __init__(self, **modules):
        self._parameters, self._modules, self.training = {}, modules, True


def names(limit=100_000, **namespace):
    found = variables([("", namespace)], lambda v: type(v) is Tensor, lambda v: type(v) is Module, limit)
    return [name for name, _, _ in found]


def test_plain_containers():
    t = Tensor
    point = namedtuple("point", "x y")
    assert names(
        w=t(),
        losses=[t(), t()],
        params={"w": t(), 3: t(), None: t(), (1, 2): t()},
        pair=(t(), point(t(), 1)),
        ordered=OrderedDict(a=t()),
        grouped=defaultdict(list, b=[t()]),
    ) == [
        "w",
        "losses[0]",
        "losses[1]",
        'params["w"]',
        "params[3]",
        "params[None]",
        "params[…]",
        "pair[0]",
        'ordered["a"]',
        'grouped["b"][0]',
    ]


def test_subclass_of_a_container_is_not_iterated():
    class Loud(list):
        def __iter__(self):
            raise AssertionError("the script's code ran")

    assert names(loud=Loud([Tensor()])) == []


def test_objects_slots_and_modules():
    @dataclass(slots=True)
    class Slotted:
        cache: object
        unset: object = None

    class Thing:
        def __init__(self):
            self.cache = Tensor()

        def __getattr__(self, name):
            raise AssertionError("the script's code ran")

        @property
        def loud(self):
            raise AssertionError("the script's code ran")

    linear = Module()
    linear._parameters["weight"] = Tensor()
    model = Module(**{"0": linear})
    slotted = Slotted(Tensor())
    del slotted.unset
    found = names(thing=Thing(), slotted=slotted, model=model)
    assert found == ["thing.cache", "slotted.cache", "model.0.weight"]


def test_two_bases_give_an_attribute_once():
    class A:
        pass

    class B:
        pass

    class C(A, B):
        pass

    both = C()
    both.w = Tensor()
    assert names(both=both) == ["both.w"]


def test_closures():
    hidden = Tensor()

    def step():
        return hidden

    assert names(step=step) == ["step.<closure>.hidden"]


def test_the_same_tensor_under_two_names_is_held_by_both():
    w = Tensor()
    assert names(w=w, kept=[w]) == ["w", "kept[0]"]


def test_cycles_end():
    loop = [Tensor()]
    loop.append(loop)
    me = Module()
    me.self = me
    assert names(loop=loop, me=me) == ["loop[0]"]


def test_deep_nesting_needs_no_recursion():
    nested = Tensor()
    for _ in range(50_000):
        nested = [nested]
    (name,) = names(nested=nested)
    assert name.startswith("nested[0][0]")
    assert len(name) < 300


def test_limit_bounds_the_walk():
    assert len(names(limit=1000, many=[Tensor() for _ in range(5000)])) < 1000


def test_modules_classes_and_dunders_are_left_alone():
    class Holder:
        w = Tensor()

    assert names(gc=gc, Holder=Holder, __kept__=Tensor()) == []


def test_keeps_nothing():
    namespace = {"w": Tensor(), "l": [Tensor()]}
    alive = [weakref.ref(namespace["w"]), weakref.ref(namespace["l"][0])]
    walk = variables([("", namespace)], lambda v: type(v) is Tensor)
    assert [name for name, _, _ in walk] == ["w", "l[0]"]
    namespace.clear()
    assert [ref() for ref in alive] == [None, None]


def test_names_with_a_prefix():
    t = Tensor()
    assert list(variables([("helpers.", {"w": t})], lambda v: v is t)) == [("helpers.w", t, False)]
