"""Long arrows -> short ones from a second, small card: a weight that each step of a loop uses would else be drawn
with arrows through the whole picture, which nobody can follow and which take Graphviz minutes.
"""

LONG = 3  # ranks that an arrow may span whatever the others do
BUDGET = 120  # ranks that all longer arrows together may span

Link = tuple[int, int, int]  # tail, head, the input's position


def with_aliases(numbers: list[int], links: list[Link]) -> tuple[list[Link], dict[int, int]]:
    """The links with the longest ones led from aliases, and {alias: number it stands for}.

    numbers: of the cards, inputs before users. The shortest arrow from each card stays.
    """
    rank = _ranks(numbers, links)
    spans = [rank[head] - rank[tail] for tail, head, _ in links]
    nearest: dict[int, int] = {}
    for place, (tail, _, _) in enumerate(links):
        if tail not in nearest or spans[place] < spans[nearest[tail]]:
            nearest[tail] = place
    stay = set(nearest.values())
    room = BUDGET
    alias, aliases, led = max(numbers, default=0), {}, list(links)
    for place in sorted(range(len(links)), key=lambda place: (spans[place], place)):
        if spans[place] <= LONG:
            continue
        room -= spans[place]
        if room < 0 and place not in stay:
            alias += 1
            tail, head, position = links[place]
            led[place], aliases[alias] = (alias, head, position), tail
    return led, aliases


def _ranks(numbers: list[int], links: list[Link]) -> dict[int, int]:
    """How far down each card stands: below all its inputs, but right above its first user where it has one."""
    inputs: dict[int, list[int]] = {}
    users: dict[int, list[int]] = {}
    for tail, head, _ in links:
        inputs.setdefault(head, []).append(tail)
        users.setdefault(tail, []).append(head)
    rank: dict[int, int] = {}
    for number in numbers:
        rank[number] = max((rank[tail] + 1 for tail in inputs.get(number, ())), default=0)
    for number in reversed(numbers):
        if number in users:
            rank[number] = min(rank[head] for head in users[number]) - 1
    return rank
