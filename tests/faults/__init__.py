"""A table of faults in exports, and the alarm that rings for each."""
