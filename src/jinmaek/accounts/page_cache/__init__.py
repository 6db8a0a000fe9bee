"""Who holds the page cache: by file, process, cgroup and file system."""
