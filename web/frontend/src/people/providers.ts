/** Whom people may sign in with, by the operator's word. */

import { rest, type SignInProvider } from '../lib/rest';

export async function signInProviders(): Promise<SignInProvider[]> {
  try {
    return (await rest.logins.providers()).providers;
  } catch {
    // The other ways to sign in still work.
    return [];
  }
}
