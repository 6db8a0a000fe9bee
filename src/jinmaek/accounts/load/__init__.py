"""What the load average is made of: who runs or waits for a CPU, who is in D, and what each waits for."""
