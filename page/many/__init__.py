"""The Many photos tab: files and archives to one table."""
