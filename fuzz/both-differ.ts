/**
 * What both accept and understand differently. Nothing belongs here that could be an error of Longwire: a row names the fault of
 * node:http, and matches only what that fault makes of the bytes.
 */

import type { Disagreement } from './dispute.js';
import { asksForUpgrade, hasTabBehindChunked } from './message-text.js';

export const BOTH_DIFFER: readonly Disagreement[] = [
  {
    name: 'A chunked body behind `Upgrade` and a tab behind `chunked`',
    rfc: '9110 §5.5',
    why: 'White space around a field value is not part of it. To node:http this is no chunked body, and behind Upgrade it then reads none instead of refusing it.',
    refusals: ['none'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\t\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    matches: ({ stage, message, node }) => stage === 'body' && node?.body === '' && asksForUpgrade(message) && hasTabBehindChunked(message),
  },
];
