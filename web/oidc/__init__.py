"""Signing in with an OpenID Connect provider: authorization code, PKCE, state, nonce, checked issuer."""
