"""Experiments and their runs for people, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jinmaek.i18n import tr
from jinmaek.lab.experiment import Experiment, Says
from jinmaek.lab.readings import Reading
from jinmaek.lab.runner import Run
from jinmaek.model import Culprit, Diagnosis, Finding
from jinmaek.views.fit import cells, folded, pad
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING
from jinmaek.views.units import amount

WIDTH = 100
INDENT = 21
"""Cells of a label and the space behind it."""
PHASES = {"before": "before", "during": "during", "after": "after"}
"""Phases most experiments have; translated when shown."""
VERDICTS: dict[Says, str] = {
    "holds": "the claim holds on this kernel",
    "does not hold": "the claim does not hold on this kernel",
    "could not tell": "this run does not tell",
}


def table(experiments: Iterable[Experiment], lang: str) -> Iterator[str]:
    """Names and claims, by chapter."""
    last: object = ()
    for one in experiments:
        kind = chapter(one, lang)
        if kind != last:
            yield from ("", kind) if last != () else (kind,)
        last = kind
        name = f"  {one.name:<34}"
        first, *rest = folded(tr(lang, one.claim), WIDTH - len(name)) or [""]
        yield name + first
        yield from (" " * len(name) + line for line in rest)


def chapter(experiment: Experiment, lang: str) -> str:
    """Where the claim is from."""
    if experiment.chapter is not None:
        return tr(lang, "chapter {number}").format(number=experiment.chapter)
    if experiment.healthy:
        return tr(lang, "looks bad, is fine")
    return tr(lang, "conditions of the catalogue")


def page(experiment: Experiment, lang: str) -> Iterator[str]:
    """All an experiment says of itself."""
    yield f"{experiment.name}  {chapter(experiment, lang)}"
    yield ""
    yield from _labelled(tr(lang, "claim"), tr(lang, experiment.claim))
    yield from _labelled(tr(lang, "what is done"), tr(lang, experiment.how))
    yield from _labelled(tr(lang, "it needs"), _needs(experiment, lang))
    yield from _labelled(tr(lang, "what is read"), ", ".join(experiment.shows))
    said = [
        one.rule + (tr(lang, ", first of all {name}").format(name=one.culprit) if one.culprit else "")
        for one in experiment.expects
    ]
    yield from _labelled(tr(lang, "must be found"), "; ".join(said))
    yield from _labelled(tr(lang, "must be called fine"), ", ".join(experiment.explains))
    if experiment.limits is not None:
        limits = ", ".join(f"{name}={value:.4g}" for name, value in experiment.limits().items())
        yield from _labelled(tr(lang, "limits of its size"), limits)


def _needs(experiment: Experiment, lang: str) -> str:
    needs = experiment.needs
    words = [
        tr(lang, "at most {time} and {memory} of memory").format(
            time=amount(experiment.seconds, "seconds"), memory=amount(needs.memory, "bytes")
        )
    ]
    if needs.disk:
        words.append(tr(lang, "{size} of disk").format(size=amount(needs.disk, "bytes")))
    if needs.root:
        words.append(tr(lang, "root permissions"))
    words += needs.tools
    words += [tr(lang, "the {name} controller of cgroups").format(name=name) for name in needs.cgroups]
    words += needs.files
    return ", ".join(words)


def report(run: Run, kernel: str, lang: str) -> Iterator[str]:
    """What was claimed, done, read, answered, and what the diagnosis said."""
    one = run.experiment
    yield f"{one.name}  {chapter(one, lang)}"
    yield from _labelled(tr(lang, "claim"), tr(lang, one.claim))
    yield from _labelled(tr(lang, "what is done"), tr(lang, one.how))
    if run.readings:
        yield ""
        yield from _grid(run.readings, lang)
    yield ""
    verdict = tr(lang, VERDICTS[run.answer.says])
    yield from folded(safe(f"{verdict} (Linux {kernel}): {run.answer.why.told(lang)}"), WIDTH)
    for look in run.looks:
        yield ""
        yield from _said(look.diagnosis, lang)
    yield ""
    yield from _undone(run, lang)


def _grid(readings: tuple[Reading, ...], lang: str) -> Iterator[str]:
    """A line for each quantity, a column for each reading."""
    names = list(dict.fromkeys(name for reading in readings for name in reading.quantities))
    shown = [[_shown(reading, name) for reading in readings] for name in names]
    heads = [tr(lang, reading.phase) for reading in readings]
    widths = [
        max(cells(head), *(cells(row[i]) for row in shown)) if shown else cells(head)
        for i, head in enumerate(heads)
    ]
    first = max(map(cells, names), default=0)
    yield " " * first + "".join("  " + pad(h, w) for h, w in zip(heads, widths, strict=True))
    for name, row in zip(names, shown, strict=True):
        yield pad(name, -first) + "".join("  " + pad(text, w) for text, w in zip(row, widths, strict=True))


def _shown(reading: Reading, name: str) -> str:
    found = reading.quantities.get(name)
    return MISSING if found is None or found.value is None else amount(found.value, found.unit)


def _said(diagnosis: Diagnosis, lang: str) -> Iterator[str]:
    """What the diagnosis said while the condition was there."""
    yield tr(lang, "what jinmaek said meanwhile:")
    for finding in diagnosis.findings:
        yield from folded_under(safe(_finding(finding, lang)))
    for quiet in diagnosis.quiet:
        if quiet.reason:
            fine = tr(lang, "is fine")
            yield from folded_under(safe(f"{fine}: {quiet.rule}: {quiet.reason}"))
    if not diagnosis.findings:
        yield "  " + tr(lang, "nothing at warning or above")


def folded_under(text: str) -> Iterator[str]:
    """Lines of which all but the first are set in."""
    first, *rest = folded(text, WIDTH - 4)
    yield "  " + first
    yield from ("    " + line for line in rest)


def _finding(finding: Finding, lang: str) -> str:
    severity = tr(lang, finding.severity.upper())
    who = _culprit(finding.culprits[0]) if finding.culprits else ""
    return f"{severity} {finding.rule}: {finding.title}" + (f": {who}" if who else "")


def _culprit(culprit: Culprit) -> str:
    share = f"{culprit.share:.0%} " if culprit.share is not None else ""
    pid = f" [{culprit.pid}]" if culprit.pid is not None else ""
    return f"{share}{culprit.name}{pid} {culprit.why}"


def _undone(run: Run, lang: str) -> Iterator[str]:
    if not run.leftovers:
        text = tr(lang, "all of it is undone; it took {time}")
        yield text.format(time=amount(run.seconds, "seconds"))
        return
    for left in run.leftovers:
        yield from folded_under(safe(tr(lang, "NOT UNDONE: {what}").format(what=left.told(lang))))
    yield tr(lang, "jinmaek lab clean tries again")


def _labelled(label: str, text: str) -> Iterator[str]:
    if not text:
        return
    first, *rest = folded(text, WIDTH - INDENT)
    yield pad(label, -INDENT) + first
    yield from (" " * INDENT + line for line in rest)
