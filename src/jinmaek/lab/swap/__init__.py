"""Chapter 5: swap, the buddy system, reclaim, and when more memory helps."""
