"use strict";

const root = document.getElementById("swagger-ui");

function csrfToken() {
  const prefix = `${root.dataset.csrfCookie}=`;
  const cookie = document.cookie.split("; ").find((part) => part.startsWith(prefix));
  return cookie ? cookie.slice(prefix.length) : "";
}

// A signed-in browser's session cookie goes along by itself; what writes must prove that it was meant.
function withCsrfToken(request) {
  const sameOrigin = new URL(request.url, location.href).origin === location.origin;
  if (sameOrigin && !["GET", "HEAD"].includes((request.method || "GET").toUpperCase())) {
    request.headers["X-CSRFToken"] = csrfToken();
  }
  return request;
}

SwaggerUIBundle({
  url: root.dataset.schema,
  domNode: root,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  requestInterceptor: withCsrfToken,
});
