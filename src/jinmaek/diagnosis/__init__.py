"""What a rule may say, what it means, and who is to blame."""
