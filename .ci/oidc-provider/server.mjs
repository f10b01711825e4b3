// The certified OpenID Connect provider for Node, on loopback, with one client and people who are whoever they say.
import * as http from 'node:http';
import Provider from 'oidc-provider';

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'platform', client_secret: 'a secret of theirs', redirect_uris: [redirectUri],
    grant_types: ['authorization_code'], response_types: ['code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@acme.example`, email_verified: true, name: 'Ada King' }),
  }),
  cookies: { keys: ['of this run alone'] },
});
http.createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('ready'));
