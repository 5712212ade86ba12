"""The main window and what frames the views: menus, docks, caption, status."""
