"""Runs a script or a module as `__main__`, as `python script.py` and `python -m module` would.

`script` and `module` look before anything is written: what can't be run is BadInput. `run` then
runs the program and answers with an Outcome; whatever the program does (raise, exit, Ctrl-C), its
stdout, stderr, argv and exit code are those of a run without gradviz.
"""

import atexit
import importlib
import importlib.machinery
import io
import os
import runpy
import sys
import sysconfig
import threading
import tokenize
from collections.abc import Callable, Sequence
from types import CodeType, ModuleType, TracebackType
from typing import NamedTuple

from gradviz.errors import BadInput

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Program(NamedTuple):
    """Something that can be run as `__main__`.

    execute: fills in and runs the fresh `__main__` module. folder: what sys.path starts with. text and
    filename: the source as compiled, for Sources ('' when not known before it runs). report: prints an
    exception that ended the program, its traceback already cut to the program's own frames. notes: what
    there is to say to the person once it has run.
    """

    name: str
    mode: str  # 'script', 'module' or 'expression'
    argv: list[str]
    folder: str
    filename: str
    text: str
    execute: Callable[[ModuleType], None]
    report: Callable[[BaseException], None]
    notes: Sequence[str] = ()


class Outcome(NamedTuple):
    """How a program ended.

    how: 'finished', 'raised', 'interrupted' or 'exited' (it called sys.exit). error: 'KeyError: 3', or ''.
    origin: (code, lasti) of the program's own line that failed. namespace: its `__main__` variables.
    failure: the exception; while it lives, so do the variables of the functions that it came through.
    folder: where the program's own modules lie; '' when unknown.
    """

    how: str
    error: str
    exit_code: int
    origin: tuple[CodeType, int] | None
    namespace: dict
    failure: BaseException | None = None
    folder: str = ""


def script(path: str, arguments: Sequence[str] = ()) -> Program:
    """A script file, ready to run. BadInput: it is missing, can't be read, or isn't Python."""
    data = _read(path)
    text = _decode(path, data)
    filename = os.path.join(os.getcwd(), path)  # absolute, and not normalised, as Python does
    code = compiled(data, path, filename)

    def execute(main: ModuleType) -> None:
        main.__loader__ = importlib.machinery.SourceFileLoader("__main__", filename)
        main.__file__ = filename
        main.__cached__ = None
        exec(code, main.__dict__)

    folder = os.path.dirname(os.path.realpath(path))
    return Program(path, "script", [path, *arguments], folder, filename, text, execute, show_traceback)


def module(name: str, arguments: Sequence[str] = ()) -> Program:
    """A module or package to run as `python -m` does. BadInput: there is none of that name."""
    folder = os.getcwd()
    _find_module(name, folder)

    def execute(main: ModuleType) -> None:
        _, spec, code = runpy._get_module_details(name, BadInput)
        main.__spec__, main.__loader__, main.__package__ = spec, spec.loader, spec.parent
        main.__file__, main.__cached__ = spec.origin, spec.cached
        sys.argv[0] = spec.origin
        exec(code, main.__dict__)

    return Program(name, "module", ["-m", *arguments], folder, "", "", execute, show_traceback)


def run(program: Program) -> Outcome:
    """Run a program to its end, as the process's `__main__`; prints its traceback if it fails.

    sys.argv, sys.path and `__main__` are given back afterwards. Other threads of the program are waited
    for, as Python does. Raises BadInput where a module turns out to have nothing to run.
    """
    main = ModuleType("__main__")
    main.__builtins__ = sys.modules["builtins"]
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    ours, handlers, process = _surroundings(), atexit._ncallbacks(), os.getpid()
    sys.argv, sys.modules["__main__"] = list(program.argv), main
    _enter_folder(program.folder)
    try:
        how, exit_code, failure = _execute(program, main)
        if os.getpid() != process:
            _leave_fork(exit_code)
        text, where = error_text(failure), _failing_line(failure)
        return Outcome(how, text, exit_code, where, main.__dict__, failure, program.folder)
    finally:
        if atexit._ncallbacks() > handlers:  # the last to be registered runs first, before the program's own
            atexit.register(_enter, _surroundings())
        _enter(ours)


def compiled(source: bytes | str, shown: str, filename: str) -> CodeType:
    """Compile source; BadInput in one line names the place of a syntax error."""
    try:
        return compile(source, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise BadInput(f"{shown}, line {error.lineno}: {error.msg}" + (f": {line}" if line else "")) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise BadInput(f"{shown} can't be compiled as Python: {error or type(error).__name__}") from None


def show_traceback(failure: BaseException) -> None:
    """Print an exception through sys.excepthook, which the program may have set, as Python does."""
    try:
        sys.excepthook(type(failure), failure, failure.__traceback__)
    except SystemExit:
        raise
    except BaseException as error:
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(error), error.with_traceback(_own_frames(error.__traceback__)), None)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(failure), failure, failure.__traceback__)


def _read(path: str) -> bytes:
    try:
        with io.open_code(path) as file:
            return file.read()
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; give the script to run") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a directory; give a script, or -m for a package") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path} can't be read: {reason}") from None


def _decode(path: str, data: bytes) -> str:
    if b"\0" in data:
        raise BadInput(f"{path} isn't a Python script: it holds binary data")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.StringIO(data.decode(encoding), newline=None).read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} isn't a Python script: {error}") from None


def _find_module(name: str, folder: str) -> None:
    """Look for a module without running its packages, so that a slip is told before anything is written."""
    search = [folder, *sys.path]
    found = ""
    importlib.invalidate_caches()
    for part in name.split("."):
        found = f"{found}.{part}" if found else part
        known = sys.builtin_module_names if "." not in found else ()
        try:
            spec = None if found in known else importlib.machinery.PathFinder.find_spec(found, search)
        except ImportError:
            spec = None
        if spec is None:
            where = f"in {folder} or on Python's path"
            raise BadInput(f"no module named {found!r} {where}; -m takes a name such as package.part")
        search = spec.submodule_search_locations or []


def _surroundings() -> tuple:
    return sys.argv, sys.path[:], sys.modules["__main__"], sys.stdout, sys.stderr


def _enter(surroundings: tuple) -> None:
    sys.argv, sys.path[:], sys.modules["__main__"], sys.stdout, sys.stderr = surroundings


def _enter_folder(folder: str) -> None:
    """Put the program's folder where `python` puts it, in place of the folder gradviz was started from."""
    if os.environ.get("PYTHONSAFEPATH"):
        return
    if sys.flags.safe_path or not sys.path:
        sys.path.insert(0, folder)
    else:
        sys.path[0] = folder


def _execute(program: Program, main: ModuleType) -> tuple[str, int, BaseException | None]:
    """Run and report; how it ended, the exit code, and what it failed with."""
    failure = None
    try:
        program.execute(main)
        how, exit_code = "finished", 0
    except SystemExit as error:
        how, exit_code = "exited", _exit_code(error)
    except BaseException as error:
        own = _own_frames(error.__traceback__)
        if own is None and isinstance(error, BadInput):  # ours, before the program's first line
            raise
        failure = error.with_traceback(own)
        how, exit_code = ("interrupted", 130) if isinstance(error, KeyboardInterrupt) else ("raised", 1)
    if failure is not None:
        try:
            program.report(failure)
        except SystemExit as error:
            exit_code = _exit_code(error)
    _join_threads()
    _flush()
    return how, exit_code, failure


def _exit_code(error: SystemExit) -> int:
    """What the process exits with; text is printed, as Python prints it."""
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code) & 0xFF if -(2**63) <= code < 2**63 else 255
    _flush()
    print(code, file=sys.stderr)
    return 1


def _own_frames(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without what stands between gradviz and the program's first line."""
    while traceback is not None and _is_machinery(traceback.tb_frame.f_code.co_filename):
        traceback = traceback.tb_next
    return traceback


def _is_machinery(filename: str) -> bool:
    return filename.startswith((PACKAGE, "<frozen importlib", "<frozen runpy")) or filename == runpy.__file__


def _failing_line(failure: BaseException | None) -> tuple[CodeType, int] | None:
    """The innermost line that is the user's: not gradviz's, and not of an installed library."""
    installed = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib"))
    place = None
    traceback = failure.__traceback__ if failure is not None else None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if place is None or not code.co_filename.startswith((PACKAGE, "<gradviz ", "<frozen ", *installed)):
            place = code, traceback.tb_lasti
        traceback = traceback.tb_next
    return place


def error_text(failure: BaseException | None) -> str:
    """`KeyError: 3`, as a traceback's last line says it; '' for none."""
    if failure is None:
        return ""
    try:
        text = str(failure)
    except Exception:  # a __str__ of the program's own
        text = "<its text can't be had>"
    return f"{type(failure).__name__}: {text}" if text else type(failure).__name__


def _join_threads() -> None:
    """Wait for the program's threads as the interpreter does at its end, so that what they do is recorded.

    Idle workers of an executor are left out: only the interpreter's own end wakes them.
    """
    executors = sys.modules.get("concurrent.futures.thread")
    workers = executors._threads_queues if executors is not None else ()
    try:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon and thread not in workers:
                thread.join()
    except KeyboardInterrupt:
        return  # a second Ctrl-C: don't wait


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, ValueError, OSError):  # None, closed, or nobody reads
            continue


def _leave_fork(exit_code: int) -> None:
    """End a child that the program forked and that ran to the script's end: the trace is its parent's."""
    atexit._run_exitfuncs()
    _flush()
    os._exit(exit_code)
