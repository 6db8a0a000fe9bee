"""``load``: the load average divided into kinds of threads, and who they are."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.accounts.load.account import NOT_COUNTED, Kind, Load, Part, Who
from jinmaek.accounts.load.verdict import sentence
from jinmaek.i18n import tr
from jinmaek.views.fit import cells, folded, pad
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING

WIDTH = 100
LAST = 12
"""Counts of the kernel shown."""
MOST = 5
"""Processes named for each kind."""

NAMES: dict[Kind, str] = {
    "running": "running or waiting for a CPU",
    "throttled": "held back by a quota",
    "disk": "waiting for a disk",
    "journal": "waiting for a journal",
    "remote": "waiting for a server (NFS, CIFS, FUSE)",
    "lock": "waiting for a lock",
    "memory": "waiting for memory",
    "frozen": "stopped by the freezer",
    "parked": "parked by a driver",
    "vfork": "waiting for a vfork child",
    "other": "in D, for a reason not known",
}
"""What each kind is called; translated when shown."""


def lines(load: Load, lang: str, most: int = MOST) -> Iterator[str]:
    """The account: averages, the answer, the parts with their processes, and the sum."""
    yield _head(load, lang)
    yield ""
    yield from folded(safe(sentence(load, lang)), WIDTH)
    yield ""
    yield from _table(load, lang, most)
    yield ""
    yield from sums(load, lang)


def _head(load: Load, lang: str) -> str:
    averages = MISSING if load.load is None else " ".join(f"{value:.2f}" for value in load.load)
    text = tr(lang, "load {averages} on {cpus} CPUs").format(averages=averages, cpus=load.cpus or MISSING)
    if load.load is not None and load.cpus:
        text += tr(lang, "  ·  {per:.2f} per CPU").format(per=load.load[0] / load.cpus)
    if load.window_s:
        text += tr(lang, "  ·  watched for {seconds:.0f} s").format(seconds=load.window_s)
    return text


def _table(load: Load, lang: str, most: int) -> Iterator[str]:
    heads = tr(lang, "threads"), tr(lang, "per CPU"), tr(lang, "share"), tr(lang, "what they do")
    widths = [max(7, cells(head)) for head in heads[:3]]
    yield "  ".join(pad(head, width) for head, width in zip(heads, [*widths, -1], strict=True)).rstrip()
    for part in load.parts:
        yield "  ".join((*_figures(part, load, widths), tr(lang, NAMES[part.kind])))
        rest = sum(widths) + 2 * len(widths)
        for who in part.who[:most]:
            yield " " * rest + f"  {who.threads:6.2f}  {safe(whose(who, lang))}"
        if len(part.who) > most:
            left = part.who[most:]
            text = tr(lang, "{count} more").format(count=len(left))
            yield " " * rest + f"  {sum(who.threads for who in left):6.2f}  {text}"


def _figures(part: Part, load: Load, widths: list[int]) -> list[str]:
    per = f"{part.threads / load.cpus:.2f}" if load.cpus else MISSING
    share = MISSING if part.share is None else f"{part.share:.0%}"
    figures = [f"{part.threads:.2f}", per, share]
    if part.kind in NOT_COUNTED:
        figures[0] = f"({figures[0]})"
    return [pad(text, width) for text, width in zip(figures, widths, strict=True)]


def whose(who: Who, lang: str) -> str:
    """A process and where it waits."""
    words = [f"{who.name} [{who.pid}]"]
    if who.wchan:
        words.append(tr(lang, "in {place}").format(place=who.wchan))
    if who.place is not None:
        place = who.place
        where = f"{place.mountpoint} ({place.fstype}, {place.device})" if place.mountpoint else place.device
        words.append(tr(lang, "on {place}").format(place=where))
    if who.cgroup and who.cgroup != "/":
        words.append(who.cgroup)
    return "  ".join(words)


def sums(load: Load, lang: str) -> Iterator[str]:
    """What the parts add up to, beside what the kernel counted."""
    if load.on_cpu is not None and load.waiting_for_cpu is not None:
        yield tr(
            lang, "on a CPU {on:.2f}, waiting for one {waiting:.2f}, stolen by the hypervisor {stolen}"
        ).format(
            on=load.on_cpu,
            waiting=load.waiting_for_cpu,
            stolen=MISSING if load.stolen is None else f"{load.stolen:.2f}",
        )
    yield tr(lang, "sum of the parts {counted:.2f} (in brackets: not in the load)").format(
        counted=load.counted
    )
    if load.recovered is not None and load.unexplained is not None:
        counts = " ".join(
            f"{tick.count:.0f}" if tick.exact else f"~{tick.count:.1f}" for tick in load.counts[-12:]
        )
        yield tr(
            lang, "the kernel counted {recovered:.2f} on the mean: {counts}; unexplained {rest:+.2f}"
        ).format(recovered=load.recovered, counts=counts, rest=load.unexplained)
    elif load.window_s:
        yield tr(lang, "the kernel did not count in this time: it does every 5 s (--for 15s)")
    if load.predicted is not None and load.load is not None and load.window_s:
        text = tr(lang, "load1 should be {predicted:.2f} by these samples, and is {load1:.2f}")
        yield text.format(predicted=load.predicted, load1=load.load[0])
    for gap in load.gaps:
        yield f"{gap.source}: {tr(lang, gap.kind)}" + (f" ({gap.detail})" if gap.detail else "")
