"""What links in a chat lead to, in words: for rooms whose team switched that on."""
