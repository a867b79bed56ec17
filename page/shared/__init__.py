"""What several tabs use: drawing, charts, pictures, settings."""
