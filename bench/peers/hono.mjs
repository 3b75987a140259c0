/** hono on its server for Node, as its documentation shows it. */

import { serve as listen } from '@hono/node-server';
import { Hono } from 'hono';
import { HELLO, HOST, serve, versionOf } from './control.mjs';

const app = new Hono();
app.get('/', (context) => context.html(HELLO));
app.post('/', async (context) => context.body(await context.req.arrayBuffer()));

listen({ fetch: app.fetch, hostname: HOST, port: 0 }, ({ port }) => serve(port, `${versionOf('hono')} on ${versionOf('@hono/node-server')}`));
