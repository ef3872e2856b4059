// Draws static/world.svg, the outlines of the countries for the map: one path a country, named by its ISO code of two
// letters. Run by hand, `npm run world`, when the outlines change; the file is kept, so that a build needs none of this.
// Outlines: Natural Earth 1:110m, which is in the public domain, as the package world-atlas has them. Projection: Equal
// Earth (doi:10.1080/13658816.2018.1504949): areas compare truly, and a large north does not look important.

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const codes = new Map(require("i18n-iso-countries/codes.json").map(([alpha2, , numeric]) => [numeric, alpha2]));
const world = JSON.parse(readFileSync(require.resolve("world-atlas/countries-110m.json"), "utf8"));

const WIDTH = 800;
/** Rings smaller than this, in square units of the drawing, are dust: left out, unless a country has no other. */
const RING_AREA_MIN = 1.5;
/** Nobody lives there who visits; without it the map is a quarter lower. */
const LEFT_OUT = new Set(["AQ"]);

const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;

function project([longitude, latitude]) {
  const theta = Math.asin(M * Math.sin((latitude * Math.PI) / 180));
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  const x = ((longitude * Math.PI) / 180) * Math.cos(theta) / (M * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2)));
  return [x, theta * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))];
}

const scale = WIDTH / (2 * project([180, 0])[0]);
const top = project([0, 84])[1];
const bottom = project([0, -56])[1];
const place = (point) => {
  const [x, y] = project(point);
  return [Math.round(x * scale + WIDTH / 2), Math.round((top - y) * scale)];
};

const { scale: [sx, sy], translate: [tx, ty] } = world.transform;
const arcs = world.arcs.map((arc) => {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => [(x += dx) * sx + tx, (y += dy) * sy + ty]);
});
const arcOf = (index) => (index < 0 ? [...arcs[~index]].reverse() : arcs[index]);

/** The ring of these arcs; one that crosses the 180th meridian becomes two, each up to it. */
function ringsOf(indexes) {
  let last = null;
  const ring = indexes.flatMap((index, at) => arcOf(index).slice(at === 0 ? 0 : 1)).map(([longitude, latitude]) => {
    if (last !== null) longitude += 360 * Math.round((last - longitude) / 360);
    last = longitude;
    return [longitude, latitude];
  });
  const [west, east] = [Math.min, Math.max].map((end) => end(...ring.map(([longitude]) => longitude)));
  const shifts = [-360, 0, 360].filter((shift) => west + shift < 179.99 && east + shift > -179.99);
  return shifts.map((shift) => simplified(ring.map(([longitude, latitude]) => [Math.min(180, Math.max(-180, longitude + shift)), latitude])));
}

/** A ring on whole units, without the points that then say nothing. */
function simplified(ring) {
  const points = ring.map(place);
  const moved = points.filter(([x, y], at) => at === 0 || x !== points[at - 1][0] || y !== points[at - 1][1]);
  return moved.filter(([x, y], at) => {
    const [before, after] = [moved[at - 1], moved[at + 1]];
    return before === undefined || after === undefined || (x - before[0]) * (after[1] - y) !== (y - before[1]) * (after[0] - x);
  });
}

const areaOf = (ring) => Math.abs(ring.reduce((sum, [x, y], at) => { const [a, b] = ring[(at + 1) % ring.length]; return sum + x * b - a * y; }, 0)) / 2;

function pathOf(ring) {
  let [x, y] = ring[0];
  const steps = ring.slice(1, -1).map(([a, b]) => {
    const step = `${a - x} ${b - y}`.replace(" -", "-");
    [x, y] = [a, b];
    return step;
  });
  return `M${ring[0].join(" ")}l${steps.join(" ").replaceAll(" -", "-")}z`;
}

const paths = world.objects.countries.geometries.flatMap((country) => {
  const code = codes.get(country.id);
  if (code === undefined || LEFT_OUT.has(code)) return [];
  const rings = (country.type === "Polygon" ? [country.arcs] : country.arcs).flatMap((polygon) => ringsOf(polygon[0])).filter((ring) => ring.length > 3);
  const large = rings.filter((ring) => areaOf(ring) >= RING_AREA_MIN);
  const drawn = large.length > 0 ? large : rings.slice(0, 1);
  return drawn.length === 0 ? [] : [`<path id="${code}" d="${drawn.map(pathOf).join("")}"/>`];
});
const height = Math.round((top - bottom) * scale);
writeFileSync(new URL("static/world.svg", import.meta.url), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">\n${paths.sort().join("\n")}\n</svg>\n`);
