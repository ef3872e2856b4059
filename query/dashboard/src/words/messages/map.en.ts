// English: the map of countries.

const map = {
  title: "Around the world",
  summary: (countries: string, unhappiest: string, score: string) => `Visits from ${countries}; the unhappiest with enough of them is ${unhappiest}: ${score} of 100.`,
  summaryFew: (countries: string) => `Visits from ${countries}; too few from each to judge any.`,
  country: ["country", "countries"] as [string, string],
  columns: ["Country", "Happiness", "Page views"],
  label: "Arrow keys go through the countries, those with most visits first; Enter shows only that country.",
  idle: "Point at a country, or use the arrow keys.",
  says: (country: string, score: string, views: string) => `${country}: ${score} of 100, ${views}`,
  few: (country: string, views: string) => `${country}: too few to judge, ${views}`,
  tooFew: "too few to judge",
  fewLegend: "too few",
};
export default map;
