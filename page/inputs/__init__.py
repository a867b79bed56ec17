"""Inputs of visitors and programs: uploads, URLs, archives, camera pictures."""
