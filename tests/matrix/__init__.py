"""Tests that boot more machines, or for longer, than `make test` has time for: `make matrix`."""
