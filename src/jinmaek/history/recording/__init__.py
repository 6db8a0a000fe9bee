"""A host's past on disk: written once a second, never lost to a crash, and read like the present.

A recording is a folder of files made of frames (``frames``). What is sampled goes to a stream at once,
sample by sample (``stream``); every few minutes a stream is made into a block by columns (``seal``) in the
file of its day and removed. docs/recording-format.md describes the format, which every later version reads.
"""
