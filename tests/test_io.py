"""safetensors files: whatever is saved comes back, whole files only, and bad ones are refused."""

import json
import os

import numpy as np
import pytest

import nnkit as nn
from nnkit.io import DTYPES, FileError, load, load_metadata, save

A = np.arange(24.0).reshape(4, 6)
ARRAYS = {
    "C": A,
    "F": np.asfortranarray(A),
    "transposed": A.T,
    "strided": A[::2, ::3],
    "reversed": A[::-1, ::-1],
    "broadcast": np.broadcast_to(A[0], (3, 6)),
    "scalar": np.float64(3.5),
    "0-d": np.array(2.5),
    "empty": np.zeros((0, 3)),
    "big-endian": A.astype(">f8"),
    "read-only": np.frombuffer(b"12345678", np.uint8),
    "tensor": nn.tensor(A),
    "parameter": nn.Parameter(A.T),
    "list": [1.0, 2.0],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_every_layout_comes_back(tmp_path, name):
    value = ARRAYS[name]
    save({"other": A[:, 1], name: value}, tmp_path / "a.safetensors")
    found = load(tmp_path / "a.safetensors")[name]
    plain = value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)
    np.testing.assert_array_equal(found, plain)
    assert (found.shape, found.dtype) == (plain.shape, plain.dtype.newbyteorder("="))
    assert (found.flags.writeable and found.flags.owndata) or found.base is not None


@pytest.mark.parametrize("kind", DTYPES)
def test_every_dtype_comes_back(tmp_path, kind):
    value = np.array([[0, 1, 1], [1, 0, 1]]).astype(DTYPES[kind])
    save({"x": value}, tmp_path / "x")
    found = load(tmp_path / "x")["x"]
    assert found.dtype == value.dtype
    np.testing.assert_array_equal(found, value)


def test_the_library_reads_what_we_write(tmp_path):
    from safetensors.numpy import load_file

    arrays = {k: v for k, v in ARRAYS.items() if k not in ("tensor", "parameter", "list")}
    save(arrays, tmp_path / "a.safetensors", metadata={"epoch": "3", "name": "größe"})
    found = load_file(tmp_path / "a.safetensors")
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[name], value)
    assert load_metadata(tmp_path / "a.safetensors") == {"epoch": "3", "name": "größe"}


def test_a_model_and_its_state(tmp_path):
    one, two = (nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2)) for _ in range(2))
    path = tmp_path / "with blanks and größe.safetensors"
    for what in (one, one.state_dict()):
        save(what, path)
        two.load_state_dict(load(path))
        for p, q in zip(one.parameters(), two.parameters(), strict=True):
            np.testing.assert_array_equal(p.detach(), q.detach())
    assert load_metadata(path) == {}
    assert os.listdir(tmp_path) == [path.name]


def content(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def test_bfloat16_becomes_float32(tmp_path):
    values = np.array([1.0, -2.5, 3.140625, np.inf], np.float32)  # exact in bfloat16
    body = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = tmp_path / "x"
    path.write_bytes(content({"x": entry("BF16", (2, 2), (0, 8))}, body))
    np.testing.assert_array_equal(load(path)["x"], values.reshape(2, 2))


def test_files_of_pytorch_go_both_ways(tmp_path):
    torch = pytest.importorskip("torch")
    theirs_io = pytest.importorskip("safetensors.torch")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 2))
    ours = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 2))
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    theirs_io.save_file(theirs.state_dict(), tmp_path / "theirs")
    ours.load_state_dict(load(tmp_path / "theirs"))
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(x).detach(), expected, rtol=1e-5, atol=1e-6)
    save(ours.double(), tmp_path / "ours")
    theirs.double().load_state_dict(theirs_io.load_file(tmp_path / "ours"))


ONE = b'"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
TWIN = b"{" + ONE + b"," + ONE + b"}"
BODY = bytes(8)
MALFORMED = {
    "empty": (b"", "cut off"),
    "seven bytes": (b"1234567", "cut off"),
    "a zip": (b"PK\x03\x04" + bytes(100), "another kind"),
    "huge header": ((1 << 60).to_bytes(8, "little") + bytes(50), "cut off"),
    "no JSON": (content(b"{hello}"), "header is damaged"),
    "no UTF-8": (content(b'{"\xff\xfe": 1}'), "header is damaged"),
    "a list": (content([1, 2]), "does not begin with {"),
    "leading blank": (content(b" {}"), "does not begin with {"),
    "nested": (content(b'{"x":' + b"[" * 100_000), "header is damaged"),
    "twice the same name": (content(TWIN, BODY), "'x' is there twice"),
    "metadata no table": (content({"__metadata__": [1]}), "metadata are not a table"),
    "metadata no strings": (content({"__metadata__": {"a": 1}}), "metadata are not a table"),
    "entry no table": (content({"x": 5}, BODY), "'x' is damaged"),
    "no offsets": (content({"x": {"dtype": "F32", "shape": [2]}}, BODY), "'x' is damaged"),
    "unknown dtype": (content({"x": entry("F8_E4M3")}, BODY), "dtype that is not known"),
    "dtype no string": (content({"x": entry([])}, BODY), "'x' is damaged"),
    "negative shape": (content({"x": entry(shape=(-2,))}, BODY), "does not fit"),
    "shape of fractions": (content({"x": entry(shape=(2.0,))}, BODY), "does not fit"),
    "shape too large": (content({"x": entry(shape=(3,))}, BODY), "does not fit"),
    "shape overflows": (content({"x": entry(shape=(1 << 62, 4))}, BODY), "does not fit"),
    "three offsets": (content({"x": entry(offsets=(0, 4, 8))}, BODY), "'x' is damaged"),
    "offsets turned": (content({"x": entry(offsets=(8, 0))}, BODY), "does not fit"),
    "overlap": (content({"x": entry(), "y": entry(offsets=(4, 12))}, bytes(12)), "overlap"),
    "gap": (content({"x": entry(), "y": entry(offsets=(9, 17))}, bytes(17)), "gap at byte 8"),
    "body cut off": (content({"x": entry()}, bytes(7)), "holds 7 bytes"),
    "body too long": (content({"x": entry()}, bytes(9)), "holds 9 bytes"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_refused(tmp_path, name):
    data, words = MALFORMED[name]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(FileError, match=words) as caught:
        load(path)
    assert "bad.safetensors" in str(caught.value)


def test_mutated_files_give_arrays_or_a_file_error(tmp_path):
    rng = np.random.default_rng(0)
    save({"weight": A, "bias": A[0]}, tmp_path / "x")
    good = (tmp_path / "x").read_bytes()
    refused = 0
    for _ in range(2000):
        data = bytearray(good)
        for position in rng.integers(0, 150, size=rng.integers(1, 4)):
            data[position] = rng.integers(256)
        if rng.random() < 0.2:
            del data[rng.integers(len(data)) :]
        (tmp_path / "y").write_bytes(data)
        try:
            load(tmp_path / "y")
        except FileError:
            refused += 1
    assert refused > 1500


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ({"x": np.array(["a"])}, TypeError, "'x' is ndarray of shape .* dtype that the format"),
        ({"x": np.zeros(2, complex)}, TypeError, "holds real numbers"),
        ({"x": np.array([{}])}, TypeError, "'x'"),
        ({"x": [[1], [1, 2]]}, TypeError, "'x' is no array"),
        ({3: A}, TypeError, "names of arrays are strings, got 3"),
        ({"__metadata__": A}, TypeError, "names of arrays"),
        (A, TypeError, r"save\(model, path\)"),
    ],
)
def test_what_cannot_be_saved(tmp_path, state, error, words):
    with pytest.raises(error, match=words):
        save(state, tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_metadata_are_strings(tmp_path):
    with pytest.raises(TypeError, match="'epoch' is 3"):
        save({"x": A}, tmp_path / "x", metadata={"epoch": 3})


def test_an_earlier_file_survives_a_failed_save(tmp_path, monkeypatch):
    path = tmp_path / "x"
    save({"x": A}, path)

    def full(_fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save({"x": A + 1}, path)
    np.testing.assert_array_equal(load(path)["x"], A)
    assert os.listdir(tmp_path) == ["x"]


def test_what_a_killed_process_left_is_swept(tmp_path):
    path = tmp_path / "a[b]*.safetensors"
    stale = tmp_path / ".a[b]*.safetensors.01234567.tmp"
    fresh = tmp_path / ".a[b]*.safetensors.89abcdef.tmp"
    for leftover in (stale, fresh):
        leftover.write_bytes(b"half")
    os.utime(stale, (0, 0))
    save({"x": A}, path)
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, fresh.name])


def test_load_names_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        load(tmp_path / "none.safetensors")
    with pytest.raises(TypeError, match="load needs the path"):
        load({"x": A})
