"""netdata with its own alarms: as they are, and in their best case."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial

from jinmaek.lab.bench import Bench
from jinmaek.lab.peers.peer import SHORT, Alarm, Peer, answer_of, answering, free_port, get, program, started
from jinmaek.lab.sentence import CannotMake, Sentence, say

STOCK = "/usr/lib/netdata/conf.d"
ALARMING = ("WARNING", "CRITICAL")
OFF = (
    *("apps", "charts.d", "ebpf", "enable running new plugins", "fping", "go.d", "idlejitter", "ioping"),
    *("nfacct", "perf", "python.d", "slabinfo", "statsd", "tc"),
)
"""Plugins none of whose charts says anything of a host's CPUs, memory, disks or network."""
LOOKUP = re.compile(r"^(\s*lookup:\s*\S+\s+)-(\d+)([smhd]?)", re.MULTILINE)
EVERY = re.compile(r"^(\s*every:\s*).*$", re.MULTILINE)
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def peers(bench: Bench) -> tuple[Peer, Peer]:
    """Two of them, with stock alarms and with shortened ones. Raises ``CannotMake``."""
    path = program("netdata")
    version = answer_of(bench, path, "-v").split("v")[-1].split()[0]
    if not os.path.isdir(f"{STOCK}/health.d"):
        raise CannotMake("{path}: {why}", path=f"{STOCK}/health.d", why=os.strerror(2))
    return (
        _one(bench, path, version, f"{STOCK}/health.d", 10, say("as shipped")),
        _one(
            bench,
            path,
            version,
            _all_shortened(f"{bench.folder}/health.d"),
            1,
            say("at its best: looked at every second, windows of at most {time}", time=(SHORT, "seconds")),
        ),
    )


def shortened(text: str) -> str:
    """Alarms that are looked at every second, and look back no further than a look of the lab."""
    return EVERY.sub(r"\g<1>1s", LOOKUP.sub(_cut, text))


def _all_shortened(folder: str) -> str:
    os.mkdir(folder)
    for name in sorted(os.listdir(f"{STOCK}/health.d")):
        with open(f"{STOCK}/health.d/{name}", encoding="utf-8") as file:
            text = shortened(file.read())
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    return folder


def _cut(lookup: re.Match[str]) -> str:
    return f"{lookup[1]}-{min(SHORT, int(lookup[2]) * SECONDS[lookup[3]])}s"


def _one(bench: Bench, path: str, version: str, alarms: str, every: int, how: Sentence) -> Peer:
    port = free_port()
    folder = f"{bench.folder}/netdata-{every}"
    os.mkdir(folder)
    own = {name: f"{folder}/{name}" for name in ("config", "cache", "lib", "log", "web", "home")}
    for one in own.values():
        os.mkdir(one)
    sections: Mapping[str, Mapping[str, object]] = {
        "global": {"run as user": "root", "OOM score": 1000, "process scheduling policy": "other"},
        "directories": own
        | {"stock config": STOCK, "stock health config": alarms, "health config": own["config"]},
        "db": {"mode": "ram", "retention": 600},
        "web": {"bind to": f"127.0.0.1:{port}"},
        "plugins": dict.fromkeys(OFF, "no"),
        "health": {"script to execute on alarm": "/bin/true", "run at least every seconds": every},
        "statsd": {"enabled": "no"},
        "ml": {"enabled": "no"},
    }
    config = f"{folder}/netdata.conf"
    with open(config, "w", encoding="utf-8") as file:
        file.writelines(
            f"[{name}]\n" + "".join(f"    {key} = {value}\n" for key, value in settings.items())
            for name, settings in sections.items()
        )
    started(bench, path, "-D", "-c", config, "-P", f"{folder}/pid")
    answering("netdata", port, "/api/v1/alarms?all")
    return Peer("netdata", version, how, partial(_said, port))


def _said(port: int, since: float, until: float) -> tuple[Alarm, ...]:
    """Alarms that were raised in between, or stood already."""
    changes = sorted(get(port, "/api/v1/alarm_log"), key=lambda entry: entry["unique_id"])
    raised: dict[str, Alarm] = {}
    for entry in changes:
        name = f"{entry['name']} ({entry['chart']})"
        if entry["when"] > until:
            break
        if entry["status"] in ALARMING:
            raised[name] = Alarm(entry["name"])
        elif entry["when"] < since:
            raised.pop(name, None)
    return tuple({alarm.name: alarm for alarm in raised.values()}.values())
