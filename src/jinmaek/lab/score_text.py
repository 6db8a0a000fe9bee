"""A score for people: a table of rules, what went wrong, and the sums."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.i18n import tr
from jinmaek.lab.not_made import REASONS
from jinmaek.lab.peers.held import PeerScore
from jinmaek.lab.score import RuleScore, Score
from jinmaek.lab.text import WIDTH, folded_under
from jinmaek.lab.trial import Trial
from jinmaek.views.fit import cells, folded, pad
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING
from jinmaek.views.units import amount


def lines(score: Score, lang: str) -> Iterator[str]:
    """All of it."""
    if score.stopped:
        yield from folded(stopped(score, lang), WIDTH)
        yield ""
    yield from _table(score, lang)
    yield ""
    yield from folded(sums(score, lang), WIDTH)
    if any(rule.scaled for rule in score.rules):
        yield from folded(scaled(lang), WIDTH)
    yield from peers(score, lang)
    for one in score.trials:
        if text := wrong(one, lang):
            yield from folded_under(text)
    for name, why in score.refused:
        yield from folded_under(safe(tr(lang, "not run: {name}: {why}").format(name=name, why=why)))


def heads(lang: str) -> tuple[str, ...]:
    return (
        tr(lang, "rule"),
        tr(lang, "trials"),
        tr(lang, "recall"),
        tr(lang, "false alarms"),
        tr(lang, "right culprit"),
        tr(lang, "found after"),
    )


def cells_of(rule: RuleScore) -> tuple[str, ...]:
    """A row of the table."""
    return (
        rule.rule + (" *" if rule.scaled else ""),
        str(rule.trials) if rule.trials else MISSING,
        MISSING if rule.recall is None else f"{rule.fired}/{rule.trials}",
        str(rule.false_alarms),
        f"{rule.right}/{rule.named}" if rule.named else MISSING,
        MISSING if rule.after is None else amount(rule.after, "seconds"),
    )


def _table(score: Score, lang: str) -> Iterator[str]:
    rows = [heads(lang), *(cells_of(rule) for rule in score.rules)]
    widths = [max(cells(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        first, *rest = (
            pad(text, -width if i == 0 else width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        reason = REASONS.get(row[0].removesuffix(" *")) if row[1] == MISSING else None
        note = f"  {tr(lang, 'not made here')}: {reason.told(lang)}" if reason else ""
        yield "  ".join((first, *rest)) + note


def scaled(lang: str) -> str:
    """What the star behind a rule means."""
    return tr(
        lang,
        "* with limits of the rule set to the size of its condition: a level or a window that a lab may "
        "reach (jinmaek lab show NAME)",
    )


def peer_heads(lang: str) -> tuple[str, ...]:
    return (
        tr(lang, "on the same runs"),
        tr(lang, "conditions with an alarm"),
        tr(lang, "right process named"),
        tr(lang, "healthy with an alarm"),
    )


def peer_rows(score: Score, lang: str) -> Iterator[tuple[str, ...]]:
    """What peers are worth: any alarm of theirs counts, whatever it says."""
    for one in score.peers:
        yield (
            peer_name(one, lang),
            f"{one.found}/{one.conditions}",
            f"{one.right}/{one.named}" if one.named else MISSING,
            f"{one.alarmed}/{one.healthy}",
        )


def peer_name(one: PeerScore, lang: str) -> str:
    return f"{one.peer.name} {one.peer.version}, {one.peer.how.told(lang)}"


def own_row(score: Score, lang: str) -> tuple[str, ...]:
    """jinmaek itself, beside them: the right rule, and who does it."""
    outcomes = [outcome for one in score.judged for outcome in one.outcomes]
    named = [outcome.right for outcome in outcomes if outcome.right is not None]
    return (
        tr(lang, "jinmaek, the right rule"),
        f"{sum(outcome.fired for outcome in outcomes)}/{len(outcomes)}",
        f"{sum(named)}/{len(named)}",
        f"{len(score.alarmed)}/{len(score.healthy)}",
    )


def peers(score: Score, lang: str) -> Iterator[str]:
    rows = [peer_heads(lang), own_row(score, lang), *peer_rows(score, lang)]
    if score.peers:
        yield ""
        widths = [max(cells(row[i]) for row in rows) for i in range(len(rows[0]))]
        for first, *rest in rows:
            yield pad(first, -widths[0]) + "".join(
                "  " + pad(text, width) for text, width in zip(rest, widths[1:], strict=True)
            )
    for absent in score.absent:
        yield from folded_under(safe(f"{absent.name}: {absent.why.told(lang)}"))


def sums(score: Score, lang: str) -> str:
    """All trials in a sentence."""
    recall = MISSING if score.recall is None else amount(score.recall, "ratio")
    right = MISSING if score.culprits is None else amount(score.culprits, "ratio")
    text = tr(
        lang,
        "recall {recall}; right first culprit {right}; {alarmed} of {healthy} trials of healthy hosts with "
        "an alarm; {made} of {all} trials made their condition; it took {time}",
    )
    return text.format(
        recall=recall,
        right=right,
        alarmed=len(score.alarmed),
        healthy=len(score.healthy),
        made=len(score.judged),
        all=len(score.trials),
        time=amount(score.seconds, "seconds"),
    )


def stopped(score: Score, lang: str) -> str:
    """That it is not the whole of it."""
    text = tr(lang, "stopped after {done} of {planned} trials: what follows is theirs")
    return text.format(done=len(score.trials), planned=score.planned)


def wrong(one: Trial, lang: str) -> str:
    """What of a trial was not as it should be; empty where all was."""
    name = one.experiment.name
    if not one.made:
        why = one.run.answer.why.told(lang)
        return safe(tr(lang, "not made: {name}: {why}").format(name=name, why=why))
    said = [
        tr(lang, "missed {rule}").format(rule=outcome.rule) for outcome in one.outcomes if not outcome.fired
    ]
    said += [
        tr(lang, "{rule} names {who}").format(rule=outcome.rule, who=outcome.culprit or MISSING)
        for outcome in one.outcomes
        if outcome.right is False
    ]
    said += [
        tr(lang, "not explained by {rule}").format(rule=rule) for rule, told in one.explained if not told
    ]
    said += [
        tr(lang, "false alarm {rule} ({severity}, {who})").format(
            rule=alarm.rule, severity=alarm.severity, who=alarm.culprit or MISSING
        )
        for alarm in one.alarms
    ]
    said += [left.told(lang) for left in one.run.leftovers]
    return safe(f"{name}: {'; '.join(said)}") if said else ""
