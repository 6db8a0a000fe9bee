"""Arrange what is known for people and programs; never judge, never open a kernel file."""
