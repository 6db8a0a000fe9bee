"""Run another program over frozen kernel files: bind mounts in a mount namespace of its own."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from tests.conftest import CAPTURES, OTHER_HOSTS

Peer = Callable[[str], str]

# Words of one run are split by the shell, runs by newlines; each run's output starts with a separator.
SCRIPT = """
set -e
for file in $FROZEN; do mount --bind "$TREE/$file" "/$file"; done
echo "$RUNS" | while read -r words; do
    printf '\\036'
    if [ -n "$LATER" ]; then
        "$PROGRAM" $words &
        until grep -qs nanosleep /proc/$!/wchan; do sleep 0.01; done
        for file in $FROZEN; do cat "$LATER/$file" >"$TREE/$file"; done
        # On a busy host it may have gone on already.
        grep -qs nanosleep /proc/$!/wchan || exit 75
        wait
    else
        "$PROGRAM" $words
    fi
done
"""
TOO_LATE = 75


@functools.cache
def _namespace(unshare: str) -> tuple[str, ...] | None:
    """The unshare command that permits bind mounts here, or None."""
    for flags in (("-m",), ("-r", "-m")):
        command = (unshare, *flags, "--propagation", "private")
        probe = (*command, "mount", "--bind", "/proc/version", "/proc/meminfo")
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return command
    return None


def run(
    peer: Peer, tool: str, runs: Sequence[str], tree: Path, files: Sequence[str], later: Path | None = None
) -> list[str]:
    """What ``tool`` prints for each of ``runs`` (its arguments) when ``files`` come from ``tree``.

    With ``later`` the files in ``tree`` take that tree's contents while the tool sleeps.
    """
    before = {file: (tree / file).read_text() for file in files}
    program = peer(tool)
    command = _namespace(peer("unshare"))
    if command is None:
        reason = "a mount namespace of one's own is not permitted here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    frozen = {
        "TREE": str(tree),
        "LATER": str(later or ""),
        "FROZEN": " ".join(files),
        "PROGRAM": program,
        "RUNS": "\n".join(runs),
    }
    for _ in range(20):
        done = subprocess.run(
            [*command, "sh", "-c", SCRIPT],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", **frozen},
        )
        if done.returncode != TOO_LATE:
            break
        write(tree, before)
    assert done.returncode == 0, done.stderr
    outputs = done.stdout.split("\x1e")[1:]
    assert len(outputs) == len(runs)
    return outputs


def trees(files: Sequence[str]) -> dict[str, Path]:
    """All captured hosts that have all of ``files``: the project's own and, where present, others'."""
    found = [*CAPTURES.glob("*"), *OTHER_HOSTS.glob("*"), *OTHER_HOSTS.glob("*/*")]
    return {tree.name: tree for tree in sorted(found) if all((tree / file).is_file() for file in files)}


def write(tree: Path, texts: Mapping[str, str]) -> Path:
    """A tree of the given files."""
    for file, text in texts.items():
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_text(text)
    return tree
