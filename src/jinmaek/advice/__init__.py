"""What would change something on this host, and what would not: more memory, another sysctl."""
