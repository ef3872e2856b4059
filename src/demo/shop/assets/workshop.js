const tool = (id, use) => document.getElementById(id).addEventListener("click", use);
const said = document.getElementById("said");
const say = (text) => (said.textContent = text);
const busyMs = Number(new URLSearchParams(location.search).get("busy")) || 250;
document.getElementById("busy-ms").textContent = busyMs;

tool("slow-click", () => {
  busy(busyMs);
  say("That was slow.");
});
tool("throw", () => {
  say("Something broke.");
  throw new TypeError("the workshop broke on purpose, see https://luma.example/help?token=s3cr3t#top");
});
tool("reject", () => {
  say("A promise was broken.");
  Promise.reject(new RangeError("nobody minds this promise"));
});
tool("fail", () => {
  fetch("/shop/api/missing?token=s3cr3t").then((answer) => say(`The server said ${answer.status}.`));
});
tool("dead", () => {});
tool("shift", () => {
  // Later than half a second after the click, so that it does not count as what the visitor wanted.
  setTimeout(() => {
    const banner = Object.assign(document.createElement("div"), { className: "banner", textContent: "Mind the shift!" });
    document.querySelector("h1").before(banner);
    say("The page moved.");
  }, 700);
});
tool("time", () => {
  performance.mark("begin");
  setTimeout(() => {
    performance.measure("felt:something", "begin");
    say("Timed.");
  }, 120);
});
tool("ask", () => felt("feedback", { ask: "How did this page feel?", low: "awful", high: "great", comment: "What could be better?" }));
let room = 0;
tool("slow-route", () => {
  room++;
  busy(150);
  history.pushState(null, "", `/shop/workshop/room-${room}?token=s3cr3t`);
  felt("route", "/shop/workshop/:room");
  document.title = `Room ${room}, Luma`;
  const place = document.getElementById("room");
  place.innerHTML = `<section><h2>Room ${room}</h2><p>Another route of the same document, drawn by script, with enough words to be the largest thing that was painted since.</p>
    <img decoding="sync" src="/shop/img/hero.webp?room=${room}" width="800" height="400" alt=""><p><button type="button" class="button" id="inside">Slow click inside</button></p></section>`;
  document.getElementById("inside").addEventListener("click", () => {
    busy(90);
    say("Slow inside.");
  });
});
// A route of this page, loaded or come back to: the workshop itself, without rooms.
addEventListener("popstate", () => {
  if (!location.pathname.includes("room-")) document.getElementById("room").replaceChildren();
});
