/** A program that is its own handler's module: it serves with two workers, tells its parent the port, and stops at SIGTERM. */

import cluster from 'node:cluster';
import { runCluster } from 'longwire';

if (cluster.isPrimary) {
  const server = await runCluster(import.meta.url, { workers: 2, host: '127.0.0.1', port: 0 });
  process.once('SIGTERM', async () => {
    await server.stop();
    process.disconnect();
  });
  process.send!(server.port);
}

export default (): string => String(process.pid);
