"""Prometheus remote write 1.0: protocol buffers in a block of snappy.

https://prometheus.io/docs/specs/prw/remote_write_spec/ and prompb/{remote,types}.proto, of which these
messages are a part. A series that is not there any more is ended by a stale marker, as a scrape would.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinmaek.views.openmetrics.series import Samples, Series

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""The marker of model/value/value.go: one of the numbers that are none."""

PACKAGE = "jinmaek.prompb"
MESSAGES: Mapping[str, tuple[tuple[str, int, str], ...]] = {
    "Sample": (("value", 1, "double"), ("timestamp", 2, "int64")),
    "Label": (("name", 1, "string"), ("value", 2, "string")),
    "TimeSeries": (("labels", 1, "Label"), ("samples", 2, "Sample")),
    "WriteRequest": (("timeseries", 1, "TimeSeries"),),
}


class RemoteWrite:
    """Encodes samples, and knows which series there were the last time. Raises ``ImportError``."""

    name = "remote-write"
    headers = HEADERS

    def __init__(self, labels: Mapping[str, str]) -> None:
        import cramjam

        self._compress = cramjam.snappy.compress_raw
        self._message = _messages()["WriteRequest"]
        self._labels = tuple(labels.items())
        self._before: dict[Series, None] = {}

    def body(self, samples: Samples, time: float) -> bytes:
        """The body of one request: all samples at one time, in seconds since the epoch."""
        request = self._message()
        at = round(time * 1000)
        now = dict.fromkeys(one for one, _ in samples)
        ended = [(one, STALE) for one in self._before if one not in now]
        for one, value in (*samples, *ended):
            series = request.timeseries.add()
            for name, text in sorted((("__name__", one.family.name), *self._labels, *one.labels)):
                series.labels.add(name=name, value=text)
            series.samples.add(value=value, timestamp=at)
        self._before = now
        return bytes(self._compress(request.SerializeToString()))

    def rejected(self, answer: bytes) -> int:
        """How many samples an answer of success says were not taken: it does not."""
        del answer
        return 0


@cache
def _messages() -> Mapping[str, Any]:
    """The classes of the messages, made of their description: there is no package that has them."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    kinds = {"double": field.TYPE_DOUBLE, "int64": field.TYPE_INT64, "string": field.TYPE_STRING}
    file = descriptor_pb2.FileDescriptorProto(name="jinmaek/prompb.proto", package=PACKAGE, syntax="proto3")
    for message, fields in MESSAGES.items():
        made = file.message_type.add(name=message)
        for name, number, kind in fields:
            inner = kind in MESSAGES
            made.field.add(
                name=name,
                number=number,
                label=field.LABEL_REPEATED if inner else field.LABEL_OPTIONAL,
                type=field.TYPE_MESSAGE if inner else kinds[kind],
                type_name=f".{PACKAGE}.{kind}" if inner else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in MESSAGES
    }
