import type { Channel } from '../lib/rest';
import type { FeedState } from '../lib/feed';

/** What the feed means for the player. */
export function serverSays(feed: FeedState<Channel>): Channel | 'loading' | 'missing' | 'error' {
  if (feed.kind === 'value') return feed.value;
  if (feed.kind === 'loading') return 'loading';
  return feed.error.status === 404 || feed.error.status === 400 ? 'missing' : 'error';
}
