"""The lab: boots real virtual machines for the demo and the tests. No part of the wheel."""
