"""Conditions that rules of the catalogue are about, made real."""
