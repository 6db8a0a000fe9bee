"""``python -m jinmaek``."""

from jinmaek.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
