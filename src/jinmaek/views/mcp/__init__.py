"""Answers for assistants: bounded, and with what comes from the host marked as untrusted."""
