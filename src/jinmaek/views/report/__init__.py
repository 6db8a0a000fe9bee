"""A report of a part of a recording: one document, as a page that opens anywhere, as Markdown, or as JSON.

``document`` gathers what diagnosis and accounts say; ``page`` and ``markdown`` arrange it.
"""
