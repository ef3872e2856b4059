// What Luma sells: forty things in four categories, from a few words each.
const CATEGORIES = {
  lamps: { one: "lamp", lead: "For reading, for thinking, for the corner that was always too dark." },
  chairs: { one: "chair", lead: "To sit well for an hour, and for thirty years." },
  tables: { one: "table", lead: "Oak, ash and steel, with room for elbows." },
  shelves: { one: "shelf", lead: "They carry more books than you will admit to." },
};
const NAMES = ["Aava", "Birk", "Cielo", "Dune", "Elva", "Fjell", "Gale", "Holm", "Isla", "Juno"];
const KINDS = Object.keys(CATEGORIES);

function product(id) {
  const number = Number(id) - 100;
  if (!(number >= 0 && number < 40)) return undefined;
  const category = KINDS[number % 4];
  const name = `${NAMES[Math.floor(number / 4)]} ${CATEGORIES[category].one}`;
  return {
    id: number + 100,
    category,
    name,
    price: 19 + ((number * 37) % 280) + 0.9,
    picture: `/shop/img/${CATEGORIES[category].one}-${1 + (Math.floor(number / 4) % 2)}.svg`,
    tint: `tint-${Math.floor(number / 4) % 5}`,
    story: `${name} is made of what grows near by, packed without plastic, and every part of it can be bought again.`,
  };
}

const ALL = Array.from({ length: 40 }, (_, number) => product(100 + number));
const money = (amount) => `${amount.toFixed(2)} €`;

function card(item) {
  const entry = document.createElement("li");
  entry.className = "card";
  const link = document.createElement("a");
  link.href = `/shop/p/${item.id}`;
  const image = Object.assign(new Image(320, 320), { src: item.picture, alt: "", className: item.tint });
  const name = Object.assign(document.createElement("strong"), { textContent: item.name });
  const price = Object.assign(document.createElement("span"), { textContent: money(item.price) });
  link.append(image, name, price);
  entry.append(link);
  return entry;
}
