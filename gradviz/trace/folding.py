"""A graph's results as a tree of groups: modules, functions, passes of a loop; each result is in exactly one leaf of it.

A loop is found from what ran: places (a line's op, a call) that come again and again, with all that ran between. Its
passes are laid upon each other, so that a loop of fifty passes is its body once, each place of it holding fifty
results; passes that took another branch add their places. So are layers that are built alike. All in time linear in
the number of results, for a nesting that is not deeper than DEEPEST.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from gradviz.trace.graph import GraphNode

DEEPEST = 12  # loops in loops that are told apart
MOST = 40  # children of a group; more are put together as parts
FEW = 24  # parts of a group
MOST_LEAVES = 12  # groups of leaves beside the children of a group
CALLED = ("module", "function", "call")

Key = tuple


class Group:
    """Results that belong together.

    kind: 'graph', 'module', 'function', 'call' (of a composite function), 'loop', 'part' (of a long list), 'op' or
    'leaf'; the last two have results (numbers) and no children, the others the reverse
    name, last_name: what the first and the last of them are called; what: a module's class, an op's name
    times: how often it ran; file, first, last: its lines (0: unknown); label: of the call that is nothing but this op
    """

    __slots__ = (
        "kind", "name", "last_name", "what", "key", "strong", "times", "numbers", "children", "file", "first", "last",
        "label", "parent", "depth", "_places",
    )  # fmt: skip

    def __init__(self, kind: str, name: str, what: str = "", key: Key | int = (), strong: bool = False):
        self.kind, self.name, self.last_name, self.what, self.key, self.strong = kind, name, name, what, key, strong
        self.times = 1
        self.numbers: list[int] = []
        self.children: list[Group] = []
        self.file, self.first, self.last, self.label = "", 0, 0, ""
        self.parent: Group | None = None
        self.depth = 0
        self._places: dict | None = None

    def absorb(self, other: "Group") -> None:
        """Lay another group of the same key upon this one."""
        waiting = [(self, other)]
        while waiting:
            mine, theirs = waiting.pop()
            mine.times += theirs.times
            mine.numbers += theirs.numbers
            mine.last_name = theirs.last_name
            mine.spread(theirs)
            if theirs.children:
                waiting += mine.lay(theirs.children)

    def lay(self, children: list["Group"]) -> list[tuple["Group", "Group"]]:
        """Take in those of the children that are new here; the others in pairs with what they are to be laid upon."""
        if self._places is None:
            self._places = dict(_counted(self.children))
        known = []
        for place, child in _counted(children):
            there = self._places.setdefault(place, child)
            if there is child:
                self.children.append(child)
            else:
                known.append((there, child))
        return known

    def spread(self, other: "Group") -> None:
        """Widen the lines by another's."""
        if not self.first:
            self.file, self.first, self.last = other.file, other.first, other.last
        elif other.first and other.file == self.file:
            self.first, self.last = min(self.first, other.first), max(self.last, other.last)

    def all(self) -> Iterator["Group"]:
        """This group and every one in it, each before its children."""
        waiting = [self]
        while waiting:
            group = waiting.pop()
            yield group
            waiting += reversed(group.children)

    def results(self) -> list[int]:
        """The numbers of all results in it, ascending."""
        return sorted(number for group in self.all() for number in group.numbers)

    def __repr__(self):
        return f"<{self.kind} {self.name} x{self.times}>"


def folded(nodes: Sequence[GraphNode]) -> Group:
    """The tree of a graph's nodes, or of some of them (in execution order): passes and alike layers laid together."""
    return _finished(_Builder(_rolled).tree(nodes), nodes)


def nested(nodes: Sequence[GraphNode]) -> Group:
    """The same by modules and functions alone: every result is a leaf of its own."""
    root = _finished(_Builder(list).tree(nodes), nodes, each=True)
    return root


def _counted(groups: Iterable[Group]) -> Iterator[tuple[tuple, Group]]:
    """Each with its place: its key, and the how manieth of that key it is."""
    seen: dict = {}
    for group in groups:
        nth = seen[group.key] = seen.get(group.key, 0) + 1
        yield (group.key, nth), group


class _Builder:
    """Reads results in execution order, and closes a module, function or call when the next result is outside it."""

    def __init__(self, arranged):
        self._arranged = arranged  # what becomes of the children of a group that is closed
        self._known: dict[Key, int] = {}
        self._paths: dict[tuple, list[tuple[str, str, str, Key, bool]]] = {}

    def tree(self, nodes: Sequence[GraphNode]) -> Group:
        """All results but those that nothing was read for, which _finished puts beside their users."""
        users = {used for node in nodes for used in node.inputs}
        root = Group("graph", "")
        open_groups, path = [root], []
        for node in nodes:
            if is_source(node) and node.number in users:
                continue
            wanted = self._path(node)
            same = 0
            while same < min(len(path), len(wanted)) and path[same] == wanted[same]:
                same += 1
            while len(open_groups) > same + 1:
                self._close(open_groups)
            for kind, name, what, key, strong in wanted[same:]:
                open_groups.append(Group(kind, name, what, key, strong))
            path = wanted
            self._add(open_groups[-1], node)
        while len(open_groups) > 1:
            self._close(open_groups)
        root.children = self._arranged(root.children)
        return root

    def _add(self, group, node):
        origin, inside = node.origin, node.within.inside
        site = (origin.file, origin.line, origin.column) if origin else ()
        op = Group("op", node.op, node.op, self._number(("op", site, node.op)), not inside)
        op.numbers.append(node.number)
        if origin:
            op.file, op.first, op.last = origin.file, origin.line, origin.line
        group.children.append(op)

    def _close(self, open_groups):
        group = open_groups.pop()
        group.children = self._arranged(group.children)
        for child in group.children:
            group.spread(child)
        if group.kind == "module" and any(map(str.isdigit, group.name)):  # a layer: alike when it is built alike
            group.key = self._number((*group.key, tuple(child.key for child in group.children)))
        else:
            group.key = self._number(group.key)
        open_groups[-1].children.append(_simple(group))

    def _number(self, key):
        return self._known.setdefault(key, len(self._known))

    def _path(self, node):
        """The groups around a result, outermost first: kind, name, class, key, and whether a line tells of its call."""
        origin, within = node.origin, node.within
        place = (origin.file, origin.function, origin.line, origin.column) if origin else ("", "", 0, 0)
        known = (within, place)
        if known not in self._paths:
            self._paths[known] = self._described(within, *place)
        return self._paths[known]

    def _described(self, within, file, function, line, column):
        found = []
        for at, (name, called) in enumerate(zip(within.path, within.name.split(" > "), strict=bool(within.path))):
            site = (file, line, column) if at == within.around else ()
            if name == called and not called[:1].isupper():
                found.append(("call", name, "", ("call", name, site), bool(site)))
            else:
                alike = general(name)
                site = () if alike != name else site
                found.append(("module", name, called, ("module", alike, called, site), bool(site)))
        function = function.rpartition(".")[2]
        if function.isidentifier() and not (function == "forward" and within.around):
            found.insert(within.around, ("function", function, "", ("function", file, function), False))
        return found


def is_source(node: GraphNode) -> bool:
    """Whether nothing was read for it: a leaf, a constant, a number."""
    return not node.inputs and node.grad_fn in ("", "AccumulateGrad")


def _simple(group: Group) -> Group:
    """The group, or what says the same with less: a call that is one op, a function that is one loop or call."""
    if len(group.children) != 1:
        return group
    (only,) = group.children
    if group.kind == "call" and only.kind in ("op", "call"):
        only.key, only.strong = group.key, group.strong
        return only
    if only.kind == "loop" and group.times == 1:
        group.times, group.children = only.times, only.children
    if only.kind == "call":
        group.children = only.children
    return group


# Loops


def _rolled(items: list[Group]) -> list[Group]:
    """The items in order, with each stretch in which places come again as one group."""
    found, at = [], 0
    for start, stop in _stretches(items):
        found += items[at:start]
        found.append(_loop([items[start:stop]], 0))
        at = stop
    return found + items[at:] if found else items


def _stretches(items: list[Group]) -> list[tuple[int, int]]:
    """Where places come again: from the first time to the last, together with all that overlap."""
    where: dict = {}
    for at, item in enumerate(items):
        where.setdefault(item.key, []).append(at)
    spans: list[list[int]] = []
    for places in where.values():  # ascending by the first
        if len(places) == 1 or not (items[places[0]].strong or _regular(places)):
            continue
        if spans and places[0] < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], places[-1] + 1)
        else:
            spans.append([places[0], places[-1] + 1])
    return [(start, stop) for start, stop in spans]


def _regular(places: list[int]) -> bool:
    """Whether what no line tells apart comes again as in a loop: next to itself, or three times at like distances."""
    gaps = [after - before for before, after in pairwise(places)]
    return max(gaps) <= (1 if len(gaps) == 1 else 2 * min(gaps))


def _loop(runs: list[list[Group]], depth: int) -> Group:
    """One group of what ran in one loop, once or several times: each pass begins where the first place comes again."""
    head = runs[0][0].key
    loop = Group("loop", "", "", ("loop", head))
    passes = []
    for run in runs:
        starts = [at for at, item in enumerate(run) if item.key == head or not at]
        passes += [run[start:stop] for start, stop in pairwise([*starts, len(run)])]
    loop.times = len(passes)
    inner = _inner(passes) if depth < DEEPEST else {}
    again = set(inner) if len(set(inner.values())) == 1 else set()
    if again and all(item.key in again for turn in passes for item in turn[1:]):
        inner = {}  # as well one loop as two
    _lay_passes(loop, passes, inner, again if not inner else set(), depth)
    if len(loop.children) == 1:
        return loop.children[0]
    for child in loop.children:
        loop.spread(child)
    return loop


def _inner(passes: list[list[Group]]) -> dict:
    """{key: of which inner loop it is, named by a key of it}, for the places that come again in one pass of a loop."""
    inner: dict = {}

    def named(key):
        while inner.setdefault(key, key) != key:
            key = inner[key]
        return key

    for turn in passes:
        for start, stop in _stretches(turn) if len(turn) > 2 else ():
            first = named(turn[start].key)
            for item in turn[start + 1 : stop]:
                inner[named(item.key)] = first
    return {key: named(key) for key in inner}


def _lay_passes(loop: Group, passes: list[list[Group]], inner: dict, again: set, depth: int) -> None:
    """Lay the passes of a loop upon each other; inner loops for themselves. again: keys to lay upon each other too."""
    places: dict = {}  # (key, the how manieth in its pass) -> the first of it
    within: dict = {}  # name of an inner loop -> what ran in it, run by run
    children: list = []
    for turn in passes:
        seen: dict = {}
        for item in turn:
            name = inner.get(item.key)
            if name is not None:
                if name not in within:
                    within[name] = []
                    children.append(name)
                if name not in seen:
                    seen[name] = []
                    within[name].append(seen[name])
                seen[name].append(item)
                continue
            nth = seen[item.key] = 0 if item.key in again else seen.get(item.key, 0) + 1
            there = places.setdefault((item.key, nth), item)
            if there is item:
                children.append(item)
            else:
                there.absorb(item)
    loop.children = [
        child if isinstance(child, Group) else _loop(within[child], depth + 1) for child in children
    ]


# What is done once the tree is there


def _finished(root: Group, nodes: Sequence[GraphNode], each: bool = False) -> Group:
    """The tree with its sources where their users are, and no list in it longer than can be shown."""
    for group in list(root.all()):
        group.children = group.children if each else _parts(group.children)
    _relate(root)
    _place_sources(root, nodes, each)
    for group in root.all():
        group.children = [_lone(child) for child in group.children]
    _relate(root)
    return root


def _relate(root: Group) -> None:
    for group in root.all():
        for child in group.children:
            child.parent, child.depth = group, group.depth + 1


def _lone(group: Group) -> Group:
    """A module or function that is nothing but one op, as that op with its label."""
    while group.kind in CALLED and len(group.children) == 1 and group.children[0].kind == "op":
        (op,) = group.children
        op.label = op.label or " ".join(filter(None, (group.name, group.what)))
        group = op
    return group


def _parts(children: list[Group]) -> list[Group]:
    """At most MOST children: what is next to each other on one line goes together, then what is just next."""
    if len(children) <= MOST:
        return children
    together: list[list[Group]] = []
    for child in children:
        line = (child.file, child.first, child.last)
        if together and line == (together[-1][0].file, together[-1][0].first, together[-1][0].last):
            together[-1].append(child)
        else:
            together.append([child])
    found = [_part(each) if len(each) > 1 else each[0] for each in together]
    while len(found) > MOST:
        size = max(-(-len(found) // FEW), 2) if len(found) <= FEW * FEW else FEW
        found = [_part(found[at : at + size]) for at in range(0, len(found), size)]
    return found


def _part(children: list[Group]) -> Group:
    part = Group("part", "", "", ("part",))
    part.children = children
    for child in children:
        part.spread(child)
    return part


def _place_sources(root: Group, nodes: Sequence[GraphNode], each: bool) -> None:
    """Put each leaf, constant and number into the innermost group that has all its users, or that made it."""
    home = {number: group for group in root.all() for number in group.numbers}
    users: dict[int, dict[Group, None]] = {node.number: {} for node in nodes if node.number not in home}
    for node in nodes:
        for used in node.inputs if node.number in home else ():
            if used in users:
                users[used][home[node.number]] = None
    alike: dict[tuple, list[GraphNode]] = {}
    for node in nodes:
        if node.number in users:
            what = (node.grad_fn, node.op, general(node.name.rpartition(".")[2]))
            key = (node.number,) if each else (*sorted(map(id, users[node.number])), *what)
            alike.setdefault(key, []).append(node)
    beside: dict[Group, list[list[GraphNode]]] = {}
    for some in alike.values():
        where = _around(list(users[some[0].number])) or root
        if some[0].grad_fn != "AccumulateGrad" and not _constructed(some[0]):
            where = _made_in(where, some[0])
        while where.parent is not None and where.times > len(some):  # one for all passes stands outside the loop
            where = where.parent
        beside.setdefault(where, []).append(some)
    for where, told in beside.items():
        for key in (lambda node, to=where: (node.grad_fn, _child_with(users[node.number], to)), lambda node: ""):
            told = _joined(told, key) if len(told) > MOST_LEAVES and not each else told
        where.children = [_leaves(some) for some in told] + where.children


def _joined(told, key):
    together: dict = {}
    for some in told:
        together.setdefault(key(some[0]), []).extend(some)
    return [sorted(some) for some in together.values()]


def _constructed(node: GraphNode) -> bool:
    return node.origin is not None and node.origin.function.endswith("__init__")


def _made_in(where: Group, node: GraphNode) -> Group:
    """The innermost group around this one, or itself, that the line that made a source ran in."""
    around = []
    group = where
    while group is not None:
        around.append(group)
        group = group.parent
    names = [name for name in node.within.path] + ([node.origin.function.rpartition(".")[2]] if node.origin else [])
    inside = around[-1]
    for group in reversed(around[:-1]):
        if group.kind in CALLED and general(group.name) not in map(general, names):
            return inside
        inside = group
    return inside


def general(name: str) -> str:
    """`layers.#` for `layers.3`."""
    return re.sub(r"\d+", "#", name)


def _child_with(users: dict[Group, None], where: Group) -> int:
    """Which child of a group has the first user of a source; 0 where nobody uses it."""
    group = next(iter(users), None)
    while group is not None and group.parent is not where:
        group = group.parent
    return id(group) if group is not None else 0


def _around(groups: list[Group]) -> Group | None:
    """The innermost group around all of these."""
    if not groups:
        return None
    around = groups[0].parent
    for group in groups[1:]:
        other = group.parent
        while around is not other:
            if around.depth >= other.depth:
                around = around.parent
            else:
                other = other.parent
    return around


def _leaves(nodes: list[GraphNode]) -> Group:
    first, last = nodes[0], nodes[-1]
    leaves = Group("leaf", first.name or first.op, first.op)
    leaves.last_name = last.name or last.op
    leaves.numbers = [node.number for node in nodes]
    leaves.times = len(nodes)
    return leaves
