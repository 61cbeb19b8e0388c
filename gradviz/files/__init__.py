"""save and load: tensors in nested dicts and lists, as state_dict() gives them, in .safetensors or .npz files.

Neither writes nor reads pickles, so that loading a file never runs code. Both formats are read by others too:
.npz by numpy.load(allow_pickle=False), .safetensors by the safetensors package.
"""

import os
from pathlib import Path

from gradviz.engine.creation import made
from gradviz.errors import BadFile, BadInput
from gradviz.files import npz, safetensors
from gradviz.files.nesting import flattened, nested

FORMATS = {".npz": npz, ".safetensors": safetensors}
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".tar")
FOREIGN = {  # how files begin that are often given the wrong name
    b"\x80": "a pickle, which gradviz never loads, since that runs code",
    b"\x93NUMPY": "a lone NumPy array (.npy); numpy.load and gradviz.from_numpy take it",
    b"\x89HDF": "an HDF5 file",
    b"GGUF": "a GGUF file",
}


def save(obj, f):
    """Writes tensors in nested dicts, lists and tuples, with numbers, strings and None, to .safetensors or .npz.

    The old file, if any, stays whole until the new one is: BadInput, before anything is written, for what can't be
    saved. requires_grad is not kept.
    """
    path = os.fspath(f)
    form = _format(path)
    arrays, outline = flattened(obj)
    target = os.path.realpath(path)
    unfinished = f"{target}.{os.getpid()}.part"
    try:
        with open(unfinished, "xb") as stream:
            form.write(stream, arrays, outline)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, target)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def load(f, map_location=None, *, weights_only=True):
    """What save wrote, or another's file of the two formats, as a dict of tensors on the CPU or `map_location`.

    BadFile, in one line, for a damaged, cut off or foreign file. Nothing is ever unpickled, whatever weights_only.
    """
    path = os.fspath(f)
    form = _format(path)
    with open(path, "rb") as stream:
        try:
            _refuse_foreign(stream, form)
            arrays, outline = form.read(stream)
            nested(arrays, outline)  # an outline that doesn't fit fails here
        except BadFile as error:
            raise BadFile(f"{path}: {error}") from None
        except Exception as error:  # numpy and zipfile have a dozen kinds for what is damaged
            said = str(error).partition("\n")[0] or type(error).__name__
            raise BadFile(f"{path}: the file is damaged or cut off ({said}): copy or save it anew") from None
    return nested({name: made("load", array, None, map_location or "cpu") for name, array in arrays.items()}, outline)


def _format(path):
    ending = os.path.splitext(path)[1].lower()
    found = FORMATS.get(ending)
    if found is not None:
        return found
    if ending in PICKLES:
        raise BadInput(
            f"{path}: PyTorch's {ending} files are pickles, which run code when they are loaded, and gradviz neither "
            "reads nor writes them: use a name that ends in .safetensors or .npz (in PyTorch: "
            "safetensors.torch.save_file(model.state_dict(), 'model.safetensors'))"
        )
    raise BadInput(f"{path}: the ending says the format, and '{ending}' is none: use .safetensors or .npz")


def _refuse_foreign(stream, form):
    head = stream.read(8)
    stream.seek(0)
    if not head:
        raise BadFile("the file is empty: was it cut off while it was written? Save it anew")
    is_zip = head.startswith(b"PK")
    if is_zip and form is not npz:
        raise BadFile("the file is a zip, as .npz and PyTorch's .pt files are: if it is an .npz, name it so")
    if not is_zip:  # eight bytes of a length come first in a .safetensors file: any byte may stand there
        signs = FOREIGN if form is npz else {sign: said for sign, said in FOREIGN.items() if len(sign) > 1}
        for sign, said in signs.items():
            if head.startswith(sign):
                raise BadFile(f"the file is {said}; expected a file that gradviz.save wrote")


__all__ = ["load", "save"]
