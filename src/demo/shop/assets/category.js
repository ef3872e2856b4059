const kind = location.pathname.split("/")[3];
const range = ALL.filter((item) => item.category === kind);
const list = document.getElementById("products");
const show = (order) => {
  const by = { name: (a, b) => a.name.localeCompare(b.name), price: (a, b) => a.price - b.price };
  list.replaceChildren(...range.sort(by[order]).map(card));
};
const title = kind in CATEGORIES ? kind[0].toUpperCase() + kind.slice(1) : "Nothing here";
document.getElementById("category").textContent = title;
document.getElementById("category-lead").textContent = CATEGORIES[kind]?.lead ?? "We do not sell that.";
document.title = `${title}, Luma`;
document.getElementById("sort").addEventListener("change", (event) => show(event.target.value));
show("name");
