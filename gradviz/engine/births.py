"""What looks at each new node: saved-tensor hooks, anomaly mode, and the ban on saving inference tensors.

`mode.births` is empty nearly always, and its truth is all that an op pays for.
"""

from functools import wraps

from gradviz.engine.switches import mode


def born(node, tensors):
    """Tells whoever looks of a new node; tensors: what the op took and gave, None for what was left out."""
    for look in tuple(mode.births):
        look(node, tensors)


def told_at_the_end(function):
    """Decorates an in-place op: of the nodes that it makes is told when it has settled what they save."""

    @wraps(function)
    def waiting(*args, **kwargs):
        if not mode.births:
            return function(*args, **kwargs)
        looks, births = mode.births[:], []
        mode.births[:] = [lambda *birth: births.append(birth)]
        try:
            result = function(*args, **kwargs)
        finally:
            mode.births[:] = looks
        for birth in births:
            born(*birth)
        return result

    return waiting
