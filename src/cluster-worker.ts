/**
 * The program of a worker: it loads the handler's module, listens where the primary says, and ends when it says so. SIGINT and SIGTERM,
 * which terminals and service managers send to all processes at once, are left to the primary.
 */

import type { HandlerModule } from './cluster.js';
import { BusPort, openClusterBus } from './cluster/bus.js';
import { reportOf } from './cluster/error-report.js';
import { type ToPrimary, type ToWorker, unwrap, type Wrapped } from './cluster-control.js';
import { UsageError } from './errors.js';
import { describe, isFunction, isObject } from './option-checks.js';
import { resolveOptions, type ServerOptions } from './options.js';
import { LongwireServer } from './server.js';

/** One kind of the primary's messages. */
type Order<Type extends ToWorker['type']> = Extract<ToWorker, { readonly type: Type }>;

class ClusterWorker {
  readonly #bus = new BusPort((packet, taken) => void tell({ type: 'bus', packet }).then(taken));
  #module: HandlerModule | undefined;
  #options: ServerOptions = {};
  #secureContext: Order<'start'>['secureContext'];
  #server: LongwireServer | undefined;
  #isListening = false;
  #ending: Promise<void> | undefined;

  constructor() {
    openClusterBus(this.#bus);
  }

  /** What goes wrong here ends the worker, and the primary is told of it. */
  async receive(order: ToWorker): Promise<void> {
    try {
      await this.#obey(order);
    } catch (error) {
      await tell({ type: 'failed', error: reportOf(error) });
      process.exit(1);
    }
  }

  #obey(order: ToWorker): Promise<void> | void {
    switch (order.type) {
      case 'start':
        return this.#load(order);
      case 'listen':
        return this.#listen(order.port);
      case 'stats':
        return void tell({ type: 'answer', call: order.call, stats: this.#server?.stats(), error: undefined });
      case 'setSecureContext':
        return this.#setSecureContext(order);
      case 'bus':
        return this.#bus.receive(order.packet);
      case 'stop':
        return this.#stop(order.timeoutMs);
    }
  }

  async #load({ module, options, secureContext }: Order<'start'>): Promise<void> {
    this.#secureContext = secureContext;
    this.#module = checkModule(await import(module), module);
    this.#options = { ...this.#module.options, ...options };
    const { host, port, path, backlog, reusePort } = resolveOptions(this.#options);
    void tell({ type: 'ready', place: { host, port, path, backlog, reusePort } });
  }

  async #listen(port: number): Promise<void> {
    const server = new LongwireServer(this.#module!.default, { ...this.#options, port });
    if (this.#secureContext !== undefined) server.setSecureContext(this.#secureContext);
    this.#server = server;
    await server.start();
    this.#isListening = true;
    void tell({ type: 'listening', port: server.port, url: server.url });
  }

  /** What comes before there is a server is for the one that will be. */
  #setSecureContext({ call, options }: Order<'setSecureContext'>): void {
    let error: unknown;
    try {
      if (this.#server === undefined) this.#secureContext = { ...this.#secureContext, ...options };
      else this.#server.setSecureContext(options);
    } catch (thrown) {
      error = thrown;
    }
    void tell({ type: 'answer', call, stats: undefined, error: error === undefined ? undefined : reportOf(error) });
  }

  /** Who does not listen yet has nothing to finish. */
  #stop(timeoutMs: number): Promise<void> {
    if (!this.#isListening) process.exit();
    const stopped = this.#server!.stop({ timeoutMs });
    return (this.#ending ??= this.#end(stopped));
  }

  async #end(stopped: ReturnType<LongwireServer['stop']>): Promise<void> {
    await tell({ type: 'stopped', result: await stopped, stats: this.#server!.stats() });
    await this.#module!.onStopped?.();
    await this.#bus.flushed();
    process.exit();
  }
}

function checkModule(loaded: Partial<HandlerModule>, url: string): HandlerModule {
  const { default: handler, options, onStopped } = loaded;
  if (!isFunction(handler)) throw new UsageError(`the handler's module must export a function of the request by default, not ${describe(handler)}: ${url}`);
  if (options !== undefined && !isObject(options)) throw new UsageError(`the handler's module must export an object as options, not ${describe(options)}: ${url}`);
  if (onStopped !== undefined && !isFunction(onStopped)) throw new UsageError(`the handler's module must export a function as onStopped, not ${describe(onStopped)}: ${url}`);
  return loaded as HandlerModule;
}

/** Resolves when the message is on its way, or will never be: then the primary has gone, and this process is about to end. */
function tell(message: ToPrimary): Promise<void> {
  const wrapped: Wrapped<ToPrimary> = { longwire: message };
  return new Promise((resolve) => process.send!(wrapped, () => resolve()));
}

const worker = new ClusterWorker();
process.on('message', (message) => {
  const order = unwrap<ToWorker>(message);
  if (order !== undefined) void worker.receive(order);
});
void tell({ type: 'hello' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
