// The banner arrives after the page was drawn, and nobody kept a place for it.
addEventListener("load", () =>
  setTimeout(() => {
    const banner = Object.assign(document.createElement("div"), { className: "banner", textContent: "Three for two, this week only!" });
    document.getElementById("banner-place").append(banner);
  }, 400),
);
