const lines = cart.lines();
document.getElementById("lines").append(
  ...lines.map(({ item, amount }) => {
    const line = document.createElement("li");
    const picture = Object.assign(new Image(72, 72), { src: item.picture, alt: "", className: item.tint });
    const name = Object.assign(document.createElement("a"), { href: `/shop/p/${item.id}`, textContent: item.name });
    const price = Object.assign(document.createElement("span"), { textContent: `${amount} × ${money(item.price)}` });
    line.append(picture, name, price);
    return line;
  }),
);
document.getElementById("total").textContent = money(cart.total());
document.getElementById("checkout").hidden = !lines.length;
if (lines.length) felt("step", "checkout", "cart");
else document.getElementById("lines").replaceWith("There is nothing in it yet.");
