"""``top --explain``: what the columns of one process mean, in its own figures."""

from __future__ import annotations

from functools import partial

from jinmaek.i18n import tr
from jinmaek.views.fit import folded, percent
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING, less
from jinmaek.views.top_frame import Frame
from jinmaek.views.top_processes import Process
from jinmaek.views.units import amount

WIDTH = 76


def explain(p: Process, frame: Frame, lang: str) -> list[str]:
    """A paragraph for each group of columns."""
    say = partial(_say, lang)
    total = frame.memory.total if frame.memory else None
    own = less(p.resident, p.shared)
    parts = [
        say(
            "VIRT {virtual}: addresses the process may use. Most of it may never have been touched and costs"
            " no memory.",
            virtual=_bytes(p.virtual),
        ),
        say(
            "RES {resident}: what of it is in memory now ({share} of {total}). Pages shared with others are"
            " counted in each of them, so the RES of many processes must not be added up: smem shows PSS.",
            resident=_bytes(p.resident),
            share=MISSING if p.memory is None else percent(p.memory * 100) + " %",
            total=_bytes(total),
        ),
        say(
            "SHR {shared}: the part of RES that is files, libraries and shared memory. The rest, {own}, is"
            " anonymous: it can only leave memory through swap ({swap} of it has).",
            shared=_bytes(p.shared),
            own=_bytes(own),
            swap=_bytes(p.swap),
        ),
        say(
            "Copy on write: after fork() parent and child share their anonymous pages until one of them"
            " writes and gets a copy of its own. So both show the same pages in RES, and memory use can grow"
            " while neither asks for more.",
        ),
        _commit(frame, lang),
        say(
            "Page faults {minor}: first use of a page, or copy on write, served from memory and cheap. Major"
            " faults {major}: each had to wait for a disk. Both count since the process started.",
            minor=f"{p.minflt:,}",
            major=f"{p.majflt:,}",
        ),
        _priority(p, lang),
        say(
            "To change it: renice -n 10 -p {pid} lets others go first; favouring (renice -n -5 -p {pid})"
            " takes root. It helps only where processes wait for a CPU.",
            pid=p.pid,
        ),
        _state(p, lang),
        say(
            "%CPU {cpu}: 100 is one CPU all the time; this machine has {cpus}. TIME+ is the sum since"
            " its start.",
            cpu=MISSING if p.cpu is None else percent(p.cpu * 100),
            cpus=len(frame.cpus),
        ),
    ]
    lines = [f"{p.pid} {safe(p.comm)}"]
    for part in parts:
        lines.extend(["", *folded(part, WIDTH)])
    return lines


def _commit(frame: Frame, lang: str) -> str:
    memory = frame.memory
    say = partial(_say, lang)
    return say(
        "Commit: the kernel promises memory when it is asked for and hands it out at first use. All processes"
        " together hold promises of {committed}, the limit where it is enforced (vm.overcommit_memory 2) is"
        " {limit}.",
        committed=_bytes(memory.committed if memory else None),
        limit=_bytes(memory.commit_limit if memory else None),
    )


def _priority(p: Process, lang: str) -> str:
    say = partial(_say, lang)
    if p.priority < 0:
        return say(
            "PR {priority}: real-time priority {rt}. It runs before every ordinary process; NI means nothing"
            " for it.",
            priority=p.priority,
            rt=-1 - p.priority,
        )
    return say(
        "PR {priority}, NI {nice}: 20 + nice. From -20 (favoured) to 19 each step shifts a busy CPU by a"
        " quarter; on an idle one it changes nothing.",
        priority=p.priority,
        nice=p.nice,
    )


def _state(p: Process, lang: str) -> str:
    say = partial(_say, lang)
    match p.state:
        case "R":
            return say("S R: runs, or is ready to and waits for a CPU.")
        case "S":
            return say("S S: sleeps until something happens; costs no CPU.")
        case "D":
            return say(
                "S D: sleeps in the kernel, mostly for a disk, and takes no signal until that is over. It"
                " counts in the load average."
            )
        case "I":
            return say("S I: an idle kernel thread; does not count in the load average.")
        case "Z":
            return say(
                "S Z: has ended and waits for its parent to take its exit status; it holds a pid"
                " and no memory."
            )
        case "T" | "t":
            return say("S T: stopped, by a signal or (t) by a debugger.")
        case other:
            return say("S {state}: a state without a description here.", state=safe(other))


def _say(lang: str, sentence: str, **values: object) -> str:
    return tr(lang, sentence).format(**values)


def _bytes(value: int | None) -> str:
    return MISSING if value is None else amount(value, "bytes")
