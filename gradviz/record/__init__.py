"""Watches a running script and writes a trace: the only stair between the engine and the trace."""
