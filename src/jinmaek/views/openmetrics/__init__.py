"""What a host tells as metrics, under the names node_exporter, cAdvisor and process-exporter use for it.

``series`` are families and their samples, ``tables`` makes them of rows of kernel tables, ``groups`` of
processes, ``verdicts`` of what the judge said; ``text`` writes them for who scrapes.
"""
