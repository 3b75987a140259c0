/**
 * HTTP streaming: ten messages, one every 200 ms, and the close after ten seconds. A client that leaves earlier is noticed.
 *
 *   node build/examples/streaming.js
 *   curl -N http://127.0.0.1:9090
 */

import { runServer, scheduleTask, type Server, type ServerOptions, withChannel } from 'longwire';

export function start(options: ServerOptions = {}, { everyMs = 200, closeAfterMs = 10_000 } = {}): Promise<Server> {
  return runServer((request) => withChannel(request, (channel) => {
    const tasks = [scheduleTask(closeAfterMs, () => channel.close())];
    for (let id = 0; id < 10; id++) {
      tasks.push(scheduleTask(id * everyMs, () => channel.send(`message ${id} from the server\n`, false))); // false: stay open
    }
    channel.onClose((status) => {
      for (const cancel of tasks) cancel();
      console.log(`channel closed: ${status}`);
    });
  }), { host: '127.0.0.1', port: 9090, ...options });
}

if (process.argv[1] === import.meta.filename) console.log((await start({ port: Number(process.env['PORT'] ?? 9090) })).url);
