"""Remote hands: commands from the page, and what they do."""
