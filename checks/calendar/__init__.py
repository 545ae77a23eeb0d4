"""PERM Tracker's date rules, second implementation: what v2 computes from dates, bad ones included.

Pure: text and numbers in, text and numbers out; no clock, no connection. `days` and `reading` are the ground
(instants, and the three ways in which v2 reads a date), the others are the rules, `functions` names all 35 of
them as the vector files do. The mapping has its own; neither knows the other.

Where v2 has a defect (New Year observed on December 31, 2024-02-30 rolling over), it is kept: what is checked
is what v2 will compute.
"""
