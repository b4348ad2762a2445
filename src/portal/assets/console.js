(async () => {
  "use strict";
  const { base } = document.body.dataset;
  const place = document.getElementById("console");
  document.querySelector(".skip").addEventListener("click", () => place.focus());
  const say = (text) => {
    const note = document.createElement("p");
    note.className = "note";
    note.setAttribute("role", "alert");
    note.textContent = text;
    place.replaceChildren(note);
  };
  let description;
  try {
    const reply = await fetch(`${base}/openapi.json`);
    if (!reply.ok) throw new Error(String(reply.status));
    description = await reply.json();
  } catch {
    say("The description of the API did not arrive. Load the page again.");
    return;
  }

  const at = (value) => (value?.$ref ? value.$ref.slice(2).split("/").reduce((place, name) => place[name], description) : value);
  const { parameters, requestBodies, securitySchemes } = description.components;
  // These are other names of what stands under /api.
  for (const path of Object.keys(description.paths).filter((path) => path.startsWith("/oauth/"))) delete description.paths[path];
  const operations = Object.values(description.paths).flatMap((path) => Object.values(path)).filter(({ operationId }) => operationId);

  // A server behind a path of another one's has that path before its own.
  description.servers = [{ url: base || "/" }];
  for (const { externalDocs } of operations) externalDocs.url = base + externalDocs.url;
  for (const flow of Object.values(securitySchemes).flatMap(({ flows }) => Object.values(flows ?? {}))) {
    for (const name of ["tokenUrl", "refreshUrl"]) if (flow[name]) flow[name] = base + flow[name];
  }

  // A login does what Basic does, and more.
  delete securitySchemes.basic;
  for (const operation of operations) operation.security = operation.security.filter((way) => !("basic" in way));

  // An example is filled in, and sent. What may be left out begins empty: an example of a filter or of a condition would
  // find nothing. What a body holds is not offered for the URL too, where it would contradict the body.
  for (const parameter of Object.values(parameters)) if (!parameter.required) delete parameter.example;
  for (const body of Object.values(requestBodies)) {
    const { "application/json": json, ...others } = body.content;
    if (json) body.content = { "application/json": json, ...others }; // The first is what is chosen.
  }
  for (const operation of operations.filter(({ requestBody }) => requestBody)) {
    const held = at(at(operation.requestBody).content["application/json"]?.schema)?.properties ?? {};
    operation.parameters = operation.parameters?.filter((one) => at(one).in !== "query" || !(at(one).name in held));
  }

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", shade);
  shade();

  // What was pasted into the samples, in this tab.
  const pasted = (name) => {
    try {
      return sessionStorage.getItem(`dna-${name}`) ?? "";
    } catch { /* A browser may keep nothing. */ }
    return "";
  };
  // Swagger UI leaves some of its controls without a name or out of the keyboard's reach, and names others otherwise than
  // they read.
  const lacking = [
    [".close-modal", "aria-label", "Close"],
    [".operation-filter-input", "aria-label", "Filter by tag or path"],
    [".body-param__text", "aria-label", "Body"],
    [".examples-select-element", "aria-label", "Example"],
    [".modal-ux", "aria-label", "Available authorizations"],
    [".modal-ux", "aria-modal", "true"],
    ["pre.microlight", "tabindex", "0"],
  ];
  const named = () => {
    for (const [selector, attribute, value] of lacking) {
      for (const element of place.querySelectorAll(`${selector}:not([${attribute}])`)) element.setAttribute(attribute, value);
    }
    for (const button of place.querySelectorAll(".auth-btn-wrapper [aria-label]")) button.removeAttribute("aria-label");
    // It would begin at its last field.
    const dialog = place.querySelector(".modal-ux:not([role])");
    dialog?.setAttribute("role", "dialog");
    dialog?.querySelector("input")?.focus();
  };
  new MutationObserver(named).observe(place, { childList: true, subtree: true });

  const ui = SwaggerUIBundle({
    spec: description,
    domNode: place,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    tryItOutEnabled: true,
    validatorUrl: null,
    onComplete: () => {
      if (pasted("token")) ui.preauthorizeApiKey("bearer", pasted("token"));
    },
  });
  ui.initOAuth({ clientId: pasted("client_id") });
})();
