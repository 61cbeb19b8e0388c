"""save and load: what goes in comes out, others can read it, and no damaged or foreign file does harm."""

import io
import json
import os
import pickle
import random
import zipfile

import numpy as np
import pytest

import gradviz as torch
from gradviz.errors import BadFile, BadInput

ENDINGS = (".npz", ".safetensors")
DTYPES = ("float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool")


@pytest.fixture(params=ENDINGS)
def path(request, tmp_path):
    return tmp_path / f"state{request.param}"


def trained():
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.randn(4, 3)).pow(2).sum().backward()
    optimizer.step()
    return model, optimizer


def same(one, other):
    """Whether two nests are equal, tensors by dtype, shape and values."""
    if isinstance(one, torch.Tensor):
        mine, yours = one.detach().numpy(), other.numpy()
        return mine.dtype == yours.dtype and mine.shape == yours.shape and mine.tobytes() == yours.tobytes()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or one != one)


def test_a_state_dict_comes_back_in_its_order(path):
    model, _ = trained()
    torch.save(model.state_dict(), path)
    assert same(dict(model.state_dict()), torch.load(path))
    fresh, _ = trained()
    assert repr(fresh.load_state_dict(torch.load(path))) == "<All keys matched successfully>"
    assert same(dict(fresh.state_dict()), dict(model.state_dict()))


def test_training_goes_on_as_if_it_had_not_been_saved(path):
    model, optimizer = trained()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 7}, path)
    read = torch.load(path)
    other, resumed = trained()
    other.load_state_dict(read["model"])
    resumed.load_state_dict(read["optimizer"])
    batch = torch.randn(4, 3)
    for net, steps in ((model, optimizer), (other, resumed)):
        steps.zero_grad()
        net(batch).pow(2).sum().backward()
        steps.step()
    assert read["epoch"] == 7
    assert same(dict(model.state_dict()), dict(other.state_dict()))


def test_every_kind_of_value_comes_back(path):
    nest = {
        "numbers": [1, -2.5, float("nan"), float("inf"), 2**80, True, None, "text"],
        "tuple": (1, (2, [torch.tensor(3.0)])),
        "a.b": torch.ones(2, 0),
        "a": {"b": torch.zeros(3), 5: torch.tensor(4)},
        "": torch.tensor(1),
        "new\nline": torch.tensor(2),
        "__metadata__": torch.tensor(3),
        "transposed": torch.arange(6).reshape(2, 3).t(),
        "every second": torch.arange(9)[::2],
        **{name: torch.ones(2, dtype=getattr(torch, name)) for name in DTYPES},
    }
    torch.save(nest, path)
    assert same(nest, torch.load(path))


def test_a_lone_tensor_and_a_list_are_saved_too(path):
    torch.save(torch.nn.Parameter(torch.ones(2)), path)
    assert torch.load(path).tolist() == [1, 1] and not torch.load(path).requires_grad
    torch.save([torch.ones(1), 2], path)
    assert same(torch.load(path), [torch.ones(1), 2])


def test_the_tensors_are_their_own_memory_and_can_be_changed(path):
    torch.save({"x": torch.zeros(2)}, path)
    read = torch.load(path, map_location="cpu", weights_only=True)
    read["x"].add_(1)
    assert torch.load(path)["x"].tolist() == [0, 0]


def test_the_same_state_gives_the_same_bytes(path):
    torch.save({"x": torch.ones(2), "n": [1]}, path)
    first = path.read_bytes()
    torch.save({"x": torch.ones(2), "n": [1]}, path)
    assert path.read_bytes() == first


# -- others read and write them ----------------------------------------------------------------------


def test_numpy_reads_our_npz_and_we_read_numpys(tmp_path):
    state = {name: torch.ones(2, 3, dtype=getattr(torch, name)) for name in DTYPES}
    torch.save(state, tmp_path / "ours.npz")
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as read:
        assert {name: (read[name].dtype.name, read[name].shape) for name in read} == {n: (n, (2, 3)) for n in DTYPES}
    swapped = np.arange(3, dtype=">f4")
    np.savez_compressed(tmp_path / "theirs.npz", x=np.zeros(10_000), y=np.asfortranarray([[1.0, 2], [3, 4]]), z=swapped)
    read = torch.load(tmp_path / "theirs.npz")
    assert read["x"].shape == (10_000,) and read["y"].tolist() == [[1, 2], [3, 4]] and read["z"].tolist() == [0, 1, 2]


def test_the_safetensors_package_reads_ours_and_we_read_its(tmp_path):
    package = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed (extra: test)")
    model, optimizer = trained()
    torch.save(model.state_dict(), tmp_path / "ours.safetensors")
    read = package.load_file(tmp_path / "ours.safetensors")
    assert same(dict(model.state_dict()), {name: torch.tensor(read[name]) for name in model.state_dict()})
    torch.save({"o": optimizer.state_dict(), "empty": torch.ones(0, 2)}, tmp_path / "nested.safetensors")
    assert "o.state.0.exp_avg" in package.load_file(tmp_path / "nested.safetensors")
    arrays = {name: np.ones((2, 3), name) for name in DTYPES}
    package.save_file(arrays, tmp_path / "theirs.safetensors", {"format": "pt"})
    assert {name: each.dtype.name for name, each in torch.load(tmp_path / "theirs.safetensors").items()} == {
        name: name for name in DTYPES
    }


# -- what can't be saved or loaded -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.pt", "x.pt: PyTorch's .pt files are pickles, which run code when they are loaded, and gradviz neither"),
        ("x.PTH", "x.PTH: PyTorch's .pth files are pickles"),
        ("x.csv", "x.csv: the ending says the format, and '.csv' is none: use .safetensors or .npz"),
        ("x", "x: the ending says the format, and '' is none: use .safetensors or .npz"),
    ],
)
def test_another_ending_is_refused_before_anything_is_written(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    for attempt in (lambda: torch.save({"x": torch.ones(1)}, name), lambda: torch.load(name)):
        with pytest.raises(BadInput) as raised:
            attempt()
        assert str(raised.value).startswith(said) and "\n" not in str(raised.value)
    assert os.listdir(tmp_path) == []


def loop():
    held = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        (torch.nn.ReLU(), "save takes tensors, numbers, strings and None in dicts, lists and tuples, but found ReLU;"),
        ({"a": [np.ones(2)]}, "but found ndarray at 'a.0'; make it a tensor with from_numpy"),
        ({"a": {1.5: 2}}, "save takes dicts whose keys are strings and integers, but found a float at 'a'"),
        (loop(), "what is to be saved contains itself, or is nested hundreds of levels deep"),
    ],
)
def test_what_can_t_be_saved_leaves_the_old_file(path, obj, said):
    torch.save({"x": torch.ones(1)}, path)
    with pytest.raises(BadInput) as raised:
        torch.save(obj, path)
    assert said in str(raised.value)
    assert torch.load(path)["x"].tolist() == [1]


def test_a_failing_write_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    torch.save({"x": torch.ones(1)}, path)
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="the disk is full"):
        torch.save({"x": torch.zeros(1)}, path)
    assert os.listdir(path.parent) == [path.name]
    assert torch.load(path)["x"].tolist() == [1]


def npz(**members):
    """A zip of these members, bytes or arrays."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, held in members.items():
            archive.writestr(name.replace("_npy", ".npy"), held)
    return out.getvalue()


def npy(array, **options):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, **options)
    return out.getvalue()


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


ONE = npy(np.ones(2))
FOREIGN = {
    "empty": (".npz", b"", "the file is empty"),
    "pickle": (".npz", pickle.dumps([1]), "the file is a pickle, which gradviz never loads, since that runs code"),
    "lone array": (".npz", ONE, "the file is a lone NumPy array (.npy)"),
    "PyTorch's": (".npz", npz(**{"x/data.pkl": b"N."}), "the file is PyTorch's zip of a pickle under another name"),
    "text": (".npz", b"hello, world", "the file is damaged or cut off (File is not a zip file)"),
    "objects": (".npz", npz(x_npy=npy(np.array([1, None]), allow_pickle=True)), "'x' is of Python objects"),
    "uint32": (".npz", npz(x_npy=npy(np.ones(2, np.uint32))), "'x' is of uint32; tensors here are of float16"),
    "no array": (".npz", npz(x=b"1"), "the zip holds 'x', which is no array (.npy)"),
    "too short": (".npz", npz(x_npy=ONE[:-3]), "'x.npy' says 16 bytes of elements, but 13 are there"),
    "too long": (".npz", npz(x_npy=ONE + b"1"), "'x.npy' says 16 bytes of elements, but 17 are there"),
    "huge": (".npz", npz(x_npy=ONE.replace(b"(2,)", b"(2" + b"0" * 9 + b",)")[:200]), "says 16,000,000,000 bytes"),
    "a zip": (".safetensors", npz(x_npy=ONE), "the file is a zip, as .npz and PyTorch's .pt files are"),
    "short": (".safetensors", b"1234", "it begins with a header of"),
    "long header": (".safetensors", b"\xff" * 8 + b"{}", "it begins with a header of 18,446,744,073,709,551,615 bytes"),
    "no JSON": (".safetensors", safetensors(b"{]"), "the header is damaged, or this is no .safetensors file"),
    "a list": (".safetensors", safetensors([1]), "the header is damaged"),
    "twice": (".safetensors", safetensors(b'{"x":1,"x":2}'), "the header is damaged"),
    "no entry": (".safetensors", safetensors({"x": 3}), "the header describes 'x' in a way that is none"),
    "negative": (".safetensors", safetensors({"x": entry(shape=(-1,))}), "the header describes 'x' in a way"),
    "a true size": (".safetensors", safetensors({"x": entry(shape=(True,))}), "the header describes 'x' in a way"),
    "bfloat16": (".safetensors", safetensors({"x": entry("BF16", (2,))}, b"1234"), "'x' is of BF16 (bfloat16), which"),
    "F8": (".safetensors", safetensors({"x": entry("F8_E4M3", (4,))}, b"1234"), "'x' is of F8_E4M3, which NumPy"),
    "other size": (".safetensors", safetensors({"x": entry(shape=(3,))}, b"1234"), "'x' has 4 bytes, but a shape of"),
    "cut off": (".safetensors", safetensors({"x": entry()}, b"123"), "the header describes 4 bytes of tensors, but 3"),
    "more behind": (".safetensors", safetensors({"x": entry()}, b"12345"), "describes 4 bytes of tensors, but 5 are"),
    "overlap": (
        ".safetensors",
        safetensors({"x": entry(), "y": entry(offsets=(2, 6))}, b"123456"),
        "tensors overlap or leave a gap at byte 2",
    ),
    "metadata": (".safetensors", safetensors({"__metadata__": 1}), "the __metadata__ of the header is no object"),
    "outline": (
        ".safetensors",
        safetensors({"__metadata__": {"outline": '{"gradviz":1,"of":{"tensor":"y"}}'}}),
        "the outline of what is nested in what is damaged",
    ),
    "newer": (
        ".safetensors",
        safetensors({"__metadata__": {"outline": '{"gradviz":9,"of":1}'}}),
        "the file was written by a newer gradviz (format 9): update gradviz",
    ),
    "deep": (
        ".safetensors",
        safetensors({"__metadata__": {"outline": '{"gradviz":1,"of":' + "[" * 99_999}}),
        "the outline of what is nested in what is damaged",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_damaged_or_foreign_file_is_answered_in_one_line(tmp_path, name):
    ending, content, said = FOREIGN[name]
    path = tmp_path / f"x{ending}"
    path.write_bytes(content)
    with pytest.raises(BadFile) as raised:
        torch.load(path)
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)


def test_a_missing_file_is_python_s_own_error(path):
    with pytest.raises(FileNotFoundError):
        torch.load(path)


def test_changed_and_cut_files_are_read_or_refused_and_nothing_else(path):
    _, optimizer = trained()
    torch.save(optimizer.state_dict(), path)
    whole, draws = path.read_bytes(), random.Random(0)
    refused = 0
    for turn in range(200):
        changed = bytearray(whole)
        if turn % 2:
            del changed[draws.randrange(len(whole)) :]
        else:
            changed[draws.randrange(min(len(whole), 900))] = draws.randrange(256)
        path.write_bytes(changed)
        try:
            torch.load(path)
        except BadFile as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100
