/** The page's policy lets no text become a script (Trusted Types, where the browser knows them); this is the one exception. */

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): unknown;
}

/** Let this worker be started by its address, and nothing else. */
export function trustWorker(address: string): void {
  const factory = (window as unknown as { trustedTypes?: Factory }).trustedTypes;
  const trusted = new URL(address, location.href).href;
  factory?.createPolicy('default', {
    createScriptURL: (url) => {
      if (url === trusted) return url;
      throw new TypeError('This script is not one of ours.');
    },
  });
}
