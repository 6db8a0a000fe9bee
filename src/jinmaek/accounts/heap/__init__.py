"""Where one process grows between two looks, what is in the pages that came, and which tool comes next."""
