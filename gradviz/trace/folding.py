"""A graph's results as a tree of groups (modules, functions, loops, ops); each result is in exactly one leaf of it.

A loop is found from what ran: places (a line's op, a call) that come again and again, with all that ran between. Its
passes are laid upon each other, so that a loop of fifty passes is its body once, each place of it holding fifty
results; passes that took another branch add their places. So are layers that are built alike. All in time linear in
the number of results and the depth of the modules.
"""

from collections.abc import Sequence

from gradviz.trace.graph import GraphNode
from gradviz.trace.group import CALLED, Group, Key, general
from gradviz.trace.loops import rolled

MOST = 40  # children of a group; more are put together as parts
FEW = 16  # parts of a group
MOST_LEAVES = 12  # groups of leaves beside the children of a group


def folded(nodes: Sequence[GraphNode]) -> Group:
    """The tree of a graph's nodes, or of some of them (in execution order): passes and alike layers laid together."""
    return _finished(_Builder(rolled).tree(nodes), nodes)


def nested(nodes: Sequence[GraphNode]) -> Group:
    """The same by modules and functions alone: every result is a leaf of its own."""
    return _finished(_Builder(list).tree(nodes), nodes, each=True)


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
        if group.kind == "module" and general(group.name) != group.name:  # a layer: alike when it is built alike
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
        for at, (name, called) in enumerate(zip(within.path, within.name.split(" > "), strict=False)):
            site = (file, line, column) if at == within.around else ()
            if name == called and not called[:1].isupper():
                found.append(("call", name, "", ("call", name, site), bool(site)))
            else:
                alike = general(name)
                site = () if alike != name else site
                found.append(("module", name, called, ("module", alike, called, site), bool(site)))
        name = function.rpartition(".")[2]
        if name.isidentifier() and not (name == "forward" and within.around):
            found.insert(within.around, ("function", name, "", ("function", file, function), False))
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
    if only.kind == "loop" and group.kind == "function":
        group.times, group.children = only.times, only.children
    if only.kind == "call":
        group.children = only.children
    return group


# What is done once the tree is there


def _finished(root: Group, nodes: Sequence[GraphNode], each: bool = False) -> Group:
    """The tree with its sources where their users are, and no list in it longer than can be shown."""
    for group in root.all():
        group.children = group.children if each else _parts(group.children)
    _relate(root)
    _place_sources(root, nodes, each)
    for group in root.all():
        group.children = [_lone(child) for child in group.children]
    _relate(root)
    _name_outermost(root, {node.number: node.name for node in nodes})
    return root


def _name_outermost(root: Group, names: dict[int, str]) -> None:
    """Call a module that is in no other by the variable that its parameters tell of: `model` of `model.0.weight`."""
    for leaf in root.all():
        parts, group = [names[leaf.numbers[0]].rpartition(".")[2]] if leaf.kind == "leaf" else [], leaf.parent
        outermost = None
        while parts and group is not None:
            if group.kind == "module":
                parts += [group.name]
                outermost = group
            group = group.parent
        if outermost is None or outermost.name != outermost.what:
            continue
        inner = "." + ".".join(reversed(parts[:-1]))
        variable = names[leaf.numbers[0]].removesuffix(inner)
        if variable and variable != names[leaf.numbers[0]]:
            outermost.name = outermost.last_name = variable


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
    found = children
    if len(together) > 1:
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
    users = _users_of_sources(root, nodes)
    alike: dict[tuple, list[GraphNode]] = {}
    for node in nodes:
        if node.number in users:
            what = (node.grad_fn, node.op, general(node.name.rpartition(".")[2]))
            key = (node.number,) if each else (frozenset(users[node.number]), *what)
            alike.setdefault(key, []).append(node)
    beside: dict[Group, list[list[GraphNode]]] = {}
    for some in alike.values():
        where = _around(list(users[some[0].number])) or root
        where = where if _is_part(some[0]) else _made_in(where, some[0])
        while where.parent is not None and where.times > len(some):  # one for all passes stands outside the loop
            where = where.parent
        beside.setdefault(where, []).append(some)
    for where, told in beside.items():
        if len(told) > MOST_LEAVES and not each:
            told = _joined(told, lambda node, to=where: (node.grad_fn, _child_with(users[node.number], to)))
        if len(told) > MOST_LEAVES and not each:
            told = _joined(told, lambda node: node.grad_fn)
        where.children = [_leaves(some) for some in told] + where.children


def _users_of_sources(root: Group, nodes: Sequence[GraphNode]) -> dict[int, dict[Group, None]]:
    """{number of what is in no group yet: the groups of ops that use it, in order}."""
    home = {number: group for group in root.all() for number in group.numbers}
    users: dict[int, dict[Group, None]] = {node.number: {} for node in nodes if node.number not in home}
    for node in nodes:
        for used in node.inputs if node.number in home else ():
            if used in users:
                users[used][home[node.number]] = None
    return users


def _joined(told, key):
    together: dict = {}
    for some in told:
        together.setdefault(key(some[0]), []).extend(some)
    return [sorted(some) for some in together.values()]


def _is_part(node: GraphNode) -> bool:
    """Whether a source is a module's own: its parameter, or a buffer."""
    constructed = node.origin is not None and node.origin.function.endswith("__init__")
    return node.op == "Parameter" or "." in node.name or constructed


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


def _child_with(users: dict[Group, None], where: Group) -> Group | None:
    """Which child of a group has the first user of a source; None where nobody uses it."""
    group = next(iter(users), None)
    while group is not None and group.parent is not where:
        group = group.parent
    return group


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
