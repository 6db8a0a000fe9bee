"""What a report of an hour takes: seconds to make, and bytes.

    python -m bench.report RECORDING [HOURS]

The recording, of at least one whole block (5 min), is made into one of so many hours (``recorded_day``).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.recorded_day import write

FORMATS = ("html", "md", "json")


def main(source: str, hours: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recording = f"{folder}/recording"
        write(source, recording, hours)
        for name in FORMATS:
            target = Path(folder, f"report.{name}")
            began = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "jinmaek", "report", "--recording", recording,
                 "--since", f"{hours:g}h", "-o", str(target)],
                check=True, capture_output=True,
            )  # fmt: skip
            print(f"{name:<5} {time.monotonic() - began:6.1f} s {target.stat().st_size / 1024:8.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
