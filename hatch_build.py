"""The build's own step: compiles the C twins of the hottest loops where there is a C compiler.

Without one, gradviz is whole all the same: the Python beside each twin does its work, slower. Each folder `compiled` in
gradviz is one extension module, built from all of its .c files.
"""

import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledTwins(BuildHookInterface):
    """Puts the extension modules beside their sources: into the checkout, and into a wheel."""

    def initialize(self, version, build_data):
        """Compile; a failure is told and is none of the build's."""
        root = Path(self.root)
        try:
            built = compiled(root)
        except BaseException as error:  # setuptools exits where it finds no compiler
            print(f"gradviz: without its C twins, slower: {type(error).__name__}: {error}", file=sys.stderr)
            return
        build_data["artifacts"] += [path.resolve().relative_to(root).as_posix() for path in built]
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def compiled(root):
    """The paths of the extension modules, newly built."""
    import numpy
    from setuptools import Distribution, Extension

    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # the twins count on the lock, and would bring it back
        return []

    extensions = []
    for folder in sorted(root.glob("gradviz/*/compiled")):
        name = ".".join(folder.relative_to(root).with_name(f"_{folder.parent.name}").parts)
        sources = [path.relative_to(root).as_posix() for path in sorted(folder.glob("*.c"))]
        headers = [path.relative_to(root).as_posix() for path in sorted(root.glob("gradviz/*/compiled/*.h"))]
        extensions.append(Extension(name, sources, include_dirs=[numpy.get_include()], depends=headers))
    if not extensions:
        return []
    command = Distribution({"ext_modules": extensions, "script_name": "hatch_build"}).get_command_obj("build_ext")
    command.inplace = True
    with TemporaryDirectory() as command.build_temp:
        command.ensure_finalized()
        command.run()
    return [Path(command.get_ext_fullpath(each.name)) for each in extensions]
