const item = product(location.pathname.split("/")[3]) ?? ALL[0];
const at = (id) => document.getElementById(id);
let amount = 1;
const setAmount = (next) => {
  amount = Math.max(1, Math.min(99, next));
  at("amount").textContent = amount;
};

Object.assign(at("picture"), { src: item.picture, alt: item.name, className: item.tint });
at("name").textContent = item.name;
at("price").textContent = money(item.price);
at("story").textContent = item.story;
Object.assign(at("up"), { href: `/shop/c/${item.category}`, textContent: item.category });
document.title = `${item.name}, Luma`;
at("related").append(...ALL.filter((other) => other.id % 10 === item.id % 10 && other !== item).map(card));

at("less").addEventListener("click", () => setAmount(amount - 1));
at("more").addEventListener("click", () => setAmount(amount + 1));
at("add").addEventListener("click", () => {
  cart.add(item.id, amount);
  at("added").textContent = "It is in your cart.";
});
// From here on a visitor can do what they came for.
felt("usable");
