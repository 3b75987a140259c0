/** Imports only go down the table of layers, types included, and the document shows the same table. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import { expandBraces, ROOT, sectionOf } from './support/documents.js';

interface Layer {
  readonly name: string;
  readonly files: readonly string[];
  /** Ranks whose files may be imported from any folder. */
  readonly anyFolder: readonly number[];
  /** Folders that may be imported from besides the own one. */
  readonly folders: readonly string[];
  /** Files that may be imported besides, by their names. */
  readonly named?: readonly string[];
  /** What may be imported of Node; `types` only as types. */
  readonly node: readonly string[];
  readonly nodeTypes: readonly string[];
}

/** A file may import its own folder up to its own rank, `anyFolder`, `folders` up to its own rank, and what is `named`. */
const LAYERS: readonly Layer[] = [
  {
    name: 'leaves',
    files: ['errors', 'bytes', 'byte-queue', 'byte-pieces', 'counters', 'waitable-set', 'thenable', 'rate', 'option-checks'],
    anyFolder: [],
    folders: [],
    node: [],
    nodeTypes: [],
  },
  {
    name: 'contracts',
    files: ['net/{protocol,ticker}', 'http/{contract,events,headers}', 'channel/{contract,outlet,shared-message,close-status,bus,store-options,store-contract}', 'cluster/bus-messages'],
    anyFolder: [0, 1],
    folders: [],
    node: [],
    nodeTypes: [],
  },
  {
    name: 'pure cores',
    files: [
      'http/{errors,authority,head,framing,body,parser,exchange,status,date,response,event-stream,heartbeat,last-head,forwarded,request-rates}',
      'websocket/{errors,frame,rules,simd,mask,utf8,encoder,relay,decoder,message,close,handshake,extensions,origin,inflow,deflate,work-limit,turn-limit,outbox,compression}',
      'channel/{message-id,envelope,published,history,batch}',
    ],
    anyFolder: [0, 1],
    folders: [],
    node: ['node:crypto', 'node:zlib', 'node:buffer'],
    nodeTypes: [],
  },
  {
    name: 'runtime',
    files: ['net/{deadlines,shared-text,common-room,output,turn-queue,freed-memory,past-stream,home-context,connection,places,trusted-addresses,proxy-header,proxy-gate,tls-gate,listen,acceptor}', 'channel/{states,actions,inbox,outgoing,callbacks,ending,farewell,channel,as-channel,timer,content,field-pairs,poll-answer,parcel,tally,backlog,member,group-settings,sweeper,bus-settings,bus-hold,left-out,read-older,bus-link,group,store}'],
    anyFolder: [0, 1],
    folders: [],
    named: ['http/response'],
    node: ['node:net', 'node:tls', 'node:fs', 'node:fs/promises', 'node:timers', 'node:async_hooks', 'node:perf_hooks'],
    nodeTypes: [],
  },
  {
    name: 'drivers',
    files: ['http/{settings,admission,request,request-body,request-deadlines,body-pump,body-writer,response-writer,responder,former-driver,protocol}', 'websocket/protocol', 'cluster/{error-report,back-off,link,bus,relay-group,relay}'],
    anyFolder: [0, 1],
    folders: ['channel'],
    node: [],
    nodeTypes: [],
  },
  {
    name: 'composition',
    files: ['deflate-options', 'options', 'stop-deadline', 'diagnostics', 'server-stats', 'server', 'cluster-control', 'worker-process', 'cluster', 'cluster-worker'],
    anyFolder: [0, 1, 2, 3, 4],
    folders: [],
    node: ['node:util', 'node:diagnostics_channel', 'node:cluster', 'node:os', 'node:path', 'node:timers/promises', 'node:url', 'node:v8'],
    nodeTypes: ['node:net', 'node:tls'],
  },
  {
    name: 'entry',
    files: ['index'],
    anyFolder: [0, 1, 2, 3, 4, 5],
    folders: [],
    node: [],
    nodeTypes: [],
  },
  {
    name: 'adapters',
    files: ['adapters/{bus-options,outbox,packing,naming,pending-calls,cluster-hearing,redis-link,node-redis,ioredis,redis-clients,redis-scripts,redis-log,redis-topic,redis,nats}'],
    anyFolder: [6],
    folders: [],
    node: ['node:crypto'],
    nodeTypes: [],
  },
  {
    name: 'browser client',
    files: ['client/{contract,timer,wire,event-stream,http,link,by-web-socket,by-event-stream,by-poll,outgoing,server-connection,index}'],
    anyFolder: [],
    folders: [],
    node: [],
    nodeTypes: [],
  },
];

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly isType: boolean;
}

const SRC = join(ROOT, 'src');
const FILES = readdirSync(SRC, { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();
const RANKS = new Map(LAYERS.flatMap((layer, rank) => layer.files.flatMap(expandBraces).map((file) => [file, rank] as const)));
const IMPORTS = FILES.flatMap(importsOf);

test('every file of src stands in the table, and every file of the table in src', () => {
  assert.deepEqual([...RANKS.keys()].sort(), FILES);
});

test('every import of src is understood', () => {
  for (const file of FILES) {
    const specifiers = codeOf(file).match(/(?<!['".])\b(?:from|import|require)\s*\(?\s*['"]/g) ?? [];
    assert.equal(importsOf(file).length, specifiers.length, `an import of ${file} has a form that this test cannot read`);
  }
});

for (const [rank, layer] of LAYERS.entries()) {
  const own = IMPORTS.filter((each) => RANKS.get(each.from) === rank);

  test(`${layer.name} import only what their rank allows`, () => {
    for (const { from, specifier } of own.filter(isLocal)) {
      const to = resolve(from, specifier);
      const toRank = RANKS.get(to);
      assert.ok(toRank !== undefined, `${from} imports ${to}, which is no file of src`);
      const isNear = toRank <= rank && [dirname(from), ...layer.folders].includes(dirname(to));
      const isAllowed = layer.anyFolder.includes(toRank) || isNear || layer.named?.includes(to) === true;
      assert.ok(isAllowed, `${from} (${layer.name}) must not import ${to} (${LAYERS[toRank]!.name})`);
    }
  });

  test(`${layer.name} import of Node only what their rank allows, and of packages nothing`, () => {
    for (const { from, specifier, isType } of own.filter((each) => !isLocal(each))) {
      const isAllowed = layer.node.includes(specifier) || (isType && layer.nodeTypes.includes(specifier));
      assert.ok(isAllowed, `${from} (${layer.name}) must not import ${specifier}`);
    }
  });
}

test('no file imports itself through others', () => {
  const state = new Map<string, 'entered' | 'left'>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.notEqual(state.get(file), 'entered', `a cycle: ${[...path, file].join(' -> ')}`);
    if (state.has(file)) return;
    state.set(file, 'entered');
    for (const each of IMPORTS.filter((one) => one.from === file && isLocal(one))) visit(resolve(file, each.specifier), [...path, file]);
    state.set(file, 'left');
  };
  for (const file of FILES) visit(file, []);
});

test('timers run only in the runtime, the composition and the browser client', () => {
  for (const file of FILES) {
    const name = LAYERS[RANKS.get(file) ?? 0]!.name;
    if (['runtime', 'composition', 'browser client'].includes(name)) continue;
    assert.doesNotMatch(codeOf(file), /\bset(?:Timeout|Interval|Immediate)\b/, `${file} (${name}) must not start a timer`);
  }
});

test('nothing in src reaches for the internals of Node', () => {
  for (const file of FILES) {
    assert.doesNotMatch(codeOf(file), /\b(?:process\.binding|_linkedBinding|internalBinding)\b|\._(?:handle|writableState|readableState|events)\b/, file);
  }
});

test('the package depends on no other package at run time', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const field of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']) {
    assert.deepEqual(manifest[field] ?? {}, {}, field);
  }
});

test('docs/ARCHITECTURE.md shows the layers as they are', () => {
  const section = sectionOf('docs/ARCHITECTURE.md', 'Layers');
  const rows = [...section.matchAll(/^\| (\d) (.+?) \| .+? \| (.+) \|$/gm)].map(([, rank, name, files]) => ({
    rank: Number(rank),
    name,
    files: [...files!.matchAll(/`([^`]+)`/g)].flatMap((match) => expandBraces(match[1]!)).sort(),
  }));
  const expected = LAYERS.map((layer, rank) => ({ rank, name: layer.name, files: layer.files.flatMap(expandBraces).sort() }));
  assert.deepEqual(rows, expected);
});

function importsOf(from: string): Import[] {
  const code = codeOf(from);
  const statements = [...code.matchAll(/^(?:import|export)\s(?:(type)\s)?[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm)];
  const bare = [...code.matchAll(/^import\s*()['"]([^'"]+)['"]/gm)];
  const called = [...code.matchAll(/\b(?:import|require)\s*\(\s*()['"]([^'"]+)['"]/g)];
  return [...statements, ...bare, ...called].map(([, type, specifier]) => ({ from, specifier: specifier!, isType: type === 'type' }));
}

/** The text of a file without its comments. */
function codeOf(file: string): string {
  return readFileSync(join(SRC, `${file}.ts`), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

function isLocal({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

function resolve(from: string, specifier: string): string {
  assert.match(specifier, /\.js$/, `${from} imports ${specifier}`);
  return posix.join(dirname(from), specifier).slice(0, -'.js'.length);
}
