"""The lab: boots real virtual machines for the demo and the tests. Not in the wheel."""
