"""The commands: one file each with ``SUMMARY``, ``build(parser)`` and ``run(args)``; see ``main``."""
