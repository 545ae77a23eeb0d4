"""What v2 ought to hold, worked out from v1's rows alone: the second reading of decision 0001.

Nothing here is shared with `migration`, and nothing here reads the target: rows in, expected documents out.
"""
