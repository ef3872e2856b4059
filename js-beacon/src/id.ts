// Random names for views and sessions.

/** 20 characters of 0-9a-v: 100 random bits. `randomUUID` would need a secure context. */
export const randomId = (): string =>
  crypto.getRandomValues(new Uint8Array(20)).reduce((id, byte) => id + (byte & 31).toString(32), "");

/** A number in [0, 1) that depends on the id alone, so that a session is in the sample as a whole or not at all. */
export const share = (id: string): number => parseInt(id.slice(0, 8), 32) / 2 ** 40;
