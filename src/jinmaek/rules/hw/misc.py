"""The kernel has seen the hardware fail, get hot, or keep time badly."""

from __future__ import annotations

from jinmaek.diagnosis import by_hardware
from jinmaek.diagnosis.expr import (
    all_of,
    any_of,
    average,
    increase,
    largest,
    limit,
    named,
    now,
    rate,
    slope,
    total,
)
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.diagnosis.vitals import BUSY
from jinmaek.rules.memory_terms import zero_if_lacking

# Kernels built without CONFIG_MEMORY_FAILURE take no page out of use.
DAMAGED = named(
    "memory taken out of use because it is damaged",
    zero_if_lacking("meminfo.HardwareCorrupted", beside="meminfo.MemTotal"),
)
UNCORRECTED = named("memory errors that could not be corrected", total(now("edac.ue_count")))
CORRECTED = named("memory errors corrected a second", total(rate("edac.ce_count")))
HOT = named("time a core was slowed down by heat", largest(rate("thermal_throttle.core_throttle_total_time")))
SLOW_CLOCK = named(
    "clocks in use that are slow to read",
    total(now("clocksource.current", ("clocksource", "=~", "hpet|acpi_pm|pit|jiffies|refined-jiffies"))),
)

RULE = Rule(
    id="hw.misc",
    title="The hardware is failing, hot, or keeps time badly",
    when=any_of(
        DAMAGED > 0,
        UNCORRECTED > 0,
        CORRECTED > limit("corrected", 0.01),
        HOT > limit("hot", 0.1),
        SLOW_CLOCK > 0,
    ),
    agree=(
        Sign("the kernel took memory out of use because it is damaged", DAMAGED > 0),
        Sign("memory errors could not be corrected", UNCORRECTED > 0),
        Sign("memory errors are corrected again and again", CORRECTED > limit("corrected", 0.01)),
        Sign(
            "the CPUs have work while they are slowed down",
            all_of(HOT > limit("hot", 0.1), BUSY > limit("busy", 0.3)),
        ),
        Sign(
            "programs and kernel pay for it: much CPU time goes to the kernel",
            all_of(SLOW_CLOCK > 0, average(rate("stat_cpu.system")) > limit("system", 0.1)),
        ),
    ),
    unless=(
        Sign(
            "the machine has only just started: its clocks are being compared",
            all_of(SLOW_CLOCK > 0, now("uptime.uptime") < limit("boot", 300), DAMAGED <= 0),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                DAMAGED > 0,
                UNCORRECTED > 0,
                CORRECTED > limit("corrected-warning", 1),
                HOT > limit("hot-warning", 0.5, "pmieconf"),
            ),
        ),
        (
            "critical",
            any_of(
                slope("meminfo.HardwareCorrupted") > 0,
                total(increase("edac.ue_count")) > 0,
            ),
        ),
    ),
    why=(
        "Errors of memory, heat and a slow clock are not load: no change of software removes them, "
        "and they make everything else that is measured look strange. A page that was damaged is "
        "lost with whoever used it."
    ),
    helps=(
        (
            "See what the hardware said: dmesg -T | grep -iE 'mce|edac|hardware error|thermal', "
            "rasdaemon, ipmitool sel list"
        ),
        (
            "Errors that could not be corrected, or more corrected ones every day: replace the module "
            "named by edac"
        ),
        "Heat: fans, dust, air flow, power limits: turbostat, sensors",
        (
            "Clock: why the kernel gave up the better one: dmesg | grep -i clocksource; on virtual "
            "machines enable the paravirtual clock"
        ),
    ),
    does_not_help=(
        "A restart: it clears the counters, not the fault",
        "entropy_avail: it is constant since Linux 5.18 and says nothing",
        "More CPUs for CPUs that are slowed down by heat",
    ),
    culprits=by_hardware.by_device,
)
