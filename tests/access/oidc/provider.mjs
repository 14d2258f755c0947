// A certified OpenID Connect provider (npm oidc-provider) on loopback, for tests: node provider.mjs MODULES PORT KEYS CALLBACK
// MODULES is a node_modules folder, KEYS a private JWKS. Whoever signs in names himself; his groups stand behind a plus sign.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, port, keys, callback] = process.argv.slice(2);
const main = createRequire(pathToFileURL(`${modules}/`)).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(main));
const client = { redirect_uris: [callback], grant_types: ["authorization_code"], response_types: ["code"] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { client_id: "aitia", client_secret: "a-secret-of-the-client", ...client },
    { client_id: "public", token_endpoint_auth_method: "none", ...client },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
  conformIdTokenClaims: process.env.IN_USERINFO === "1",
  cookies: { keys: ["only-for-tests"] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id.split("+")[0], groups: id.split("+").slice(1) }),
  }),
  jwks: JSON.parse(keys),
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
