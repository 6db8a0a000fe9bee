"""The real file behind a file on an overlay (containers): its pages are the ones in the page cache.

cachestat(2) of the overlay's own file answers 0. The layers stand in the mount's options
(Documentation/filesystems/overlayfs.rst); their paths are those of whoever mounted it, so what is found
there is believed only if its size and the time of its last change are the overlay's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from jinmaek.kernel.mountinfo import MountPoint
from jinmaek.kernel.statx import Statx, statx

COLON = re.compile(r"(?<!\\):+")
"""Between layers; two of them before a layer that holds contents without names."""
METACOPY = "trusted.overlay.metacopy"


def real_file(path: str, file: Statx, mount: MountPoint, folders: Sequence[str]) -> tuple[str, Statx] | None:
    """Path and identity of the real file, in the first of the layers' ``folders`` that has it.

    ``path`` is the file's in the mount namespace of ``mount``.

    None where no layer we can reach shows it: a layer was moved aside, the file has been deleted, or only its
    attributes were copied up.
    """
    below = _below(path, mount)
    if below is None:
        return None
    for layer in folders:
        candidate = f"{layer}{below}"
        try:
            found = statx(candidate, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
        same = found.regular and (found.size, found.mtime_ns) == (file.size, file.mtime_ns)
        return (candidate, found) if same and not _only_attributes(candidate) else None
    return None


def layers(options: str) -> list[str]:
    """The folders of an overlay from the top; a relative one cannot be told from here and ends the list."""
    upper: list[str] = []
    lower: list[str] = []
    for option in re.split(r"(?<!\\),", options):
        name, _, value = option.partition("=")
        if name == "upperdir":
            upper = [value]
        elif name == "lowerdir":
            lower = COLON.split(value)
        elif name == "lowerdir+":
            lower.append(value)
    found = []
    for layer in (*upper, *lower):
        if not layer.startswith("/"):
            break
        found.append(re.sub(r"\\(.)", r"\1", layer).rstrip("/"))
    return found


def _below(path: str, mount: MountPoint) -> str | None:
    """Where the file is in the overlay."""
    top = mount.path.rstrip("/")
    if not path.startswith(f"{top}/"):
        return None
    return mount.root.rstrip("/") + path[len(top) :]


def _only_attributes(path: str) -> bool:
    try:
        os.getxattr(path, METACOPY, follow_symlinks=False)
    except OSError:
        return False
    return True
