"""Sending what the agent knows elsewhere, and losing nothing while elsewhere is away.

``queue`` keeps what is not sent yet in files, ``remote_write`` and ``otlp`` are the two forms it is sent in,
``sender`` sends it, oldest first, and tries again where that may help.
"""
