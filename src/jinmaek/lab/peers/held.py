"""Peers held against the runs: what they said that they had not said before, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinmaek.lab.bench import Bench
from jinmaek.lab.peers import glances, netdata, prometheus
from jinmaek.lab.peers.peer import Absent, Alarm, NoAnswer, Peer
from jinmaek.lab.sentence import CannotMake, say
from jinmaek.lab.trial import Trial

Heard = tuple[Alarm, ...] | None
"""New alarms of one peer in one trial; None where it did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerScore:
    """What a peer is worth on the same runs. Any alarm counts as finding a condition, whatever it says."""

    peer: Peer
    conditions: int
    """Trials in which something was wrong, and the peer answered."""
    found: int
    named: int
    """Of those found, in which the peer named a process and one was to be named."""
    right: int
    healthy: int
    """Trials in which nothing was wrong."""
    alarmed: int
    by_rule: Mapping[str, tuple[int, int]]
    """Of each rule expected: how often an alarm came, and how often it should have."""
    heard: tuple[tuple[str, Heard], ...]
    """By experiment, in the order of the trials that made their condition."""


def running(bench: Bench, alerts: str | None) -> tuple[tuple[Peer, ...], tuple[Absent, ...]]:
    """All that can be had here, and those that cannot."""
    found: list[Peer] = []
    absent: list[Absent] = []
    if alerts is None:
        absent.append(Absent("Prometheus", say("--alerts names no file of rules")))
    else:
        try:
            found += prometheus.peers(bench, alerts)
        except (CannotMake, NoAnswer) as error:
            absent.append(_absent("Prometheus", error))
    try:
        found += netdata.peers(bench)
    except (CannotMake, NoAnswer) as error:
        absent.append(_absent("netdata", error))
    try:
        found.append(glances.peer(bench))
    except (CannotMake, NoAnswer) as error:
        absent.append(_absent("glances", error))
    return tuple(found), tuple(absent)


def _absent(name: str, error: CannotMake | NoAnswer) -> Absent:
    return Absent(name, error.why if isinstance(error, CannotMake) else say("it does not answer any more"))


def heard(peers: Sequence[Peer], calm: tuple[float, float], one: Trial) -> tuple[Heard, ...]:
    """Of each peer, what it said in a trial and had not said in the calm before."""
    return tuple(_heard(peer, calm, one) for peer in peers)


def _heard(peer: Peer, calm: tuple[float, float], one: Trial) -> Heard:
    try:
        before = {alarm.name for alarm in peer.said(*calm)}
        return tuple(alarm for alarm in peer.said(one.began, one.ended) if alarm.name not in before)
    except NoAnswer:
        return None


def held(
    peers: Sequence[Peer], trials: Sequence[Trial], said: Sequence[tuple[Heard, ...]]
) -> tuple[PeerScore, ...]:
    """The score of each peer over all trials that made their condition."""
    made = [(one, told) for one, told in zip(trials, said, strict=True) if one.made]
    return tuple(_score(peer, [(one, told[index]) for one, told in made]) for index, peer in enumerate(peers))


def _score(peer: Peer, told: Sequence[tuple[Trial, Heard]]) -> PeerScore:
    answered = [(one, alarms) for one, alarms in told if alarms is not None]
    wrong = [(one, alarms) for one, alarms in answered if one.outcomes]
    fine = [alarms for one, alarms in answered if one.experiment.healthy]
    named = [right for one, alarms in wrong if (right := _right(one, alarms)) is not None]
    by_rule: dict[str, tuple[int, int]] = {}
    for one, alarms in wrong:
        for outcome in one.outcomes:
            found, whole = by_rule.get(outcome.rule, (0, 0))
            by_rule[outcome.rule] = (found + bool(alarms), whole + 1)
    return PeerScore(
        peer=peer,
        conditions=len(wrong),
        found=sum(bool(alarms) for _, alarms in wrong),
        named=len(named),
        right=sum(named),
        healthy=len(fine),
        alarmed=sum(bool(alarms) for alarms in fine),
        by_rule=by_rule,
        heard=tuple((one.experiment.name, alarms) for one, alarms in told),
    )


def _right(one: Trial, alarms: tuple[Alarm, ...]) -> bool | None:
    """Whether a process of the run is named first by any alarm; None where none is named or to be named."""
    named = [alarm for alarm in alarms if alarm.culprit is not None]
    if not named or not any(want.culprit for want in one.experiment.expects):
        return None
    return any(alarm.pid in one.run.pids for alarm in named)
