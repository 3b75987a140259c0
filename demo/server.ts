/** The demo as a program: `npm start`. PORT chooses another port than 9090, 0 a free one. SIGINT and SIGTERM stop it in order. */

import { startDemo } from './app.js';

try {
  const demo = await startDemo({ port: Number(process.env['PORT'] || 9090) });
  console.log(`Longwire demo: ${demo.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void demo.stop());
} catch (error) {
  console.error(`The demo does not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
