// A certified OpenID provider (panva's oidc-provider) for the tests: oidc-provider.mjs PORT REDIRECT_URI
// Its sign-in page takes any name and password; the name becomes the subject.
import Provider from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'fanlight',
      client_secret: 'a secret of the tests, at least 32 bytes long',
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
  // The claims stand in the ID token, as most providers have it.
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { keys: ['a key of the tests'] },
  async findAccount(_, subject) {
    return {
      accountId: subject,
      claims: () => ({ sub: subject, name: `${subject} of the provider`, preferred_username: subject, email: `${subject}@example.org`, email_verified: true }),
    };
  },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
