/** Browser storage that may be forbidden; then nothing is remembered, and nothing breaks. */

export function remember(name: string, value: string, where: 'local' | 'session' = 'local'): void {
  try {
    (where === 'local' ? localStorage : sessionStorage).setItem(`fanlight.${name}`, value);
  } catch {
    // Forbidden or full.
  }
}

export function recall(name: string, where: 'local' | 'session' = 'local'): string | null {
  try {
    return (where === 'local' ? localStorage : sessionStorage).getItem(`fanlight.${name}`);
  } catch {
    return null;
  }
}

export function forget(name: string, where: 'local' | 'session' = 'local'): void {
  try {
    (where === 'local' ? localStorage : sessionStorage).removeItem(`fanlight.${name}`);
  } catch {
    // Forbidden.
  }
}
