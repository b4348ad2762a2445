(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  root.classList.add("js");
  const kept = (store, name, value) => {
    try {
      if (value === undefined) return store.getItem(name);
      store.setItem(name, value);
    } catch { /* A browser may keep nothing. */ }
    return null;
  };

  // Languages: one choice for the whole page, remembered.
  const groups = all(".group");
  const choose = (language) => groups.forEach((group) => {
    const tabs = all("[role=tab]", group);
    const chosen = tabs.find((tab) => tab.dataset.lang === language) ?? tabs[0];
    tabs.forEach((tab) => {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
    });
    all("[role=tabpanel]", group).forEach((panel) => panel.classList.toggle("on", panel.dataset.lang === chosen.dataset.lang));
  });
  const pick = (tab) => {
    const before = tab.getBoundingClientRect().top;
    choose(tab.dataset.lang);
    kept(localStorage, "dna-language", tab.dataset.lang);
    tab.focus({ preventScroll: true });
    // What the reader looks at stays where it is, whatever the other samples' lengths.
    scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: "instant" });
  };
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) pick(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab) return;
    const tabs = all("[role=tab]", tab.parentElement);
    const at = tabs.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(tabs[(to + tabs.length) % tabs.length]);
  });
  choose(kept(localStorage, "dna-language"));

  // Copying.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const code = button.closest(".code");
    const text = (code.querySelector("[role=tabpanel].on code") ?? code.querySelector("code")).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // The reader's own values: in this tab alone, never sent.
  const places = all("var[data-value]");
  places.forEach((place) => { place.dataset.was = place.textContent; });
  const fill = (field) => places.filter((place) => place.dataset.value === field.dataset.field).forEach((place) => {
    // A value ends no string: what could is left out.
    const value = field.value.trim().replace(/[^\w.:@+~\/=-]/g, "");
    place.textContent = value === "" ? place.dataset.was : place.dataset.quote + value + place.dataset.quote;
  });
  const fields = all("[data-field]");
  fields.forEach((field) => {
    field.value = kept(sessionStorage, `dna-${field.dataset.field}`) ?? "";
    fill(field);
    field.addEventListener("input", () => { kept(sessionStorage, `dna-${field.dataset.field}`, field.value); fill(field); });
  });
  document.querySelector(".values").open = matchMedia("(min-width: 1201px)").matches;
  const form = document.querySelector(".values form");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => fields.forEach((field) => field.dispatchEvent(new Event("input")))));

  // Searching: every word must be in the section.
  const links = all("nav a");
  const sections = links.map((link) => {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    let text = heading.textContent;
    for (let next = heading.nextElementSibling; next && !/^H[1-3]$/.test(next.tagName); next = next.nextElementSibling) text += ` ${next.textContent}`;
    return { link, heading, text: text.toLowerCase() };
  });
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { link, text } of sections) {
      const matches = words.every((word) => text.includes(word));
      link.parentElement.hidden = !matches;
      count += matches;
    }
    found.textContent = words.length === 0 ? "" : count === 0 ? "Nothing found" : count === 1 ? "1 section" : `${count} sections`;
    found.className = count === 0 ? "none" : "hidden";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") sections.find(({ link }) => !link.parentElement.hidden)?.link.click();
    if (event.key === "Escape") { search.value = ""; search.dispatchEvent(new Event("input")); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); search.focus(); }
  });

  // Where the reader is.
  let waiting = false;
  const where = () => {
    waiting = false;
    let here = sections[0];
    for (const section of sections) {
      if (section.heading.getBoundingClientRect().top > 120) break;
      here = section;
    }
    for (const { link } of sections) {
      if (link !== here.link) link.removeAttribute("aria-current");
    }
    if (here.link.hasAttribute("aria-current")) return;
    here.link.setAttribute("aria-current", "location");
    const side = document.getElementById("side");
    const top = here.link.offsetTop;
    if (top < side.scrollTop + 60 || top > side.scrollTop + side.clientHeight - 80) side.scrollTop = top - side.clientHeight / 3;
  };
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(where); } }, { passive: true });
  where();

  // The menu of a small screen.
  const menu = document.getElementById("menu");
  const open = (is) => { root.classList.toggle("open", is); menu.setAttribute("aria-expanded", String(is)); };
  menu.addEventListener("click", () => open(!root.classList.contains("open")));
  document.querySelector("nav").addEventListener("click", () => open(false));
})();
