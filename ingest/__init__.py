"""Publishers: WHIP sessions, their encoded media, and the feed a transcoder reads."""
