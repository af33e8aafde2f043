"""What the chain is given: config fields, calibrations, and their comparison with B."""
