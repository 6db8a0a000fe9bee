"""What other tools would have said of the same runs, each of them running for real beside the lab."""
