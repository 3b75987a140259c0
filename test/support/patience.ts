/** How long a test waits, in milliseconds, for what has to happen: so long that it has hung, not that the machine is busy. */
export const PATIENCE_MS = 60_000;
