"""What each venue can do and lets itself be asked, one file a venue: data only."""
