"""The campaigns: long runs of what `./inv test` tries a fixed-seed part of. `campaign` is what they share."""
