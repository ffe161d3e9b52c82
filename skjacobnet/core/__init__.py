"""What parts of all kinds share: names and arguments, checks, buffers, blocks."""
