# SPDX-License-Identifier: MIT
"""The files of a campaign folder, as they were written or as publish.py packs them: `NAME.xz` for
NAME, and `hist.tar.xz` for the folder hist/. Nobody else knows which it is.

The bytes may be anybody's: what they unpack to is bounded, and what is torn is an OSError.
"""

import io
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

PACKED = ".xz"
HISTOGRAMS = "hist.tar.xz"
MEMBERS_MAX = 1_000_000
MEMBER_BYTES_MAX = 8 << 20
MEMBERS_BYTES_MAX = 512 << 20
UNPACKER_BYTES_MAX = 64 << 20  # publish.py's needs 17
PIECE_BYTES = 1 << 16
# What a torn or foreign file makes of reading it, besides OSError.
DAMAGE = (lzma.LZMAError, EOFError, tarfile.TarError, ValueError)


def exists(path: Path) -> bool:
    """Whether this file is there, in either form."""
    return path.exists() or _packed(path).exists()


def opened(path: Path) -> IO[bytes]:
    """The file for reading, unpacked where it is packed. Raises OSError; reading what is damaged
    raises one of DAMAGE."""
    if path.exists() or not _packed(path).exists():
        return path.open("rb")
    return io.BufferedReader(_Unpacked(_packed(path).open("rb")))


class _Unpacked(io.RawIOBase):
    """What a .xz file unpacks to, at most `most` bytes of it, by an unpacker whose memory is
    bounded too. Reading raises one of DAMAGE."""

    def __init__(self, file: IO[bytes], most: int | None = None) -> None:
        self.file, self.most = file, most
        self.unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, UNPACKER_BYTES_MAX)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        data = b""
        while not data and not self.unpacker.eof:
            packed = self.file.read(PIECE_BYTES) if self.unpacker.needs_input else b""
            if not packed and self.unpacker.needs_input:
                raise EOFError("it ends too early")
            data = self.unpacker.decompress(packed, len(into))
        if self.most is not None:
            self.most -= len(data)
            if self.most < 0:
                raise ValueError("it unpacks to more than is permitted")
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.file.close()
        super().close()


def _packed(path: Path) -> Path:
    return path.with_name(path.name + PACKED)


def histograms(folder: Path) -> Mapping[str, bytes]:
    """Path in the folder (`hist/<cell>.<name>.hdr`) -> what is in the file, of a packed campaign;
    empty where it is not packed. Raises OSError with one clause."""
    path = folder / HISTOGRAMS
    if not path.exists():
        return {}
    found: dict[str, bytes] = {}
    try:
        with (
            _Unpacked(path.open("rb"), MEMBERS_BYTES_MAX) as whole,
            tarfile.open(fileobj=io.BufferedReader(whole), mode="r|") as archive,
        ):
            for number, member in enumerate(archive):
                file = archive.extractfile(member) if member.isreg() else None
                if file is None or member.size > MEMBER_BYTES_MAX or number >= MEMBERS_MAX:
                    raise OSError(0, f"`{member.name[:80]}` is no file of a permitted size")
                found[member.name] = file.read()
    except DAMAGE as error:
        raise OSError(0, f"it is damaged ({error})") from None
    return found
