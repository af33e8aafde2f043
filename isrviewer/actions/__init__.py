"""THE table of actions; menus, toolbar, shortcuts, command palette and help sheet are made from it."""
