"""The agent: recorder, judge and exporter of one host in one process.

``latest`` is what was read last, ``judging`` judges it now and then, ``exposition`` makes metrics of both,
``http`` serves them, ``push`` sends them elsewhere, ``running`` puts all of it together.
"""
