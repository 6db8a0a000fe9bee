"""Names out of a capture, numbers left: the same name becomes the same token everywhere in one capture.

Kept are names the kernel gave and that say what a thing is (kernel threads, sda1, eth0, kmalloc-64) and
the folders every system has (/proc, /home, system.slice). A reader of a file that holds other names
needs a case in ``content``. Text is handled as Latin-1: every byte survives, whatever its encoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

PF_KTHREAD = 0x00200000
"""include/linux/sched.h, in stat field 9."""

Change = Callable[["Tokens", str, str], str]
"""Tokens, relative path and text to the text without names."""

BLOCK = re.compile(
    r"(/dev/)?(([shv]|xv)d[a-z]+\d*|nvme\d+(c\d+)?n\d+(p\d+)?|mmcblk\d+(p\d+|boot\d)?|root"
    r"|(dm-|md|loop|zram|ram|sr|fd|nbd|rbd|drbd|pmem|bcache|mtdblock)\d+(p\d+)?)"
)
INTERFACE = re.compile(
    r"lo|docker0|((eth|wlan|bond|virbr|tun|tap|br|dummy|wg|ppp|sit|ip6tnl|tunl|gre|ib|cni)\d+"
    r"|(en|wl)(o\d+|s\d+|p\d+s\d+)[a-z0-9]*)(\.\d+)?"
)
FOLDER = re.compile(
    r"/|/(proc|sys|dev)(/[-\w.,:/]+)?|/run(/lock|/user/\d+)?|/boot(/efi)?|/var(/(log|tmp|lib|cache))?"
    r"|/(tmp|home|usr|opt|srv|mnt|media|root|etc)"
)
CGROUP = re.compile(
    r"(system|user|machine|kubepods(-besteffort|-burstable)?|user-\d+)\.slice|(init|session-c?\d+)\.scope"
    r"|user@\d+\.service|kubepods|besteffort|burstable|docker|lxc"
)
CONTROLLER = (
    "(blkio|cpu|cpuacct|cpuset|devices|freezer|hugetlb|memory|misc|net_cls|net_prio|perf_event|pids|rdma"
    "|systemd|unified)"
)
CONTROLLERS = re.compile(f"{CONTROLLER}(,{CONTROLLER})*")
SUFFIX = re.compile(r"\.(slice|service|scope|mount|socket|swap)$")
PLAIN_VALUE = re.compile(r"[0-9]+[kmgt%]?|0x[0-9a-f]+|systemd", re.IGNORECASE)
PLAIN_OPTIONS = frozenset({"compress", "data", "errors", "huge", "mode"})
PSEUDO = frozenset({"none", "rootfs", "systemd-1", "udev"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What stands for what in one capture."""

    given: dict[str, dict[str, str]] = field(default_factory=dict)
    """Token by name, by kind of name: process, cgroup, mount point, device, interface, file, option."""
    comm: dict[str, str] = field(default_factory=dict)
    """What ``stat`` shows, by pid or tid: ``status`` escapes the same name."""

    def of(self, kind: str, name: str) -> str:
        """``p1`` for the first process name, ``c2`` for the second cgroup name."""
        known = self.given.setdefault(kind, {})
        return known.setdefault(name, f"{kind}{len(known) + 1}")


def path(tokens: Tokens, relative: str) -> str:
    """The path under which a file goes into the capture."""
    match relative.split("/"):
        case ["sys", "fs", "cgroup", first, *rest, name] if CONTROLLERS.fullmatch(first):
            return "/".join(("sys/fs/cgroup", first, *(_cgroup(tokens, part) for part in rest), name))
        case ["sys", "fs", "cgroup", *rest, name]:
            return "/".join(("sys/fs/cgroup", *(_cgroup(tokens, part) for part in rest), name))
        case ["sys", "block", device, *rest]:
            kept = (device_name(tokens, part) if part.startswith(device) else part for part in rest)
            return "/".join(("sys/block", device_name(tokens, device), *kept))
        case ["sys", "class", "net", interface, *rest]:
            return "/".join(("sys/class/net", interface_name(tokens, interface), *rest))
        case ["proc", "sys", "net", family, what, interface, *rest]:
            return "/".join(("proc/sys/net", family, what, _conf(tokens, interface), *rest))
    return relative


def content(tokens: Tokens, relative: str, data: bytes) -> bytes:
    """The file without names. ``stat`` of a process must come before its ``status``."""
    for which, change in CASES:
        if which.fullmatch(relative):
            return change(tokens, relative, data.decode("latin-1")).encode("latin-1")
    return data


def _lines(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) if line else line for line in text.split("\n"))


def _stat(tokens: Tokens, relative: str, text: str) -> str:
    """``pid (comm) S ppid ... flags``; a name may hold parentheses and newlines."""
    pid = relative.split("/")[-2]
    opened, closed = text.find("("), text.rfind(")")
    words = text[closed + 1 :].split()
    if not 0 <= opened < closed:
        return ""
    name = text[opened + 1 : closed]
    kernel = len(words) > 6 and words[6].isdecimal() and int(words[6]) & PF_KTHREAD
    shown = name if kernel else tokens.of("p", name)
    tokens.comm[pid] = shown
    return f"{text[: opened + 1]}{shown}{text[closed:]}"


def _status(tokens: Tokens, relative: str, text: str) -> str:
    shown = tokens.comm.get(relative.split("/")[-2], "p0")
    return re.sub(r"\AName:\t[^\n]*", lambda _: f"Name:\t{shown}", text)


def _cgroup(tokens: Tokens, name: str) -> str:
    if not name or CGROUP.fullmatch(name):
        return name
    suffix = SUFFIX.search(name)
    return tokens.of("c", name) + (suffix[0] if suffix else "")


def cgroup_path(tokens: Tokens, path: str) -> str:
    whole = path.removesuffix(" (deleted)")
    kept = (part if part == ".." else _cgroup(tokens, part) for part in whole.split("/"))
    return "/".join(kept) + path[len(whole) :]


def _membership(tokens: Tokens, line: str) -> str:
    head, _, rest = line.partition(":")
    controllers, _, where = rest.partition(":")
    return f"{head}:{controllers}:{cgroup_path(tokens, where)}"


def device_name(tokens: Tokens, name: str) -> str:
    return name if BLOCK.fullmatch(name) else tokens.of("d", name)


def interface_name(tokens: Tokens, name: str) -> str:
    return name if INTERFACE.fullmatch(name) else tokens.of("i", name)


def _conf(tokens: Tokens, name: str) -> str:
    return name if name in ("all", "default") else interface_name(tokens, name)


def mount_source(tokens: Tokens, source: str, kind: str) -> str:
    if source in ("", kind) or source in PSEUDO or BLOCK.fullmatch(source):
        return source
    return tokens.of("d", source)


def mount_point(tokens: Tokens, where: str) -> str:
    return where if FOLDER.fullmatch(where) else "/" + tokens.of("m", where)


def mount_options(tokens: Tokens, options: str) -> str:
    def one(option: str) -> str:
        key, equals, value = option.partition("=")
        if not equals or PLAIN_VALUE.fullmatch(value) or key in PLAIN_OPTIONS:
            return option
        return f"{key}={tokens.of('o', value)}"

    return ",".join(one(option) for option in options.split(","))


def _mount(tokens: Tokens, line: str) -> str:
    match line.split(" "):
        case [source, where, kind, options, *rest]:
            kept = (
                mount_source(tokens, source, kind),
                mount_point(tokens, where),
                kind,
                mount_options(tokens, options),
            )
            return " ".join((*kept, *rest))
    return ""


def _mountinfo(tokens: Tokens, line: str) -> str:
    before, _, after = line.partition(" - ")
    match before.split(" "), after.split(" "):
        case [mount, parent, device, top, where, options, *peers], [kind, source, *more]:
            if kind in ("cgroup", "cgroup2"):
                top = cgroup_path(tokens, top)
            elif top != "/":
                top = mount_point(tokens, top)
            kept = (
                mount,
                parent,
                device,
                top,
                mount_point(tokens, where),
                mount_options(tokens, options),
                *peers,
            )
            rest = (kind, mount_source(tokens, source, kind), *(mount_options(tokens, word) for word in more))
            return " ".join((*kept, "-", *rest))
    return ""


def _swap(tokens: Tokens, line: str) -> str:
    name = line.split(maxsplit=1)[0] if line.strip() else ""
    if not name or name == "Filename":
        return line
    return swap_file(tokens, name) + line[line.index(name) + len(name) :]


def _disks(tokens: Tokens, _: str, text: str) -> str:
    return re.sub(r"(?m)^((?: *\d+){2,3} +)(\S+)", lambda m: m[1] + device_name(tokens, m[2]), text)


def _net_dev(tokens: Tokens, _: str, text: str) -> str:
    return re.sub(r"(?m)^( *)([^\s|:]+):", lambda m: f"{m[1]}{interface_name(tokens, m[2])}:", text)


def swap_file(tokens: Tokens, name: str) -> str:
    """A swap device as it is, a file by its token."""
    return name if BLOCK.fullmatch(name) else tokens.of("f", name)


def interrupt(tokens: Tokens, text: str) -> str:
    """Interfaces name their interrupts (eth0-rx-1); only those ``net/dev`` has shown are known."""
    for name, token in tokens.given.get("i", {}).items():
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?!\w)", token, text)
    return text


def slab_cache(tokens: Tokens, text: str) -> str:
    """Before 5.9 a cgroup's own caches carry its name: dentry(812:web.service)."""
    return re.sub(r"\((\d+):([^)\n]*)\)", lambda m: f"({m[1]}:{_cgroup(tokens, m[2])})", text)


def _interrupts(tokens: Tokens, _: str, text: str) -> str:
    return interrupt(tokens, text)


def _slabs(tokens: Tokens, _: str, text: str) -> str:
    return slab_cache(tokens, text)


def _each(change: Callable[[Tokens, str], str]) -> Change:
    return lambda tokens, _, text: _lines(text, lambda line: change(tokens, line))


def _constant(text: str) -> Change:
    return lambda *_: text


def _pattern(found: str, instead: str) -> Change:
    return lambda _, __, text: re.sub(found, instead, text)


CASES: tuple[tuple[re.Pattern[str], Change], ...] = tuple(
    (re.compile(which), change)
    for which, change in (
        (r"proc/(\d+|self)(/task/\d+)?/stat", _stat),
        (r"proc/(\d+|self)(/task/\d+)?/status", _status),
        (r"proc/(\d+|self)/cgroup", _each(_membership)),
        (r"proc/(.*/)?mounts", _each(_mount)),
        (r"proc/(.*/)?mountinfo", _each(_mountinfo)),
        (r"proc/swaps", _each(_swap)),
        (r"proc/(diskstats|partitions)", _disks),
        (r"proc/(.*/)?net/dev", _net_dev),
        (r"proc/interrupts", _interrupts),
        (r"proc/slabinfo", _slabs),
        (r"proc/sys/kernel/random/boot_id", _constant("00000000-0000-4000-8000-000000000001\n")),
        (r"proc/sys/kernel/(hostname|domainname)", _constant("host1\n")),
        (r"proc/version", _pattern(r"\([^\s()]+@[^\s()]+\)", "(u1@host1)")),
        (r"proc/cpuinfo", _pattern(r"(?m)^(Serial\s*:).*$", r"\1 0")),
    )
)
