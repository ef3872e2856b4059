// Entry of the beacon.
(window as unknown as { felt?: unknown }).felt ??= () => {};
