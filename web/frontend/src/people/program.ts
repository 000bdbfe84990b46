/** What a User-Agent says to people: `Firefox · Linux`, or what a program calls itself. */

import { texts } from '../texts';

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

const first = (names: [RegExp, string][], agent: string): string | undefined => names.find(([pattern]) => pattern.test(agent))?.[1];

export function programOf(agent: string): string {
  const browser = first(BROWSERS, agent);
  if (browser === undefined) return agent.split(/[\s/]/)[0] || texts.people.account.sessions.unknown;
  const system = first(SYSTEMS, agent);
  return system === undefined ? browser : `${browser} · ${system}`;
}
