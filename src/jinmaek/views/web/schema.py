"""The API in OpenAPI 3.1, made from the same objects that answer it; published as docs/openapi.json."""

from __future__ import annotations

from typing import Any

from jinmaek.model import SEVERITIES
from jinmaek.views.web.api import OPERATIONS
from jinmaek.views.web.cgroups import GAUGES, RATES

EVENTS = "/api/v1/events"

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
UNKNOWN: Schema = {"type": ["number", "null"]}
TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": "integer"}
YES_NO: Schema = {"type": "boolean"}
ONE: Schema = {"const": 1}
LABELS: Schema = {"type": "object", "additionalProperties": TEXT}


def items(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def record(**properties: Schema) -> Schema:
    """An object that has exactly these."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def like(command: str, **properties: Schema) -> Schema:
    """An object that has at least these: what a command prints with --json has a schema of its own."""
    return {
        "type": "object",
        "description": f"What `jinmaek {command} --json` prints: docs/{command}.schema.json.",
        "required": ["schema", *properties],
        "properties": {"schema": ONE, **properties},
    }


def refer(name: str) -> Schema:
    """A reference to one of ``SCHEMAS``."""
    return {"$ref": f"#/components/schemas/{name}"}


SPAN = record(since=NUMBER, until=NUMBER)
OR_NULL: Schema = {"type": "null"}

SCHEMAS: dict[str, Schema] = {
    "Error": record(schema=ONE, error=TEXT),
    "Gap": record(kind=TEXT, source=TEXT, detail=TEXT),
    "Host": record(
        schema=ONE,
        version=TEXT,
        instance={"type": "string", "description": "another one each time the server starts"},
        time=NUMBER,
        live=YES_NO,
        host=MAYBE,
        kernel=MAYBE,
        uptime_s=UNKNOWN,
        span={"anyOf": [SPAN, OR_NULL]},
        recording={
            "anyOf": [
                record(
                    path=TEXT,
                    host=MAYBE,
                    kernel=MAYBE,
                    since=NUMBER,
                    until=NUMBER,
                    interval_s=NUMBER,
                    damage=items(TEXT),
                ),
                OR_NULL,
            ]
        },
        clients=WHOLE,
        clients_max=WHOLE,
        clients_dropped=WHOLE,
        fault=MAYBE,
        cost={
            "anyOf": [
                record(cpu_share=NUMBER, resident_bytes=WHOLE, sampled_s=NUMBER, judged_s=NUMBER),
                OR_NULL,
            ]
        },
    ),
    "Diagnosis": like(
        "diagnosis",
        host=TEXT,
        time=NUMBER,
        window_s=NUMBER,
        findings=items(
            {
                "type": "object",
                "required": ["rule", "title", "severity", "subject", "since", "until", "summary", "evidence"],
                "properties": {"severity": {"enum": list(SEVERITIES)}, "subject": LABELS},
            }
        ),
        quiet=items({"type": "object", "required": ["rule", "reason", "evidence"]}),
        unknown=items({"type": "object", "required": ["rule", "column", "gap"]}),
    ),
    "History": record(
        schema=ONE,
        since=NUMBER,
        until=NUMBER,
        step_s=NUMBER,
        interval_s=NUMBER,
        times=items({"type": "number", "description": "the end of each step, seconds since the epoch"}),
        charts=items(
            record(
                id=TEXT,
                title=TEXT,
                unit=TEXT,
                stacked=YES_NO,
                series=items(record(name=TEXT, label=TEXT, values=items(UNKNOWN))),
                left_out=WHOLE,
                gaps=items(refer("Gap")),
            )
        ),
    ),
    "Timeline": record(
        schema=ONE,
        since=NUMBER,
        until=NUMBER,
        findings=items(
            record(
                rule=TEXT,
                title=TEXT,
                subject=LABELS,
                severity={"enum": list(SEVERITIES)},
                since=NUMBER,
                until=NUMBER,
                going_on=YES_NO,
            )
        ),
        holes={
            "description": "where nothing was recorded for at least a thousandth of the time asked for",
            **items(record(since=NUMBER, until=NUMBER, why=TEXT)),
        },
    ),
    "Processes": {
        "type": "object",
        "description": "What `jinmaek top --json` prints, of the moment asked for.",
        "required": ["schema", "time", "tasks", "memory", "processes"],
        "properties": {
            "schema": ONE,
            "time": NUMBER,
            "processes": items(
                {
                    "type": "object",
                    "required": ["pid", "name", "cpu", "resident_bytes", "state", "user"],
                    "properties": {"pid": WHOLE, "name": TEXT, "cpu": UNKNOWN},
                }
            ),
        },
    },
    "Cgroups": record(
        schema=ONE,
        time=NUMBER,
        cgroups=items(record(path=TEXT, **dict.fromkeys((*GAUGES, *RATES), UNKNOWN))),
        left_out=WHOLE,
        gaps=items(refer("Gap")),
    ),
    "Memory": like(
        "memory",
        total_bytes=WHOLE,
        buckets=items({"type": "object", "required": ["name", "bytes", "owners"]}),
        residual_bytes=WHOLE,
        sentence=TEXT,
    ),
    "Swap": like(
        "swap", total_bytes=UNKNOWN, used_bytes=UNKNOWN, parts=items({"type": "object"}), sentence=TEXT
    ),
    "Load": like("load", load1=UNKNOWN, parts=items({"type": "object"}), unexplained=UNKNOWN, sentence=TEXT),
    "Texts": record(schema=ONE, lang=TEXT, texts=LABELS),
    "Rules": record(
        schema=ONE, rules=items(record(id=TEXT, title=TEXT, severity={"enum": list(SEVERITIES)}))
    ),
}

REFUSALS = {
    400: "a parameter there is not, or out of its bounds",
    401: "the token is missing",
    404: "nothing is known of that moment",
    414: "the query is too long",
    421: "this host does not go by the name that was asked for",
    503: "not yet, or not any more",
}


def document() -> dict[str, Any]:
    """The whole of it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jinmaek",
            "version": "1",
            "description": "Read only. A figure that is not known is null, never 0. Times are seconds since "
            "the epoch, sizes bytes, shares from 0 to 1; `cpu` of a process or cgroup is 1 for one CPU.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "security": [{}, {"token": []}],
        "paths": {
            **{
                one.path: {
                    "get": {
                        "operationId": one.path.rpartition("/")[2],
                        "summary": one.summary,
                        "parameters": [parameter.schema() for parameter in one.parameters],
                        "responses": {
                            "200": {
                                "description": one.summary,
                                "content": {"application/json": {"schema": refer(one.answer)}},
                            },
                            **_refusals(),
                        },
                    }
                }
                for one in OPERATIONS
            },
            EVENTS: {
                "get": {
                    "operationId": "events",
                    "summary": "live updates: `hello` with the instance, `sample` every second with the last "
                    "figure of every line, `diagnosis` when there are new verdicts",
                    "parameters": [],
                    "responses": {
                        "200": {
                            "description": "server-sent events, without end",
                            "content": {"text/event-stream": {"schema": TEXT}},
                        },
                        **_refusals(),
                    },
                }
            },
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _refusals() -> dict[str, Any]:
    return {
        str(status): {
            "description": why,
            # What the guard before the application refuses is told in plain text.
            "content": {"text/plain": {"schema": TEXT}}
            if status in (401, 421)
            else {"application/json": {"schema": refer("Error")}},
        }
        for status, why in REFUSALS.items()
    }
