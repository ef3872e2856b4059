// Random names for views and sessions.

/** Some 28 digits: 96 random bits. `randomUUID` would need a secure context. */
export const randomId = (): string => crypto.getRandomValues(new Uint32Array(3)).join("");

/** A number in [0, 1) that depends on the id alone, so that a session is in the sample as a whole or not at all. */
export const share = (id: string): number => +("." + id.slice(-6));
