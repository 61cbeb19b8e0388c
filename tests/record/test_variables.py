"""variables(): readable names, bounded, and no code of the script's runs."""

import functools
import gc
import weakref
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass

import pytest

from gradviz.record.insides import Inside
from gradviz.record.variables import Variables


class Tensor:
    """Stands for a tensor."""


class Module:
    """Holds its parts as an nn.Module does."""

    def __init__(self, **modules):
        self._parameters, self._modules, self.training = {}, modules, True


def is_tensor(value):
    return type(value) is Tensor


def variables(namespace, limit=100_000, own=()):
    roots = [Inside(name, value) for name, value in namespace.items()]
    return Variables(roots, is_tensor, lambda v: type(v) is Module, own=frozenset(own), limit=limit)


def names(limit=100_000, **namespace):
    return [found.name for found in variables(namespace, limit, own=[__name__])]


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
        last=deque([t()]),
        loose={t()},
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
        "last[0]",
        "loose{…}",
        "pair[1][0]",
        'grouped["b"][0]',
    ]


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, deque])
def test_a_subclass_of_a_container_is_read_by_the_containers_own_iterator(kind):
    class Loud(kind):
        def __iter__(self):
            raise AssertionError("the script's code ran")

        __len__ = __getitem__ = __eq__ = copy = __iter__
        __hash__ = object.__hash__

    assert len(names(loud=Loud([Tensor()]))) == 1


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
    walk = variables({"many": [Tensor() for _ in range(5000)]}, limit=1000)
    assert len(list(walk)) < 1000
    assert walk.cut > 4000
    assert names(limit=10, data=list(range(100_000)), w=Tensor()) == ["w"]  # numbers are not looked into


def test_modules_classes_and_dunders_are_left_alone():
    class Foreign:
        w = Tensor()

    Foreign.__module__ = "numpy"
    assert names(gc=gc, Foreign=Foreign, of=Foreign()) == []


def test_classes_of_the_scripts_own_modules():
    class Holder:
        best = Tensor()

        @staticmethod
        def step(kept=Tensor()):  # noqa: B008
            return kept

    assert names(Holder=Holder) == ["Holder.best", "Holder.step.<defaults>[0]"]
    assert "Holder.best" in names(made=Holder())


def test_functions_and_what_is_bound_to_them():
    class Thing:
        def __init__(self):
            self.cache = Tensor()

        def step(self):
            return self.cache

    @functools.lru_cache
    def kept(key):
        return Tensor()

    kept(1)
    assert names(step=Thing().step) == ["step.__self__.cache"]
    assert names(half=functools.partial(print, Tensor(), sep=Tensor())) == ["half.args[0]", 'half.keywords["sep"]']
    assert names(kept=kept) == ["kept.<items>"]
    assert names(waiting=iter([Tensor()])) == ["waiting.<items>[0]"]


def suspended():
    inside = Tensor()
    yield
    return inside


def test_variables_of_a_generator():
    running = suspended()
    next(running)
    assert names(running=running) == ["running.<locals>.inside"]
    alive = weakref.ref(running.gi_frame.f_locals["inside"])
    gc.collect()
    assert list(running) == []
    running = None
    assert alive() is None


def test_looking_at_a_generator_keeps_nothing():
    def changing():
        inside = Tensor()
        yield weakref.ref(inside)
        inside = None
        yield inside

    running = changing()
    alive = next(running)
    assert names(running=running) == ["running.<locals>.inside"]
    next(running)
    assert alive() is None


def failing(key):
    inside = Tensor()
    raise KeyError(key, inside)


def test_an_exception_holds_its_arguments_and_its_functions_variables():
    try:
        failing("k")
    except KeyError as error:
        found = variables({"error": error})
        places = {name: place for name, _, _, place in found}
    assert set(places) == {"error.args[1]", "error.<traceback>.failing.<locals>.inside"}
    assert places["error.<traceback>.failing.<locals>.inside"].code is failing.__code__


class Hostile(type):
    def __eq__(cls, other):
        raise AssertionError("the script's code ran")

    __hash__ = __eq__
    __instancecheck__ = __subclasscheck__ = __getattribute__ = __eq__


class Loud(metaclass=Hostile):
    def __init__(self):
        object.__getattribute__(self, "__dict__")["cache"] = Tensor()

    def __getattribute__(self, name):
        raise AssertionError("the script's code ran")

    __getattr__ = __eq__ = __len__ = __bool__ = __iter__ = __hash__ = __repr__ = __getattribute__
    __class__ = loud = property(__getattribute__)


def test_no_code_of_the_scripts_runs():
    assert names(loud=Loud(), kind=Loud, key={"a": [Loud()]}) == ["loud.cache", 'key["a"][0].cache']


def test_keeps_nothing():
    namespace = {"w": Tensor(), "l": [Tensor()]}
    alive = [weakref.ref(namespace["w"]), weakref.ref(namespace["l"][0])]
    walk = variables(namespace)
    assert [found.name for found in walk] == ["w", "l[0]"]
    namespace.clear()
    assert [ref() for ref in alive] == [None, None]
