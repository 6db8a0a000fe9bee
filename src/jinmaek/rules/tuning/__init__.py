"""Rules about settings that do not fit what the counters show."""
