/** Whom people may sign in with, by the operator's word. */

import { request } from '../lib/api';

export interface SignInProvider {
  name: string;
  label: string;
  start: string;
}

export async function signInProviders(): Promise<SignInProvider[]> {
  try {
    const response = await request('/api/v1/sign-in-providers');
    return ((await response.json()) as { providers: SignInProvider[] }).providers;
  } catch {
    // The other ways to sign in still work.
    return [];
  }
}
