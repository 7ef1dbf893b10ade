"""Downloads, against a server on this machine with small files in the real formats."""

import gzip
import hashlib
import io
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from nnkit.data import (
    DataFileError,
    images,
    load_cifar10,
    load_fashion_mnist,
    load_mnist,
    load_text,
)

pytest.importorskip("pooch")
RNG = np.random.default_rng(0)
SOURCES = load_mnist.__globals__["SOURCES"]  # of the very module that the loaders look into


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), mtime=0)


def tar(files, kind=tarfile.REGTYPE):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.type = kind
            info.linkname = "/etc/hostname" if kind == tarfile.SYMTYPE else ""
            info.size = len(body) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(body))
    return packed.getvalue()


PICTURES = {"train": RNG.integers(0, 256, (12, 28, 28), np.uint8)}
PICTURES["t10k"] = PICTURES["train"][::-1][:5].copy()
LABELS = {"train": np.arange(12, dtype=np.uint8) % 10, "t10k": np.arange(5, dtype=np.uint8)}
MNIST = {f"{part}-images-idx3-ubyte.gz": idx(PICTURES[part]) for part in PICTURES}
MNIST |= {f"{part}-labels-idx1-ubyte.gz": idx(LABELS[part]) for part in LABELS}
RECORDS = RNG.integers(0, 10, (6, 4, 3073), np.uint8)
BATCHES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
CIFAR = tar({name: r.tobytes() for name, r in zip(BATCHES, RECORDS)} | {"readme.html": b"hello"})


class Server:
    """Serves `files`, and counts what was asked for."""

    def __init__(self):
        self.files, self.asked = {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/")
                outer.asked.append(name)
                body = outer.files.get(name)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "data"))
    server = Server()
    yield server
    server.close()


@pytest.fixture
def serve(server, monkeypatch):
    def serve(name, files):
        server.files.update(files)
        checksums = {file: hashlib.sha256(body).hexdigest() for file, body in files.items()}
        source = images.Source(server.base, checksums, SOURCES[name].classes)
        monkeypatch.setitem(SOURCES, name, source)

    return serve


@pytest.mark.parametrize(
    ("load", "name"), [(load_mnist, "mnist"), (load_fashion_mnist, "fashion-mnist")]
)
@pytest.mark.parametrize(("train", "part"), [(True, "train"), (False, "t10k")])
def test_pictures_in_the_format_of_mnist(server, serve, tmp_path, load, name, train, part):
    serve(name, MNIST)
    for _ in range(2):
        data = load(train, progress=False)
    X, y = data.tensors
    assert (X.dtype, y.dtype, len(data.classes)) == (np.float32, np.int64, 10)
    np.testing.assert_array_equal(X, PICTURES[part][:, None].astype(np.float32) / 255)
    np.testing.assert_array_equal(y, LABELS[part])
    assert sorted(server.asked) == sorted(file for file in MNIST if file.startswith(part))
    assert {p.name for p in (tmp_path / "data" / name).iterdir()} == set(server.asked)


def test_pictures_of_cifar(serve, tmp_path):
    serve("cifar-10", {"cifar-10-binary.tar.gz": CIFAR})
    X, y = load_cifar10(folder=tmp_path / "own", progress=False).tensors
    records = RECORDS[:5].reshape(-1, 3073)
    np.testing.assert_array_equal(y, records[:, 0])
    np.testing.assert_array_equal(
        X, records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / np.float32(255)
    )
    test = load_cifar10(train=False, folder=tmp_path / "own", progress=False)
    np.testing.assert_array_equal(test.tensors[1], RECORDS[5, :, 0])
    # read where it is: nothing was unpacked
    assert [p.name for p in (tmp_path / "own").rglob("*.*")] == ["cifar-10-binary.tar.gz"]


TEXT = "Größe\nnext line".encode()
SUM = hashlib.sha256(TEXT).hexdigest()


def test_text(server, capfd):
    server.files["a.txt"] = TEXT
    for _ in range(2):
        assert load_text(server.base + "a.txt", SUM.upper(), progress=False) == TEXT.decode()
    assert server.asked == ["a.txt"]
    assert "%" not in capfd.readouterr().err


def test_progress_bar(server, capfd):
    pytest.importorskip("tqdm")
    server.files["a.txt"] = TEXT
    load_text(server.base + "a.txt", SUM)
    assert "100%" in capfd.readouterr().err


@pytest.mark.parametrize("checksum", ["0" * 64, hashlib.sha256(b"").hexdigest()])
def test_another_file_is_not_kept(server, tmp_path, checksum):
    server.files["a.txt"] = TEXT
    with pytest.raises(DataFileError, match=f"checksum .* is not {checksum}.*not kept"):
        load_text(server.base + "a.txt", checksum, progress=False)
    assert not [p for p in (tmp_path / "data").rglob("*") if p.is_file()]


def test_damaged_copy_is_fetched_again(server, tmp_path):
    server.files["a.txt"] = TEXT
    load_text(server.base + "a.txt", SUM, progress=False)
    [copy] = [p for p in (tmp_path / "data").rglob("*") if p.is_file()]
    copy.write_bytes(b"damaged")
    assert load_text(server.base + "a.txt", SUM, progress=False) == TEXT.decode()
    assert len(server.asked) == 2


def test_file_put_there_by_hand_needs_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url = "http://127.0.0.1:9/a.txt"  # nobody answers at this port
    with pytest.raises(DataFileError, match=r"cannot be fetched .*network.*put it at") as caught:
        load_text(url, SUM, folder=tmp_path)
    path = str(caught.value).split("put it at ")[1].split(": it is")[0]
    (tmp_path / "text").mkdir(exist_ok=True)
    with open(path, "wb") as file:
        file.write(TEXT)
    assert load_text(url, SUM, folder=tmp_path) == TEXT.decode()


def test_missing_file_on_the_server(server):
    with pytest.raises(DataFileError, match=r"nothing.txt cannot be fetched \(HTTPError\)"):
        load_text(server.base + "nothing.txt", SUM, progress=False)


def test_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pooch: pip install 'nnkit\[datasets\]'"):
        load_mnist()


HEADER = bytes([0, 0, 8, 3]) + np.array([12, 28, 28], ">u4").tobytes()
HUGE = bytes([0, 0, 8, 3]) + np.array([2**31, 28, 28], ">u4").tobytes()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "damaged"),
        (MNIST["train-images-idx3-ubyte.gz"][:100], "damaged"),
        (gzip.compress(b"\0\0"), "no IDX file"),
        (idx(LABELS["train"]), "no IDX file of bytes with 3 axes"),
        (gzip.compress(HEADER + b"\0" * 10), r"not hold the \[12, 28, 28\] numbers"),
        (gzip.compress(HEADER + b"\0" * 10_000_000), r"not hold the \[12, 28, 28\] numbers"),
        (gzip.compress(HUGE), "more than any set has"),
        (idx(PICTURES["t10k"]), "5 images, but .* 12 labels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_malformed_idx_files(serve, body, words):
    serve("mnist", MNIST | {"train-images-idx3-ubyte.gz": body})
    with pytest.raises(DataFileError, match=words):
        load_mnist(progress=False)


def test_label_without_a_class(serve):
    serve("mnist", MNIST | {"train-labels-idx1-ubyte.gz": idx(LABELS["train"] + 1)})
    with pytest.raises(DataFileError, match="10 classes, but a label is 10"):
        load_mnist(progress=False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "damaged"),
        (CIFAR[:2000], "damaged"),
        (tar({"test_batch.bin": b"123"}), "no file of CIFAR-10 records"),
        (tar({"test_batch.bin": b""}, tarfile.SYMTYPE), "no file of CIFAR-10 records"),
        (tar({"../test_batch.bin": RECORDS[0].tobytes()}), "does not contain test_batch.bin"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_malformed_archives(serve, body, words):
    serve("cifar-10", {"cifar-10-binary.tar.gz": body})
    with pytest.raises(DataFileError, match=words):
        load_cifar10(train=False, progress=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("file:///etc/hostname", SUM), "http:// or https://.*open"),
        (("http://127.0.0.1/a.txt",), "64 hexadecimal digits.*got None"),
        (("http://127.0.0.1/a.txt", "md5:123"), "got 'md5:123'"),
    ],
)
def test_text_needs_an_address_and_a_checksum(arguments, words):
    with pytest.raises(ValueError, match=words):
        load_text(*arguments)


def test_text_in_another_encoding(server):
    body = "Größe".encode("latin-1")
    server.files["a.txt"] = body
    url, checksum = server.base + "a.txt", hashlib.sha256(body).hexdigest()
    with pytest.raises(DataFileError, match="not text in utf-8"):
        load_text(url, checksum, progress=False)
    assert load_text(url, checksum, encoding="latin-1") == "Größe"
