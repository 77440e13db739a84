// oidc-provider from npm, set up as a provider by OIDC Sweden's profile and signature extension, for the e-ID tests.
//
// node server.js CONFIGURATION.json: {port, clients, people, signer, loa}. Every check of the protocol is the
// library's; ours are the words of the profile, two pages that testlegitimation's walk can fill in, and where the
// signature comes from: `signer` is an address on this machine that signs as BankID does.
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Provider, errors, interactionPolicy } from 'oidc-provider';

const told = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `http://localhost:${told.port}`;
const CLAIM = 'https://id.oidc.se/claim/';
const PARAM = 'https://id.oidc.se/param/';
const SCOPE = 'https://id.oidc.se/scope/';
const DISCO = 'https://id.oidc.se/disco/';
const SIGN = `${SCOPE}sign`;
const NAMES = ['family_name', 'given_name', 'name', 'birthdate'];
const NUMBERS = [`${CLAIM}personalIdentityNumber`, `${CLAIM}coordinationNumber`];

const pairwise = randomBytes(32);
const signedObjects = new WeakMap(); // a request's context -> the claims of its signed Request Object
const signatures = new Map(); // a grant's id -> what was signed under it

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'ES256' };
}

function person(number) {
  const known = told.people.find((one) => one.personnummer === number);
  return { personnummer: number, given_name: 'Test', family_name: 'Okänd', ...known };
}

function numberClaim(number) {
  return { [NUMBERS[Number(number.slice(6, 8)) > 60 ? 1 : 0]]: number };
}

// The library turns an object in a Request Object into text; the profile's own parameters are put back as JSON.
function objectParameter(name) {
  return (ctx, value) => {
    const signed = signedObjects.get(ctx)?.[name];
    if (value === undefined) return;
    if (typeof signed !== 'object') throw new errors.InvalidRequest(`${name} must be an object in the Request Object`);
    ctx.oidc.params[name] = JSON.stringify(signed);
  };
}

function checkSignRequest(claims) {
  const wanted = claims[`${PARAM}signRequest`];
  const signs = String(claims.scope).split(' ').includes(SIGN);
  if (signs !== Boolean(wanted)) throw new errors.InvalidRequest('the scope sign and signRequest belong together');
  if (!signs) return;
  const prompts = String(claims.prompt).split(' ');
  if (!prompts.includes('login') || !prompts.includes('consent')) {
    throw new errors.InvalidRequest('prompt must contain login and consent');
  }
  if (!wanted.tbs_data || !wanted.sign_message) throw new errors.InvalidRequest('signRequest lacks a part');
}

function released(number, token) {
  const who = person(number);
  const names = { ...who, name: `${who.given_name} ${who.family_name}` };
  const event = {
    txn: token?.grantId,
    [`${CLAIM}authnProvider`]: 'urn:testlegitimation:bankid',
    [`${CLAIM}deviceIp`]: '127.0.0.1',
  };
  const made = signatures.get(token?.grantId);
  const signed = made
    ? { [`${CLAIM}userSignature`]: made.signature, [`${CLAIM}authnEvidence`]: made.ocsp }
    : {};
  return {
    id_token: { ...numberClaim(number), ...event, ...signed },
    userinfo: { ...numberClaim(number), ...Object.fromEntries(NAMES.map((name) => [name, names[name]])) },
  };
}

const configuration = {
  clients: told.clients.map((client) => ({
    grant_types: ['authorization_code'],
    response_types: ['code'],
    subject_type: 'pairwise',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    request_object_signing_alg: 'ES256',
    require_signed_request_object: true,
    id_token_signed_response_alg: 'ES256',
    userinfo_signed_response_alg: 'ES256',
    require_auth_time: true,
    ...client,
  })),
  jwks: { keys: [signingKey()] },
  cookies: { keys: [randomBytes(16).toString('hex')], long: { httpOnly: true, sameSite: 'none' } },
  acrValues: [told.loa],
  scopes: ['openid'],
  claims: {
    openid: ['sub'],
    [`${SCOPE}naturalPersonInfo`]: NAMES,
    [`${SCOPE}naturalPersonNumber`]: NUMBERS,
    [SIGN]: [`${CLAIM}userSignature`],
    ...Object.fromEntries(['authnProvider', 'deviceIp', 'authnEvidence'].map((name) => [CLAIM + name, null])),
    txn: null,
    acr: null,
    auth_time: null,
    sid: null,
    iss: null,
  },
  // A request is posted: with a text to sign it is too long for an address.
  enableHttpPostMethods: true,
  // The profile has the number and the signature in the ID Token for their scopes.
  conformIdTokenClaims: false,
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (_ctx, number, client) =>
    createHmac('sha256', pairwise).update(`${client.clientId}\0${number}`).digest('hex'),
  findAccount: (_ctx, number, token) => ({
    accountId: number,
    claims: (use) => ({ sub: number, ...released(number, token)[use] }),
  }),
  responseTypes: ['code'],
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: ['ES256'],
    idTokenSigningAlgValues: ['ES256'],
    requestObjectSigningAlgValues: ['ES256'],
    userinfoSigningAlgValues: ['ES256'],
  },
  pkce: { required: () => true },
  extraParams: {
    [`${PARAM}signRequest`]: objectParameter(`${PARAM}signRequest`),
    [`${PARAM}userMessage`]: objectParameter(`${PARAM}userMessage`),
    [`${PARAM}authnProvider`]: () => {},
  },
  features: {
    claimsParameter: { enabled: true },
    devInteractions: { enabled: false },
    jwtUserinfo: { enabled: true },
    requestObjects: {
      enabled: true,
      requireSignedRequestObject: true,
      assertJwtClaimsAndHeader: (ctx, claims) => {
        checkSignRequest(claims);
        signedObjects.set(ctx, claims);
      },
    },
  },
  discovery: {
    [`${DISCO}userMessageSupported`]: true,
    [`${DISCO}userMessageSupportedMimeTypes`]: ['text/plain'],
    [`${DISCO}authnProviderSupported`]: true,
    ui_locales_supported: ['sv', 'en'],
  },
  interactions: { policy: interactionPolicy.base(), url: (_ctx, one) => `/prov/${one.uid}` },
  // Nothing of an earlier visit counts: each one asks the person again.
  loadExistingGrant: async (ctx) => {
    const id = ctx.oidc.result?.consent?.grantId;
    return id ? provider.Grant.find(id) : undefined;
  },
  renderError: (ctx, out) => {
    ctx.type = 'text/plain';
    ctx.body = `${out.error}: ${out.error_description}`;
  },
  // Nobody stays logged in there, so what a visit gave does not end with the next one in the same browser.
  expiresWithSession: () => false,
  ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
};

const provider = new Provider(issuer, configuration);
for (const event of ['authorization.error', 'grant.error', 'userinfo.error', 'server_error']) {
  provider.on(event, (_ctx, fault) => process.stderr.write(`${event} ${fault.error_detail ?? fault.stack}\n`));
}

async function grantFor(details, number) {
  const grant = new provider.Grant({ accountId: number, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  const asked = Object.values(JSON.parse(details.params.claims ?? '{}')).flatMap((one) => Object.keys(one));
  grant.addOIDCClaims([...asked, ...NUMBERS]);
  return grant.save();
}

function isExpected(details, number) {
  const bound = JSON.parse(details.params.claims ?? '{}').id_token ?? {};
  return NUMBERS.every((name) => !bound[name]?.value || numberClaim(number)[name] === bound[name].value);
}

function signRequest(details) {
  return details.params[`${PARAM}signRequest`] && JSON.parse(details.params[`${PARAM}signRequest`]);
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}

function page(details) {
  const asked = signRequest(details);
  const step = details.prompt.name === 'login' ? 'who' : 'text';
  const text = step === 'text' ? Buffer.from(asked.sign_message['message#sv'], 'base64').toString('utf8') : '';
  return `<!doctype html><html lang="sv"><title>TESTMILJÖ</title><main><pre>${escaped(text)}</pre>
<form method="post" action="/prov/${details.uid}" data-step="${step}" data-signing="${asked ? 'yes' : 'no'}">
<input name="personnummer"><input name="action"></form></main></html>`;
}

const refused = (description) => ({ error: 'access_denied', error_description: description });

async function answered(details, fields) {
  if (fields.get('action') !== 'ok') return refused('the person did not go on');
  if (details.prompt.name === 'login') {
    const number = fields.get('personnummer');
    if (!isExpected(details, number)) return refused('another person than the one asked for');
    const login = { accountId: number, acr: told.loa, remember: false };
    // At a signing the grant waits for the page with the text: prompt=consent.
    return signRequest(details) ? { login } : { login, consent: { grantId: await grantFor(details, number) } };
  }
  const { accountId } = details.session;
  const grantId = await grantFor(details, accountId);
  const wanted = { ...signRequest(details), person: person(accountId) };
  const made = await fetch(told.signer, { method: 'POST', body: JSON.stringify(wanted) });
  if (!made.ok) throw new Error(`the signer answered ${made.status}`);
  signatures.set(grantId, await made.json());
  return { consent: { grantId } };
}

async function interaction(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page(details));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const result = await answered(details, new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: !result.error });
}

const standard = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/prov/')) {
    standard(request, response);
    return;
  }
  interaction(request, response).catch((fault) => {
    process.stderr.write(`${fault.stack}\n`);
    response.writeHead(500).end('fel');
  });
}).listen(told.port, '127.0.0.1', () => process.stdout.write(`TESTMILJÖ: ${issuer}\n`));
