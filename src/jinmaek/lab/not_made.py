"""Rules of the catalogue whose condition no experiment makes, and why."""

from __future__ import annotations

from collections.abc import Mapping

from jinmaek.lab.sentence import Sentence, say

REASONS: Mapping[str, Sentence] = {
    "cpu.stolen": say("only a hypervisor can take CPU time away"),
    "memory.numa-imbalance": say("it needs a machine of several NUMA nodes"),
    "memory.fragmented": say("all free memory of the host would have to be cut into pieces"),
    "memory.thp-trouble": say("all free memory of the host would have to be cut into pieces"),
    "tuning.vm-misfit": say("the whole host would have to be short of memory"),
    "trust.metrics-inconsistent": say("the kernel's own counters would have to be wrong"),
    "hw.misc": say("hardware would have to fail"),
}
"""By rule id. What they say is tested on captures and on their cases instead."""
