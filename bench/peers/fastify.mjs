/** fastify, as its documentation shows it. */

import fastify from 'fastify';
import { HELLO, HOST, serve, TASK } from './control.mjs';

const app = fastify();
if (TASK.application === 'hello') {
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(HELLO));
} else {
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/', (request, reply) => reply.send(request.body));
}
await app.listen({ host: HOST, port: 0 });
serve(app.server.address().port, `fastify ${app.version}`);
