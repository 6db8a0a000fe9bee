"""What the page itself says, as keys of translations; the rest comes with the data, said already."""

from __future__ import annotations

from jinmaek.i18n import tr

WORDS = (
    "CRITICAL", "WARNING", "INFO", "nothing at warning or above",
    "Nothing to do: {count} rules judged, none of them at warning or above.",
    "Nothing could be judged: no rule found what it needs.",
    "moment", "closer", "evidence", "agrees", "unsure", "who", "helps", "does not",
    "Every line is the mean over {step}.", "Drag in a chart to look closer; a click chooses a moment.",
    "Always 0 in this time: {charts}.", "Not recorded: {charts}.", "{count} more devices are not drawn",
    "chart of {title}: from {low} to {high}", "zoomed to {since} – {until}",
    "all of {total}", "residual: in no line of /proc/meminfo", "not recorded at this moment",
    "over the {seconds} before", "load average, 1 min", "CPUs of the host", "sum of the parts",
    "the kernel counted", "unexplained", "on a CPU", "stolen by the hypervisor", "{count} more",
    "process", "pid", "user", "state", "CPUs", "resident memory", "in swap", "read", "written", "threads",
    "sort by {column}", "None of those kept matches.", "all others together",
    (
        "{shown} of {all} processes are kept for each moment: those that used most CPU, memory, swap or I/O, "
        "and those in D or Z. The last line is all others together."
    ),
    "looks bad, is fine", "could not be judged", "gaps in the record",
    "nothing is drawn or counted in a gap", "damaged in the recording", "mended", "lost", "limit changed",
)  # fmt: skip
"""What the scripts of the page look up by its English."""


def words(lang: str) -> dict[str, str]:
    """By their English."""
    return {word: tr(lang, word) for word in WORDS}
