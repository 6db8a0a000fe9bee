"""Chapter 4: free, buffers, cached, and the kernel's own memory."""
