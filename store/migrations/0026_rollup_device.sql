-- Devices over all pages, by the day alone: "only phones" of four weeks is a few hundred cells instead of those of every
-- page. Summed by the processor from its cells by page and device. Days of arrival that are over when this is applied are
-- summed right after it; where devices do not add up to the site, readers take the pages.
ALTER TABLE rollup_day {on_cluster} MODIFY COLUMN grouping Enum8('site' = 1, 'page' = 2, 'page_device' = 3, 'country' = 4, 'release' = 5, 'browser' = 6, 'device' = 7) CODEC(ZSTD(1));
