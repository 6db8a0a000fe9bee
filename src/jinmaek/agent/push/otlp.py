"""OTLP over HTTP in protocol buffers, with the official messages (opentelemetry-proto).

https://opentelemetry.io/docs/specs/otlp/ . A counter is a monotonic sum since the host was started, anything
else a gauge: names are those of the scrape. A series that has gone ends with "no recorded value".
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from jinmaek import __version__
from jinmaek.views.openmetrics.series import Family, Samples, Series

HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
PATH = "/v1/metrics"
NO_VALUE = 1
"""DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK"""


class Otlp:
    """Encodes samples, and knows which series there were the last time. Raises ``ImportError``.

    ``labels`` become attributes of the resource, ``started`` is the boot of the host since the epoch.
    """

    name = "otlp"
    headers = HEADERS

    def __init__(self, labels: Mapping[str, str], started: float) -> None:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
        from opentelemetry.proto.metrics.v1 import metrics_pb2

        self._request: Any = metrics_service_pb2.ExportMetricsServiceRequest
        self._answer: Any = metrics_service_pb2.ExportMetricsServiceResponse
        self._cumulative = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
        self._labels = labels
        self._started = round(started * 1e9)
        self._before: dict[Series, None] = {}

    def body(self, samples: Samples, time: float) -> bytes:
        """The body of one request: all samples at one time, in seconds since the epoch."""
        request = self._request()
        resource = request.resource_metrics.add()
        told = {"service.name": "jinmaek", **self._labels}
        if "instance" in self._labels:
            told["service.instance.id"] = told["host.name"] = self._labels["instance"]
        if "job" in self._labels:
            told["service.name"] = self._labels["job"]
        self._attributes(resource.resource.attributes, tuple(told.items()))
        scope = resource.scope_metrics.add()
        scope.scope.name, scope.scope.version = "jinmaek", __version__
        points: dict[Family, Any] = {}
        at = round(time * 1e9)
        now = dict.fromkeys(one for one, _ in samples)
        for one, value in samples:
            self._point(scope, points, one, at).as_double = value
        for one in self._before:
            if one not in now:
                self._point(scope, points, one, at).flags = NO_VALUE
        self._before = now
        return gzip.compress(request.SerializeToString(), 1)

    def rejected(self, answer: bytes) -> int:
        """How many samples an answer of success says were not taken."""
        from google.protobuf.message import DecodeError

        told = self._answer()
        try:
            told.ParseFromString(answer)
        except DecodeError:
            return 0
        count: int = told.partial_success.rejected_data_points
        return count

    def _point(self, scope: Any, points: dict[Family, Any], one: Series, at: int) -> Any:
        family = one.family
        data = points.get(family)
        if data is None:
            metric = scope.metrics.add(name=family.name, description=family.help)
            if family.kind == "counter":
                metric.sum.is_monotonic = True
                metric.sum.aggregation_temporality = self._cumulative
                data = metric.sum.data_points
            else:
                data = metric.gauge.data_points
            points[family] = data
        point = data.add(time_unix_nano=at)
        if family.kind == "counter":
            point.start_time_unix_nano = self._started
        self._attributes(point.attributes, one.labels)
        return point

    def _attributes(self, into: Any, labels: tuple[tuple[str, str], ...]) -> None:
        for name, text in labels:
            into.add(key=name).value.string_value = text


def endpoint(url: str) -> str:
    """Where metrics go, of the address of a collector."""
    return url if url.endswith(PATH) else url.rstrip("/") + PATH
