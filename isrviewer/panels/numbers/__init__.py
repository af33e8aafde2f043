"""Panels with numbers: histories of pixels, cuts, statistics, overscan, amplifiers."""
