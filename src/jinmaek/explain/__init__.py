"""What the words mean: columns, columns of views, state letters, sysctls, with this host's own figures."""
