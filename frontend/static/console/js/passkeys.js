// Passkeys (WebAuthn). A form with data-passkey="get" or "create" asks its data-options address for a ceremony, lets the
// browser do it, puts the answer into its fields "credential" and "state", and is sent as any other form.
// data-conditional: passkeys are offered in the autofill of the sign-in form as well, as soon as the page is there.

const REFUSED = "That did not work. Try again, or use another way.";

const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const withIds = (credentials) => credentials?.map((one) => ({ ...one, id: fromText(one.id) }));

function parsed(options) {
  const found = { ...options, challenge: fromText(options.challenge) };
  if (options.user) found.user = { ...options.user, id: fromText(options.user.id) };
  if (options.excludeCredentials) found.excludeCredentials = withIds(options.excludeCredentials);
  if (options.allowCredentials) found.allowCredentials = withIds(options.allowCredentials);
  return found;
}

function plain(credential) {
  const { response } = credential;
  const members = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) members[name] = toText(response[name]);
  }
  if (response.getTransports) members.transports = response.getTransports();
  const { id, type, authenticatorAttachment } = credential;
  const rawId = toText(credential.rawId);
  return { id, rawId, type, authenticatorAttachment, response: members, clientExtensionResults: {} };
}

async function ceremonyFor(form) {
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json" };
  const answer = await fetch(form.dataset.options, { method: "POST", headers, credentials: "same-origin" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? REFUSED);
  return body.data ?? body;
}

function say(form, text) {
  const place = form.querySelector("[data-passkey-error]");
  if (!place) return;
  place.textContent = text;
  place.hidden = text === "";
}

function send(form, credential, state) {
  form.elements.credential.value = JSON.stringify(plain(credential));
  form.elements.state.value = state;
  form.dataset.ready = "";
  form.requestSubmit();
}

let waiting = null;

async function perform(form, more = {}) {
  waiting?.abort();
  waiting = new AbortController();
  const { options, state } = await ceremonyFor(form);
  const request = { publicKey: parsed(options), signal: waiting.signal, ...more };
  const creates = form.dataset.passkey === "create";
  const credential = await (creates ? navigator.credentials.create(request) : navigator.credentials.get(request));
  if (credential) send(form, credential, state);
}

function explain(form, error) {
  if (error.name === "AbortError") return;
  if (error.name === "InvalidStateError") say(form, "This device has a passkey for you already.");
  else if (error.name === "NotAllowedError") say(form, "Nothing was done: it was cancelled, or took too long.");
  else say(form, error.name === "Error" ? error.message : REFUSED);
}

async function onSubmit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.passkey === undefined || form.dataset.ready !== undefined) return;
  event.preventDefault();
  say(form, "");
  await perform(form).catch((error) => explain(form, error));
}

async function offer(form) {
  form.hidden = false;
  if (form.dataset.conditional === undefined) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  await perform(form, { mediation: "conditional" }).catch((error) => explain(form, error));
}

if (window.PublicKeyCredential) {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.querySelectorAll("form[data-passkey]").forEach(offer);
} else {
  document.querySelectorAll("[data-without-passkeys]").forEach((part) => (part.hidden = false));
}
