"""`gradviz diff`: what two graphs don't have in common, as a table and as a picture."""

from typing import TYPE_CHECKING, Annotated

import typer

from gradviz.cli.choices import THEMES, Graph, Json, Theme, graph_of_trace, limit, one_of
from gradviz.cli.files import picture_file, picture_format, write_picture
from gradviz.cli.say import note
from gradviz.errors import BadInput

if TYPE_CHECKING:
    from gradviz.cli.story import Story
    from gradviz.views.comparison import Comparison, Side

_WHICH = "N, TRACE or TRACE#N"


def diff(
    left: Annotated[str, typer.Argument(metavar="A", help=f"The first graph: {_WHICH}.", show_default=False)],
    right: Annotated[str, typer.Argument(metavar="B", help=f"The second graph: {_WHICH}.", show_default=False)],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Draw it too: .svg, .png, .pdf or .dot; - for stdout."),
    ] = None,
    nodes: Annotated[
        str, typer.Option("--nodes", metavar="N|all", help="Draw at most so many: what differs first.")
    ] = "150",
    theme: Theme = "light",
    every: Annotated[bool, typer.Option("--all", help="List what is alike too; leave nothing out.")] = False,
    json: Json = False,
) -> None:
    """Show what two graphs don't have in common: nodes added (+), removed (−) and changed (~).

    A graph is N, a number of the newest trace here (`gradviz graphs` lists them); or TRACE, the graph of that file that
    ran backward last; or TRACE#N. Nodes correspond when they come in one order with the same op and grad_fn, by
    preference with the same name and shape too; leaves need the same name. They changed when their name, inputs, shape,
    saved tensors, requires_grad, line or gradient norm did. Between two traces a line that only moved doesn't count.

    \b
    Examples:
      gradviz diff 1 2
      gradviz diff before.gradviz after.gradviz -o diff.svg
      gradviz diff train.gradviz#1 train.gradviz#200 --json
    """
    one_of("--theme", theme, THEMES)
    most, kind = limit("--nodes", nodes), picture_format(None, output)
    asked = {text: graph_of_trace(text) for text in (left, right)}
    target = picture_file(output, asked[left][0], kind) if output else None

    from gradviz.cli.story import Story
    from gradviz.views.comparison import compare

    stories = {path: Story(path) for path, _ in asked.values()}
    one, other = (_side(stories[asked[text][0]], asked[text][1], text) for text in (left, right))
    if one.trace is other.trace:
        other = other._replace(label=f"#{other.graph.number}")
    found = compare(one, other, every)
    if output != "-":
        _tell(found, every, json)
    if output:
        from gradviz.views.diagram import difference_text, render

        write_picture(target, render(difference_text(found, nodes=most), kind, theme=theme), note if json else print)
    for story in stories.values():
        story.tell_damage()


def _side(story: "Story", which: Graph, asked: str) -> "Side":
    from gradviz.views.comparison import Side

    chosen = story.chosen(which, asked)
    if not chosen:
        raise BadInput(f"{asked}: {story.trace.path} holds no graph")
    return Side(story.trace, chosen[0], f"{story.trace.path}#{chosen[0].number}")


def _tell(found: "Comparison", every: bool, as_json: bool) -> None:
    from gradviz.cli.story import screen
    from gradviz.views import difference

    if as_json:
        import json

        print(json.dumps(difference.as_json(found), indent=1))
        return
    difference.render_difference(screen(), found, every)
