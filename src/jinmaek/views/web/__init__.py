"""The page and its API: what the other views show, for a browser and for programs. Nothing here judges."""
