"""Rules about processes and the numbers they are known by."""
