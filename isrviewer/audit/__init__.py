"""Defect maps under audit: their histories and journals, the queue, what is chosen. No widgets."""
