"""Checks: pure functions from facts to results. They read nothing themselves."""
