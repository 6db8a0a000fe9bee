"""``heap``: where a process grows, what is in it, and which tool comes next, on one screen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jinmaek.accounts.heap.account import Account
from jinmaek.accounts.heap.content import Content
from jinmaek.accounts.heap.names import title
from jinmaek.accounts.heap.regions import Region
from jinmaek.accounts.heap.said import Said, Value
from jinmaek.accounts.heap.strings import Repeated
from jinmaek.accounts.heap.verdict import State
from jinmaek.i18n import tr
from jinmaek.model import Gap
from jinmaek.views.fit import cells, pad
from jinmaek.views.plain import safe
from jinmaek.views.units import amount, span

MOST = 8
"""Regions with a line of their own."""
LEAST = 0.02
"""Of all there is, in a region that did not change and has a line of its own."""
LONGEST = 72
"""Characters of a text that are shown."""
STYLES: dict[State, str] = {
    "growing": "bold black on yellow",
    "not growing": "bold green",
    "shrinking": "bold green",
    "unknown": "bold yellow",
}
WORD = re.compile(r"(?:'[^']*'|[^\s'])+")
"""Of a command: quotes stay whole."""
MORE = " \\"
RUNTIMES = {"cpython": "CPython", "jvm": "JVM", "node": "Node.js", "go": "Go"}


def show(account: Account, lang: str, console: Console | None = None) -> None:
    """Print the account, in colour on a terminal."""
    screen = console or Console(highlight=False, markup=False, emoji=False)
    if screen.is_terminal:
        screen.print(page(account, lang))
        return
    with screen.capture() as captured:
        screen.print(page(account, lang))
    # A pipe or a file wants no padding up to the width of a screen.
    for line in captured.get().splitlines():
        screen.out(line.rstrip(), highlight=False)


def page(account: Account, lang: str) -> RenderableType:
    parts: list[RenderableType] = [*_head(account, lang), "", *_verdict(account, lang)]
    if account.regions is not None:
        parts += ["", _regions(account, account.regions, lang)]
    if account.content is not None and account.subject is not None:
        parts += ["", *_content(account.subject, account.content, lang)]
    parts += ["", *_next(account, lang)]
    if account.gaps:
        parts += ["", Text(tr(lang, "could not be read"), style="bold yellow")]
        parts += [Padding(Text(safe(_gap(gap, lang))), (0, 0, 0, 2)) for gap in account.gaps]
    parts += ["", Text(_foot(account, lang), style="dim")]
    return Group(*parts)


def words(said: Said, lang: str) -> str:
    """A sentence in a language, names in it made harmless."""
    return tr(lang, said.text).format(**{name: _value(value, lang) for name, value in said.values.items()})


def _value(value: Value, lang: str) -> str:
    if isinstance(value, Said):
        return words(value, lang)
    if isinstance(value, str):
        return safe(value)
    number, unit = value
    return span(number, lang) if unit == "seconds" else amount(number, unit)


def _head(account: Account, lang: str) -> Iterator[RenderableType]:
    line = Text(f"{safe(account.name)} [{account.pid}]", style="bold cyan")
    runtime = account.runtime
    called = tr(lang, "native code") if runtime.name == "native" else RUNTIMES[runtime.name]
    version = f" {safe(runtime.version.removeprefix('go'))}" if runtime.version else ""
    line.append(f"  {called}{version}")
    if runtime.also:
        line.append(" + " + ", ".join(RUNTIMES[name] for name in runtime.also if name != "native"))
    if runtime.allocator:
        line.append(f", malloc: {runtime.allocator}", style="dim")
    watched = tr(lang, "watched for {time}").format(time=span(account.window, lang))
    line.append(f"  {watched}", style="dim")
    yield line


def _verdict(account: Account, lang: str) -> Iterator[RenderableType]:
    verdict = account.verdict
    line = Text()
    line.append(f" {tr(lang, verdict.state.upper())} ", style=STYLES[verdict.state])
    line.append(f" {words(verdict.sentence, lang)}")
    yield line
    for note in verdict.notes:
        yield Padding(Text(words(note, lang)), (0, 0, 0, 2))


def _regions(account: Account, regions: tuple[Region, ...], lang: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    for _ in range(4):
        grid.add_column(justify="right", no_wrap=True)
    heads = (
        tr(lang, "region"),
        tr(lang, "RSS first"),
        tr(lang, "RSS last"),
        tr(lang, "in swap"),
        tr(lang, "growth"),
    )
    grid.add_row(*(Text(head, style="dim") for head in heads))
    shown, rest = _shown(regions)
    for region in shown:
        style = "bold" if region.growth > 0 and region is account.subject else ""
        grid.add_row(
            Text(_short(region, lang), style=style),
            amount(region.first.rss + region.first.hugetlb, "bytes"),
            amount(region.last.rss + region.last.hugetlb, "bytes"),
            amount(region.last.swap, "bytes"),
            Text(_signed(region.growth), style=style),
        )
    if rest:
        grid.add_row(
            Text(tr(lang, "{count} others").format(count=len(rest)), style="dim"),
            amount(sum(one.first.rss for one in rest), "bytes"),
            amount(sum(one.last.rss for one in rest), "bytes"),
            amount(sum(one.last.swap for one in rest), "bytes"),
            _signed(sum(one.growth for one in rest)),
        )
    sums = account.totals
    grid.add_row(
        Text(tr(lang, "all regions"), style="dim"),
        amount(sum(one.first.rss + one.first.hugetlb for one in regions), "bytes"),
        amount(sum(one.last.rss + one.last.hugetlb for one in regions), "bytes"),
        amount(sums.swap or 0, "bytes"),
        _signed((sums.last or 0) - sums.first),
    )
    lines: list[RenderableType] = [grid]
    text = tr(lang, "Growth is of what is its own: anonymous and shared memory, in RAM and in swap.")
    if sums.unexplained is not None:
        rest_text = tr(lang, "Status and mappings differ by {rest}.").format(rest=_signed(sums.unexplained))
        text = f"{text} {rest_text}"
    lines.append(Text(text, style="dim"))
    return Group(*lines)


def _shown(regions: tuple[Region, ...]) -> tuple[list[Region], list[Region]]:
    """What has a line of its own: what changed most, then the largest that are not small beside the whole."""
    chosen = sorted((one for one in regions if one.growth), key=lambda one: -abs(one.growth))[: MOST // 2]
    least = LEAST * sum(_held(one) for one in regions)
    for one in sorted(regions, key=_held, reverse=True):
        if len(chosen) < MOST and one not in chosen and _held(one) >= least:
            chosen.append(one)
    return chosen, [one for one in regions if one not in chosen]


def _short(region: Region, lang: str) -> str:
    """A file by the last part of its path."""
    return safe(region.name.rpartition("/")[2]) if region.kind == "file" else words(title(region), lang)


def _held(region: Region) -> int:
    return region.last.rss + region.last.swap + region.last.hugetlb


def _content(region: Region, content: Content, lang: str) -> Iterator[RenderableType]:
    read, of = amount(content.sampled, "bytes"), amount(content.of, "bytes")
    head = (
        tr(lang, "in the pages of {region} that came ({read} read of {of}):")
        if content.new
        else tr(lang, "in the pages of {region} ({read} read of {of}):")
    )
    line = Text(head.format(region=words(title(region), lang), read=read, of=of))
    line.append(f" {tr(lang, content.kind)}", style="bold")
    yield line
    figures = tr(
        lang,
        "{zero} zero bytes · {entropy:.1f} of 8 bits entropy in a byte · {pointers} of words point into the "
        "process · {printable} printable",
    )
    yield Padding(
        Text(
            figures.format(
                zero=amount(content.zero_share, "ratio"),
                entropy=content.entropy_bits,
                pointers=amount(content.pointer_share, "ratio"),
                printable=amount(content.printable_share, "ratio"),
            ),
            style="dim",
        ),
        (0, 0, 0, 2),
    )
    yield from _strings(content, lang)


def _strings(content: Content, lang: str) -> Iterator[RenderableType]:
    if not content.strings:
        yield Padding(Text(tr(lang, "no text that is repeated takes a thousandth of it")), (0, 0, 0, 2))
        return
    redacted = content.strings[0].text is None
    what = tr(lang, "shape of the text (--content shows it)") if redacted else tr(lang, "text, one of them")
    rows = [(tr(lang, "times"), tr(lang, "in all"), tr(lang, "length"), what)]
    rows += [
        (f"{one.count:,}", amount(one.bytes, "bytes"), str(one.length), _shown_text(one))
        for one in content.strings
    ]
    widths = [max(cells(row[n]) for row in rows) for n in range(3)]
    for n, row in enumerate(rows):
        figures = "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=False))
        line = Text(f"{figures}  {row[3]}", style="" if n else "dim", no_wrap=True, overflow="ellipsis")
        yield Padding(line, (0, 0, 0, 2))


def _shown_text(one: Repeated) -> str:
    text = one.shape if one.text is None else one.text
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return safe(cut) + ("" if one.encoding == "ascii" else " (UTF-16)")


def _next(account: Account, lang: str) -> Iterator[RenderableType]:
    yield Text(tr(lang, "what to run next"), style="bold")
    for one in account.next:
        yield Padding(_Command(safe(one.command)), (0, 0, 0, 2))
        yield Padding(Text(words(one.why, lang)), (0, 0, 0, 6))
        if one.caution is not None:
            yield Padding(Text(f"{tr(lang, 'caution')}: {words(one.caution, lang)}"), (0, 0, 0, 6))


class _Command:
    """A command that can be copied whole: what does not fit goes on after a backslash."""

    def __init__(self, command: str) -> None:
        self.words: list[str] = WORD.findall(command)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = ""
        for word in self.words:
            if line and len(line) + 1 + len(word) > options.max_width - len(MORE):
                yield Text(line + MORE, style="cyan")
                line = "  " + word
            else:
                line = f"{line} {word}" if line else word
        yield Text(line, style="cyan")


def _gap(gap: Gap, lang: str) -> str:
    detail = f" ({gap.detail})" if gap.detail else ""
    hint = ""
    if gap.kind == "denied":
        hint = " · " + tr(lang, "reading it takes the right of a debugger: root, or CAP_SYS_PTRACE")
    elif gap.kind == "timed out" and "mmap_lock" in gap.detail:
        hint = " · " + tr(lang, "lock held: the process is changing its mappings, or stuck")
    return f"{gap.source}: {tr(lang, gap.kind)}{detail}{hint}"


def _foot(account: Account, lang: str) -> str:
    cost = account.cost
    text = tr(
        lang,
        "this look cost {cpu:.2f} s of CPU in {wall:.1f} s; its page tables were walked for {walk} "
        "(mmap_lock held for reading)",
    ).format(cpu=cost.cpu_s, wall=cost.wall_s, walk=amount(sum(cost.smaps_s) + cost.pagemap_s, "seconds"))
    if account.window > account.asked * 1.5:
        longer = tr(lang, "longer than asked for: a walk may take 5 % of the time at most")
        text = f"{text}; {longer}"
    return text


def _signed(size: int) -> str:
    return amount(size, "bytes") if size <= 0 else f"+{amount(size, 'bytes')}"
