/** Every emoji with its short name and words to find it by; loaded when somebody looks for one. */

export interface Emoji {
  text: string;
  name: string;
  words: readonly string[];
}

export interface EmojiGroup {
  name: string;
  emoji: readonly Emoji[];
}

let loaded: ReadonlyMap<string, string> = new Map();
let loading: Promise<readonly EmojiGroup[]> | null = null;

export function emojiGroups(): Promise<readonly EmojiGroup[]> {
  loading ??= import('./emoji.txt?raw').then(({ default: text }) => {
    const groups = readEmoji(text);
    loaded = new Map(groups.flatMap((group) => group.emoji.map((one) => [one.name, one.text] as const)));
    return groups;
  });
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

/** `:tada:` as the emoji, where it is no emote of the channel; once somebody has looked for one. */
export function withEmoji(text: string, emotes: ReadonlyMap<string, string>, known = loaded): string {
  return text.replace(/(?<=^|\s):([a-z0-9_+-]+):(?=\s|$)/giu, (typed, name: string) => (emotes.has(name.toLowerCase()) ? typed : (known.get(name.toLowerCase()) ?? typed)));
}

/** A group begins with `# name`; a line is an emoji, its short name, more words. */
export function readEmoji(text: string): EmojiGroup[] {
  const groups: { name: string; emoji: Emoji[] }[] = [];
  for (const line of text.split('\n')) {
    const [first, name, ...words] = line.split(' ');
    if (first === '#') groups.push({ name: name ?? '', emoji: [] });
    else if (first && name) groups.at(-1)?.emoji.push({ text: first, name, words });
  }
  return groups;
}
