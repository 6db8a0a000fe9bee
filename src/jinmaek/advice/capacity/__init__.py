"""Would more RAM help, when does memory run out, and who grows."""
