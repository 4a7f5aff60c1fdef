"""A hub on loopback: real sockets, both hubs' addresses, byte ranges, and faults on demand."""

import hashlib
import json
import re
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WEIGHTS = "model.safetensors"
Files = dict[str, bytes]


def safetensors(nbytes: int) -> bytes:
    """A file in the safetensors format with one tensor of that size."""
    header = json.dumps(
        {"weight": {"dtype": "U8", "shape": [nbytes], "data_offsets": [0, nbytes]}}
    ).encode()
    return struct.pack("<Q", len(header)) + header + bytes(i * 31 % 251 for i in range(nbytes))


def checkpoint_files(kind: str = "custom_voice", size: str = "0b6", nbytes: int = 300_000) -> Files:
    """The files of a checkpoint in the released layout, as small as they can be."""
    config = json.dumps({"tts_model_type": kind, "tts_model_size": size}).encode()
    return {
        "config.json": config,
        "generation_config.json": b'{"do_sample": true}',
        "tokenizer_config.json": b'{"model_max_length": 131072}',
        "vocab.json": b'{"a": 0}',
        "merges.txt": b"#version: 0.2\na b\n",
        WEIGHTS: safetensors(nbytes),
        "speech_tokenizer/config.json": b'{"sample_rate": 24000}',
        "speech_tokenizer/preprocessor_config.json": b'{"feature_size": 1}',
        f"speech_tokenizer/{WEIGHTS}": safetensors(20_000),
    }


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class StubHub:
    """What the hub holds and how it misbehaves; each fault is set by a test."""

    files: Files
    hashes: bool = True
    """Whether the listing tells the sha256 of large files."""
    extra_paths: list[str] = field(default_factory=list[str])
    """Further paths that the listing claims."""
    claims: dict[str, str] = field(default_factory=dict[str, str])
    """sha256 that the listing claims in place of the true one."""
    lengths: dict[str, int] = field(default_factory=dict[str, int])
    """Lengths that the listing claims in place of the true ones."""
    breaks: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """After how many bytes of a file the connection drops, answer by answer."""
    failures: list[int] = field(default_factory=list[int])
    """Status codes of the next answers, before any that is right."""
    redirect: str = ""
    """Where requests for files are sent first, if anywhere; `{path}` is the address asked for."""
    ranges: bool = True
    """Whether byte ranges are understood."""
    etag: str = '"one"'
    held: threading.Event | None = None
    """Files wait for this before they are sent."""
    sent: Counter[str] = field(default_factory=Counter[str])
    """Bytes of each file that went out."""
    asked: list[str] = field(default_factory=list[str])
    """Every address that was asked for."""
    url: str = ""

    def listing(self, modelscope: bool) -> Any:
        entries = [self._entry(path, modelscope) for path in (*self.files, *self.extra_paths)]
        if not modelscope:
            return [{"type": "directory", "path": "speech_tokenizer", "size": 0}, *entries]
        folder = {"Type": "tree", "Path": "speech_tokenizer", "Name": "speech_tokenizer"}
        return {"Code": 200, "Data": {"Files": [folder, *entries]}, "Success": True}

    def _entry(self, path: str, modelscope: bool) -> dict[str, Any]:
        content = self.files.get(path, b"")
        claim = self.claims.get(path, sha256(content))
        length = self.lengths.get(path, len(content))
        if modelscope:
            entry = {"Type": "blob", "Path": path, "Size": length}
            return entry | {"Sha256": claim if self.hashes else ""}
        entry = {"type": "file", "path": path, "size": length, "oid": "0" * 40}
        large = path.endswith(".safetensors")
        return entry | ({"lfs": {"oid": claim, "size": length}} if large and self.hashes else {})


_HUGGING_FACE = re.compile(r"/[\w.-]+/[\w.-]+/resolve/[\w.-]+/(?P<path>.+)")


class _Handler(BaseHTTPRequestHandler):
    hub: StubHub
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body in one packet: apart, they meet Nagle's 40 ms."""

    def do_GET(self) -> None:
        self.hub.asked.append(self.path)
        if self.hub.failures:
            return self._plain(self.hub.failures.pop(0))
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path.startswith("/api/models/") and "/tree/" in url.path:
            return self._json(self.hub.listing(modelscope=False))
        if url.path.endswith("/repo/files"):
            return self._json(self.hub.listing(modelscope=True))
        if url.path.endswith("/repo"):
            return self._file(query["FilePath"][0])
        if self.hub.redirect and not url.path.startswith("/cdn/"):
            return self._plain(302, Location=self.hub.redirect.format(path=f"/cdn{url.path}"))
        match = _HUGGING_FACE.fullmatch(url.path.removeprefix("/cdn"))
        return self._file(match["path"]) if match else self._plain(404)

    def _file(self, path: str) -> None:
        content = self.hub.files.get(path)
        if content is None:
            return self._plain(404)
        if self.hub.held:
            self.hub.held.wait(10)
        start = self._start()
        if start >= len(content) > 0:
            return self._plain(416)
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.hub.etag)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self._send(path, content[start:])

    def _start(self) -> int:
        fits = self.headers.get("If-Range", self.hub.etag) == self.hub.etag
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(wanted[1]) if wanted and fits and self.hub.ranges else 0

    def _send(self, path: str, body: bytes) -> None:
        faults = self.hub.breaks.get(path)
        if faults:
            body = body[: faults.pop(0)]
            self.close_connection = True
        # Counted first: the client may have the last byte before this thread goes on.
        self.hub.sent[path] += len(body)
        self.wfile.write(body)

    def _json(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _plain(self, status: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def serve(hub: StubHub) -> ThreadingHTTPServer:
    """Start serving in a thread; the caller shuts the server down."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    return server
