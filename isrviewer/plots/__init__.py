"""What the panels with numbers share: a plot, a table, choosers, export, and work beside the GUI thread."""
