const form = document.getElementById("search");
const field = document.getElementById("q");
const find = () => {
  const words = field.value.trim().toLowerCase();
  const began = performance.now();
  // A search that compares everything with everything is what makes real ones slow; this one is only a little careless.
  busy(40);
  const found = ALL.filter((item) => words && item.name.toLowerCase().includes(words));
  document.getElementById("results").replaceChildren(...found.map(card));
  document.getElementById("found").textContent = words ? `${found.length} found` : "";
  felt("timing", "search", performance.now() - began);
};
form.addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
  find();
});
field.value = new URLSearchParams(location.search).get("q") ?? "";
if (field.value) find();
