/* What Python's garbage collector is told of nodes.

   It walks over every tracked container again and again while a graph grows. A node is one; its tuples need not be: what
   a plain op saves are arrays and numbers, which are in no cycle, and of its edges the node itself tells. Cycles through
   the graph (a hook that holds an output, say) are found all the same. */

#include "world.h"

void
untrack_plain(PyObject *tuple)
{
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(tuple); k++) {
        PyObject *each = PyTuple_GET_ITEM(tuple, k);
        if (PyObject_IS_GC(each) && (!PyTuple_CheckExact(each) || PyObject_GC_IsTracked(each)))
            return;
    }
    if (PyTuple_GET_SIZE(tuple)) /* the empty one is Python's own */
        PyObject_GC_UnTrack(tuple);
}

/* What a node refers to; the edges that stand in a tuple of its own count as the node's. */
static int
traverse(PyObject *node, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(node));
    Py_VISIT(slot(node, at.run));
    Py_VISIT(slot(node, at.saved));
    Py_VISIT(slot(node, at.settings));
    Py_VISIT(slot(node, at.hooks));
    PyObject *edges = slot(node, at.edges);
    if (edges == NULL || !PyTuple_CheckExact(edges) || PyObject_GC_IsTracked(edges)) {
        Py_VISIT(edges);
        return 0;
    }
    if (Py_REFCNT(edges) == 1) /* else somebody else holds them, too, and would count them twice */
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(edges); k++)
            Py_VISIT(PyTuple_GET_ITEM(edges, k));
    return 0;
}

void
collect_nodes(void)
{
    world.Node->tp_traverse = traverse;
}
