"""The HTTP API of Prometheus, which VictoriaMetrics, Thanos and Mimir speak too, as a history.

``access`` says how to reach an engine, ``http`` asks it one thing, ``many`` asks several at a time and waits
for none past its deadline, ``answer`` reads what comes back, ``snapshots`` makes
readings of one host of it.
"""
