"""Pictures and tables of a trace: format <- rows <- table, exports and the diagram."""
