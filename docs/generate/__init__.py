"""Writes the documents and stubs that follow from the code: `python -m docs.generate`."""
