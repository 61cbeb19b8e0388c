"""`gradviz table`: the nodes of a trace's graphs as a table, with a summary."""

from gradviz.cli.choices import Columns, GraphChoice, Json, Rows, TraceFile, Wide, table_choice, trace_file


def table(
    file: TraceFile = None,
    graph: GraphChoice = "last",
    columns: Columns = None,
    wide: Wide = False,
    rows: Rows = "200",
    json: Json = False,
) -> None:
    """Show a graph's nodes in execution order: op, shape, data, grad, what is saved, and what became of it.

    Columns: number, name, op, grad_fn, shape, data, grad, requires_grad, is_leaf, saved, state, line, step. Where
    the terminal is too narrow they fold away in this order: step, requires_grad, is_leaf, op, shape, saved, line,
    grad_fn, grad, number.

    saved 8 B* is memory of a parameter or a variable too; without the mark the graph alone keeps it. step tells at
    which steps of the trace a result was made, its saved tensors were freed, and its node was gone: `gradviz render
    --when step=N` draws the moment after.

    \b
    Examples:
      gradviz table
      gradviz table train.gradviz --graph all
      gradviz table --columns number,name,grad --rows all
      gradviz table --columns step,name,saved,state
      gradviz table --json | python -m json.tool
    """
    choice = table_choice(graph, columns, wide, rows, json)

    from gradviz.cli.story import Story

    story = Story(trace_file(file))
    story.tell(choice)
    story.tell_damage()
