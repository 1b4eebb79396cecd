# SPDX-License-Identifier: MIT
"""The files of a campaign folder, as they were written or as publish.py packs them: `NAME.xz` for
NAME, and `hist.tar.xz` for the folder hist/. Nobody else knows which it is.

The bytes may be anybody's: what they unpack to is bounded, and what is torn is an OSError.
"""

import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

PACKED = ".xz"
HISTOGRAMS = "hist.tar.xz"
MEMBERS_MAX = 1_000_000
MEMBER_BYTES_MAX = 8 << 20
MEMBERS_BYTES_MAX = 512 << 20
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
    return cast(IO[bytes], lzma.open(_packed(path), "rb"))


def _packed(path: Path) -> Path:
    return path.with_name(path.name + PACKED)


def histograms(folder: Path) -> Mapping[str, bytes]:
    """Path in the folder (`hist/<cell>.<name>.hdr`) -> what is in the file, of a packed campaign;
    empty where it is not packed. Raises OSError with one clause."""
    path = folder / HISTOGRAMS
    if not path.exists():
        return {}
    found: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(path, "r|xz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None
                total += member.size
                if file is None or not _permitted(member.size, total, len(found)):
                    raise OSError(0, f"`{member.name[:80]}` is no file of a permitted size")
                found[member.name] = file.read()
    except DAMAGE as error:
        raise OSError(0, f"it is damaged ({error})") from None
    return found


def _permitted(size: int, total: int, members: int) -> bool:
    return 0 <= size <= MEMBER_BYTES_MAX and total <= MEMBERS_BYTES_MAX and members < MEMBERS_MAX
