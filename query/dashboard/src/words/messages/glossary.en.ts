// English: the words of the screens, each with its meaning in one or two sentences: what a popover shows.
// Limits of LCP, INP and CLS: https://web.dev/articles/defining-core-web-vitals-thresholds

const glossary = {
  happiness: {
    word: "Happiness",
    meaning:
      "0 to 100. Every page view is judged by its worst moment: how long it took to open and to react, whether it jumped, whether it broke. A delightful view gives all points, an annoying one three quarters, a painful one a quarter, a brutal one none.",
  },
  interval: {
    word: "Most likely between",
    meaning: "With other visitors in the same mood, chance alone would move the number within this span 95 times out of 100. More visits make it narrower.",
  },
  delighted: { word: "Delighted", meaning: "Everything was quick and steady: opened within 2.5 s, reacted within 0.2 s, hardly moved." },
  annoying: { word: "Annoying", meaning: "Noticeably slow or restless, such as 2.5 to 4 s until it opened, or a small error." },
  painful: { word: "Painful", meaning: "It hurt: 4 to 8 s until it opened, up to a second without reaction, or angry clicking." },
  brutal: { word: "Brutal", meaning: "The page failed, or was so slow that few would wait: over 8 s to open, or over a second to react." },
  lcp: {
    word: "Opening (LCP)",
    meaning: "Largest Contentful Paint: how long until the main part of the page could be seen. Good is 2.5 s or less, poor is over 4 s.",
  },
  inp: {
    word: "Reacting (INP)",
    meaning: "Interaction to Next Paint: how long the page took to show anything after a click, a tap or a key. Good is 200 ms or less, poor is over 500 ms.",
  },
  cls: {
    word: "Jumping (CLS)",
    meaning: "Cumulative Layout Shift: how much of the page moved under the reader's eyes or fingers. 0 is steady, good is 0.1 or less, poor is over 0.25.",
  },
  p75: {
    word: "Three out of four",
    meaning: "Three of four page views were at least this good, one was worse. It is called the 75th percentile (p75), and it is what search engines judge by.",
  },
  p50: { word: "Half", meaning: "The middle one: half of the page views were quicker, half were slower (the median, p50)." },
  p95: { word: "Nineteen of twenty", meaning: "One page view of twenty was slower still (the 95th percentile, p95)." },
  views: { word: "Page views", meaning: "How often a page was opened and seen. However often a browser reports about it, it counts once." },
  lost: {
    word: "Happiness lost",
    meaning: "How unhappy a page made its visitors, times how many there were: where mending pays most.",
  },
  few: { word: "Too few to judge", meaning: "Under 30 page views: the number would say more about chance than about your site." },
  small: { word: "Few visits", meaning: "Under 100 page views: the number is rough, so it carries no verdict." },
  worse: {
    word: "Worse than the rest",
    meaning: "The whole span of chance for this row lies below that of all the other rows together: hardly a coincidence.",
  },
  release: { word: "Release", meaning: "The version of your site that was running, as the site itself reports it." },
  who: { word: "Humans and bots", meaning: "Programs that visit your pages, such as search engines, are recognised and kept apart. They feel nothing, so they have no happiness." },
};
export default glossary;
