"""What experiments make on a ``Bench``: processes, cgroups, file systems, swap, settings."""
