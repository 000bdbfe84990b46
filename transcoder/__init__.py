"""From encoded media to CMAF parts, segments and playlists."""
