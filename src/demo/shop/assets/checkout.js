// The checkout is one document: each step is a route.
const stage = document.getElementById("stage");
const STEPS = {
  address: {
    title: "Where to, Luma",
    html: `<h1>Where may we send it?</h1><form class="fields"><label>Name <input name="name" autocomplete="off" required value="A. Visitor"></label>
      <label>Street <input name="street" autocomplete="off" value="Sample street 1"></label><button class="button" id="next">On to payment</button></form>`,
    next: "pay",
  },
  pay: {
    title: "Payment, Luma",
    html: `<h1>How do you pay?</h1><form class="fields"><label><input type="radio" name="how" checked> On invoice</label>
      <label><input type="radio" name="how"> By card</label><button class="button" id="next">Pay</button></form>`,
    next: "done",
  },
  done: { title: "Thank you, Luma", html: `<h1>Thank you!</h1><p>We pack it today.</p><p><a class="button" href="/shop/">Back to the shop</a></p>` },
};

function show(step) {
  const { title, html, next } = STEPS[step];
  const amount = Math.round(cart.total() * 100) / 100;
  document.title = title;
  felt("route", `/shop/checkout/${step}`);
  if (step === "done") {
    felt("step", "checkout", "done", { amount, currency: "EUR" });
    cart.write({});
  } else {
    felt("step", "checkout", step);
  }
  stage.innerHTML = html;
  for (const entry of document.querySelectorAll("#steps li")) entry.toggleAttribute("aria-current", entry.dataset.step === step);
  stage.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    history.pushState(null, "", `/shop/checkout/${next}`);
    show(next);
  });
  felt("usable");
}

const stepOf = () => {
  const step = location.pathname.split("/")[3];
  return step in STEPS ? step : "address";
};
addEventListener("popstate", () => show(stepOf()));
show(stepOf());
