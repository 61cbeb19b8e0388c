"""A trace with what its views are made from: what the commands print and draw."""

from functools import cached_property
from pathlib import Path

from gradviz.cli.choices import Graph, TableChoice
from gradviz.cli.files import write_file
from gradviz.cli.say import note, note_lines, printable_stdout
from gradviz.errors import BadInput
from gradviz.trace.events import Kind
from gradviz.trace.graph import graphs, last_backward
from gradviz.trace.memory import Lives
from gradviz.trace.store import load
from gradviz.trace.usage import Usage

PATIENCE = 20.0  # seconds for a picture that nobody asked for by name


def screen():
    """stdout as rich writes to it; a reader who has seen enough is main's business, not the end of the process."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Screen(highlight=False)


class Story:
    """One trace; each part of it is worked out when a view first needs it."""

    def __init__(self, path: Path) -> None:
        """Load the trace; BadTrace when it can't be read."""
        self.trace = load(path)
        self.folded = ("", "")  # how much the picture drawn last has folded, and the largest of it

    @cached_property
    def graphs(self) -> list:
        """The graphs that the script made."""
        return graphs(self.trace)

    @cached_property
    def lives(self) -> Lives:
        """When nodes and buffers lived."""
        return self.trace.lives

    def chosen(self, which: Graph, asked: str = "") -> list:
        """The graphs that --graph, or `asked`, asks for; BadInput when there is none of that number."""
        if not self.graphs and which in ("all", "last"):
            return []
        if which == "all":
            return self.graphs
        if which == "last":
            return [last_backward(self.graphs) or self.graphs[-1]]
        if which > len(self.graphs):
            several = f"graphs 1 to {len(self.graphs)}" if self.graphs else "no graph"
            known = "only graph 1" if len(self.graphs) == 1 else several
            raise BadInput(f"{asked or f'--graph {which}'}: {self.trace.path} holds {known}")
        return [self.graphs[which - 1]]

    def tell(self, choice: TableChoice) -> None:
        """Print the tables that were asked for and the summary, or all of it as JSON."""
        from gradviz.views import no_grad, table

        chosen = self.chosen(choice.graph)
        if choice.json:
            import json

            found = table.as_json(self.trace, chosen, self.graphs, self.lives, choice.rows)
            found["no_grad"] = no_grad.as_json(self.trace)
            print(json.dumps(found, indent=1, allow_nan=False, default=lambda value: value.item()))
            return
        console = screen()
        ran = last_backward(self.graphs)
        for graph in chosen:
            console.print(table.heading(graph, len(self.graphs), graph is ran), markup=False, style="bold")
            table.render_table(
                console, self.trace, graph, self.lives, columns=choice.columns, wide=choice.wide, limit=choice.rows
            )
            console.print()
        ending = table.ending_line(self.trace)
        if ending:
            console.print(ending, markup=False, style="bold red")
        table.summary(console, self.trace, self.graphs, self.lives)
        for line in no_grad.lines(self.trace):
            console.print(line, markup=False)

    def tell_error(self) -> None:
        """Under the script's traceback, on stderr: the finding about an error of autograd that it died of."""
        from gradviz.check.catalogue import Examined, explained
        from gradviz.check.report import facts
        from gradviz.views import findings as view

        for each in facts(self.trace, Examined(explained(self.trace), []))["findings"]:
            note_lines(view.lines(each, screen().width))

    def list_graphs(self, every: bool, as_json: bool) -> None:
        """Print the graphs of the run in order, alike ones on one line unless `every`, or all of them as JSON."""
        from gradviz.trace.sequence import sequence
        from gradviz.views import history
        from gradviz.views.table import ending_line

        lives = sequence(self.trace, self.graphs)
        if as_json:
            import json

            print(json.dumps(history.as_json(self.trace, lives), indent=1))
            return
        console = screen()
        if lives:
            history.render_graphs(console, self.trace, self.graphs, lives, every)
        else:
            console.print("no graph: the script ran no tensor op that gradviz saw", markup=False)
        if ending := ending_line(self.trace):
            console.print(ending, markup=False, style="bold red")

    def picture(
        self, which: Graph, form: str, *, when="all", direction="TB", nodes=150, timeout=60.0, theme="light",
        saved=False, norms=False, fold=None,
    ) -> bytes:  # fmt: skip
        """A graph's filmstrip as the bytes of a file, folded where that is asked for or (None) helps to read it."""
        from gradviz.views.diagram import drawn, render
        from gradviz.views.diagram.groups import Fold

        found = self.chosen(which)
        if not found:
            raise BadInput(f"nothing to draw: {self.trace.path} holds no op")
        graph = found[0]
        dot, self.folded = drawn(
            self.trace, graph, self.lives, when=when, direction=direction, nodes=nodes, of=len(self.graphs),
            timeout=timeout, saved=saved, norms=norms, fold=fold or Fold(),
        )  # fmt: skip
        return render(dot, form, timeout, theme)

    @cached_property
    def usage(self) -> Usage:
        """Which bytes were alive when, and what for."""
        return Usage(self.trace)

    def span(self, which: Graph) -> tuple[int, int]:
        """The steps, both included, of the whole run, or from a graph's first op to that of the next one."""
        chosen = self.chosen(which)
        if which == "all" or not chosen:
            return 0, self.trace.end
        later = [graph.first for graph in self.graphs if graph.first > chosen[0].first]
        return chosen[0].first, min(later, default=self.trace.end + 1) - 1

    def tell_memory(self, which: Graph, axis: str, as_json: bool) -> None:
        """Print the chart of the bytes alive and what the peak consisted of, or both as JSON."""
        from gradviz.views import memory

        span = self.span(which)
        if as_json:
            import json

            print(json.dumps(memory.as_json(self.trace, self.usage, span, axis), indent=1))
            return
        console = screen()
        samples = memory.sampled(self.trace, self.usage, memory.columns_for(console.width), span, axis)
        blocks = memory.has_blocks(console.encoding)
        printable_stdout()
        for line in memory.chart(samples, blocks):
            console.print(line, no_wrap=True, crop=False, overflow="ignore")
        told = "\n".join(["", *memory.peak_lines(self.trace, self.usage, span)])
        print(told if blocks else told.replace("…", "~"))

    def memory_picture(self, which: Graph, form: str, axis: str, timeout: float, theme: str) -> bytes:
        """The chart of the bytes alive as the bytes of a file."""
        from gradviz.views import diagram, memory

        samples = memory.sampled(self.trace, self.usage, memory.COLUMNS, self.span(which), axis)
        title = self.trace.path.stem
        if form == "svg":
            return memory.svg(samples, title, theme)
        return diagram.render(memory.dot_text(samples, title, theme), form, timeout)

    def explanation(self, which: Graph, asked: tuple[str, ...], *, form="text", rows: int | None = None) -> str:
        """The chain rule at one result, along the paths between two, or (of none) for the whole graph."""
        from gradviz.views.explain import explained

        found = self.chosen(which)
        if not found:
            raise BadInput(f"nothing to explain: {self.trace.path} holds no op")
        return explained(self.trace, found[0], self.graphs, asked, form, screen().width, rows)

    def draw(self, path: Path, which: Graph) -> Path:
        """Write the SVG of the graph that the table shows (of all: the last that ran backward); its path."""
        write_file(path, self.picture("last" if which == "all" else which, "svg", timeout=PATIENCE))
        return path

    def tell_damage(self) -> None:
        """Note what is missing of a trace that was shown all the same."""
        if self.trace.damaged:
            note(self.trace.damaged)

    def lacks(self) -> str:
        """What a script is missing that made no graph or never called backward; '' when it lacks nothing."""
        rows = self.trace.rows
        if not (rows["node"][self.trace.of(Kind.FORWARD, Kind.OUTPUT)] != 0).any():
            return "the script made no graph: no op ran on a tensor that requires grad"
        if not self.trace.of(Kind.BACKWARD).size:
            return "the script never called backward(): the graph is shown as forward left it"
        return ""
