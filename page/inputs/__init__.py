"""What visitors and programs give: uploads, web addresses, archives."""
