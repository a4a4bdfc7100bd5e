"""What the bot does, one subject a file, as discord.py's cogs."""
