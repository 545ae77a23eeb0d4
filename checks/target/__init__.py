"""The target, read from the bytes of its exports by the checks' own decoder."""
