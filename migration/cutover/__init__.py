"""The cutover: from a GO decision to people on v2, and back when anything fails. `conduct` is the way in."""
