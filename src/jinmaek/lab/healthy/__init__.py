"""What looks bad in some figure, and is fine."""
