/** The chat where it stands beside something else: loaded after it, so that the picture comes first. */

import '../styles/chat.css';
import './panel';
