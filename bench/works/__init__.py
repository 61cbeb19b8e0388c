"""The works, once for each kind of engine: a module an engine, a function a work.

A function takes its work's numbers as NumPy arrays and returns `run`, which does the work once and returns a few
plain numbers to compare. A module that can't do a work says why in its `LACKS`.
"""
