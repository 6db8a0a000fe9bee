"""The full-screen view: a host now, or at a recorded moment. Screens arrange, they never judge."""
