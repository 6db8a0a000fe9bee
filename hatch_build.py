"""What a build makes besides the code: compiled translations, and the chart library where npm is present.

Neither is committed. Without npm everything works but the charts of a report, which say what is missing.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CHARTS = "uplot@1.6.32"
CHARTS_SHA512 = "KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw=="
CHARTS_FILES = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")


class Build(BuildHookInterface):  # type: ignore[type-arg]
    """Run by hatchling before a wheel, an editable install or a source distribution is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        package = Path(self.root, "src", "jinmaek")
        made = [*compile_translations(package), *bring_charts(package)]
        build_data["artifacts"] += [str(path.relative_to(self.root)) for path in made]


def compile_translations(package: Path) -> list[Path]:
    """locale/*/LC_MESSAGES/*.po → .mo"""
    made = []
    for source in sorted(package.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        with source.open("rb") as po, target.open("wb") as mo:
            write_mo(mo, read_po(po, locale=source.parts[-3]))
        made.append(target)
    return made


def bring_charts(package: Path) -> list[Path]:
    """The chart library's published files, checked against the hash of the release."""
    assets = package / "views" / "assets"
    wanted = [assets / Path(name).name for name in CHARTS_FILES]
    if all(path.exists() for path in wanted):
        return wanted
    npm = shutil.which("npm")
    if npm is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", CHARTS, "--silent", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=120,
            env={**os.environ, "npm_config_update_notifier": "false"},
        )
        archives = list(Path(folder).glob("*.tgz"))
        if packed.returncode or not archives:
            sys.stderr.write("the chart library could not be fetched: reports will have no charts\n")
            return []
        digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
        if digest != CHARTS_SHA512:
            message = f"{CHARTS}: the archive is not the released one (sha512 {digest})"
            raise RuntimeError(message)
        assets.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archives[0]) as archive:
            for name, target in zip(CHARTS_FILES, wanted, strict=True):
                member = archive.extractfile(f"package/{name}")
                assert member is not None
                target.write_bytes(member.read())
    return wanted


if __name__ == "__main__":
    compile_translations(Path(__file__).parent / "src" / "jinmaek")
