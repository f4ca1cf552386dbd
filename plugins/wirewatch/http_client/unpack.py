"""Bodies unpacked piece by piece, never to more than the bytes allowed: gzip, deflate, br and zstd (RFC 9110, 8.4.1)."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ZSTD_WINDOW_LOG = 23
"""8 MB, the most that a server may ask for (RFC 9659)."""
_MOST_MEMBERS = 1_000
"""Members of one gzip body, or frames of one zstd body."""
_MOST_ENCODINGS = 3
"""Applied one upon another."""


class BadEncodingError(Exception):
    """The body is not what its Content-Encoding says, or that is unknown."""


class UnknownEncodingError(BadEncodingError):
    """A Content-Encoding that we did not ask for and cannot read."""


class TooLargeError(Exception):
    """More bytes than allowed."""


class _Decoder(Protocol):
    def feed(self, data: bytes, limit: int) -> bytes:
        """Unpack a piece; more than `limit` bytes raise `TooLargeError`."""

    def finished(self) -> bool:
        """Whether the body may end here."""


class _Gzip:
    """Any number of gzip members, then possibly rubbish, which is ignored as browsers do."""

    def __init__(self) -> None:
        self._members = 0
        self._begun = False
        self._inner = zlib.decompressobj(31)

    def feed(self, data: bytes, limit: int) -> bytes:
        pieces: list[bytes] = []
        while data and self._members < _MOST_MEMBERS:
            self._begun = True
            piece = self._inner.decompress(data, limit + 1)
            limit -= len(piece)
            if limit < 0:
                raise TooLargeError
            pieces.append(piece)
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                data = self._inner.unused_data
                if not data.startswith(b"\x1f"):
                    self._members = _MOST_MEMBERS
                    break
                self._members += 1
                self._inner = zlib.decompressobj(31)
        return b"".join(pieces)

    def finished(self) -> bool:
        return not self._begun or self._inner.eof or self._members > 0


class _Deflate:
    """zlib's format as the standard says, or raw deflate as some servers send it."""

    def __init__(self) -> None:
        self._inner: zlib._Decompress | None = None
        self._head = b""

    def feed(self, data: bytes, limit: int) -> bytes:
        if self._inner is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            data, first = self._head, self._head[0]
            zlib_header = first & 0x0F == 8 and (first << 8 | self._head[1]) % 31 == 0
            self._inner = zlib.decompressobj(15 if zlib_header else -15)
        pieces: list[bytes] = []
        while data and not self._inner.eof:
            piece = self._inner.decompress(data, limit + 1)
            limit -= len(piece)
            if limit < 0:
                raise TooLargeError
            pieces.append(piece)
            data = self._inner.unconsumed_tail
        return b"".join(pieces)

    def finished(self) -> bool:
        return not self._head or (self._inner is not None and self._inner.eof)


class _Brotli:
    def __init__(self) -> None:
        self._begun = False
        self._inner = brotli.Decompressor()

    def feed(self, data: bytes, limit: int) -> bytes:
        self._begun = True
        pieces: list[bytes] = []
        while not self._inner.is_finished():
            piece = self._inner.process(data, output_buffer_limit=limit + 1)
            limit -= len(piece)
            if limit < 0:
                raise TooLargeError
            pieces.append(piece)
            data = b""
            if self._inner.can_accept_more_data():
                break
        return b"".join(pieces)

    def finished(self) -> bool:
        return not self._begun or self._inner.is_finished()


class _Zstd:
    def __init__(self) -> None:
        self._begun = False
        self._frames = 0
        self._inner = self._fresh()

    @staticmethod
    def _fresh() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})

    def feed(self, data: bytes, limit: int) -> bytes:
        pieces: list[bytes] = []
        while self._frames < _MOST_MEMBERS:
            if self._inner.eof:
                data = self._inner.unused_data or data
                if not data:
                    break
                self._frames += 1
                self._inner = self._fresh()
            self._begun = True
            piece = self._inner.decompress(data, limit + 1)
            limit -= len(piece)
            if limit < 0:
                raise TooLargeError
            pieces.append(piece)
            data = b""
            if self._inner.eof:
                if not self._inner.unused_data:
                    break
            elif self._inner.needs_input:
                break
        return b"".join(pieces)

    def finished(self) -> bool:
        return not self._begun or self._inner.eof


_DECODERS: dict[str, Callable[[], _Decoder]] = {"gzip": _Gzip, "deflate": _Deflate, "br": _Brotli, "zstd": _Zstd}

ACCEPT_ENCODING = ", ".join(_DECODERS)
"""What we can read, as a request header's value."""

_SAME = {"x-gzip": "gzip"}
_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError, ValueError)


class Unpacker:
    """One body under the encodings of its Content-Encoding header."""

    def __init__(self, content_encoding: str, max_bytes: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        chosen = [_SAME.get(name, name) for name in names if name not in ("", "identity")]
        if len(chosen) > _MOST_ENCODINGS:
            raise UnknownEncodingError(content_encoding)
        try:
            self._decoders = [_DECODERS[name]() for name in reversed(chosen)]
        except KeyError as error:
            raise UnknownEncodingError(content_encoding) from error
        self._max_bytes = max_bytes
        self._packed = 0
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take the next piece; raises `TooLargeError` or `BadEncodingError`."""
        self._packed += len(data)
        if self._packed > self._max_bytes:
            raise TooLargeError
        left = self._max_bytes - self._size
        try:
            for decoder in self._decoders:
                data = decoder.feed(data, left)
        except _ERRORS as error:
            raise BadEncodingError(str(error)) from error
        self._size += len(data)
        if self._size > self._max_bytes:
            raise TooLargeError
        self._pieces.append(data)

    def finish(self) -> bytes:
        """The whole body; raises `BadEncodingError` where it was cut short."""
        if not all(decoder.finished() for decoder in self._decoders):
            raise BadEncodingError("the packed body ends too soon")
        return b"".join(self._pieces)
