"""Graphviz straight from the libraries inside the pygraphviz wheel.

The Linux wheel leaves out GLib and X11, which a bare machine has not got, so `import pygraphviz` fails
there. Layout and SVG need neither: only the plugins for fonts and pixels (png, pdf) do.
"""

import ctypes
import importlib.util
import sys
from pathlib import Path


class _Plugin(ctypes.Structure):
    """lt_symlist_t of gvc.h: a name and where the plugin's table lies."""

    _fields_ = [("name", ctypes.c_char_p), ("address", ctypes.c_void_p)]


def bundled(dot: bytes, engine: str, form: str) -> bytes:
    """Draw DOT text with the wheel's own libraries. Raises OSError, ImportError or ValueError."""
    spec = importlib.util.find_spec("pygraphviz")
    if spec is None or spec.origin is None:
        raise ImportError("pygraphviz is not installed")
    folder = Path(spec.origin).parents[1] / "pygraphviz.libs"

    def library(name: str) -> ctypes.CDLL:
        found = sorted(folder.glob(f"lib{name}-*.so*"))
        if not found:
            raise ImportError(f"no lib{name} in pygraphviz's wheel")
        return ctypes.CDLL(str(found[0]))

    graphs, context = library("cgraph"), library("gvc")
    names = ["gvplugin_core", "gvplugin_dot_layout", "gvplugin_neato_layout"]
    plugins = (_Plugin * (len(names) + 1))()  # the last one stays empty: the end of the list
    for place, name in enumerate(names):
        symbol = f"{name}_LTX_library"
        plugins[place] = _Plugin(symbol.encode(), ctypes.addressof(ctypes.c_char.in_dll(library(name), symbol)))

    context.gvContextPlugins.restype = graphs.agmemread.restype = ctypes.c_void_p
    context.gvContextPlugins.argtypes = [ctypes.c_void_p, ctypes.c_int]
    graphs.agmemread.argtypes = [ctypes.c_char_p]
    context.gvLayout.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p]
    context.gvRenderData.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p,
                                     ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)]
    run, graph = context.gvContextPlugins(plugins, 0), graphs.agmemread(dot)
    data, length = ctypes.c_void_p(), ctypes.c_size_t()
    if not graph or context.gvLayout(run, graph, engine.encode()):
        raise ValueError(f"Graphviz could not lay the graph out with {engine}")
    if context.gvRenderData(run, graph, form.encode(), ctypes.byref(data), ctypes.byref(length)):
        raise ValueError(f"{form} needs GLib and X11 (apt-get install graphviz brings them); svg and dot do not")
    return ctypes.string_at(data, length.value)


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(bundled(sys.stdin.buffer.read(), *sys.argv[1:]))
    except ImportError:
        sys.exit(3)  # layout.CANNOT_LOAD
    except ValueError as error:
        sys.exit(str(error))
