"""Panels of the audit: defects one by one, as a table, against another map, on the focal plane."""
