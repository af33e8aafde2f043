"""What the actions on defect maps do."""
