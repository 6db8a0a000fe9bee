"""Rules about the memory of the kernel itself."""
