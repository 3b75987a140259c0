/** What was found about groups, as data and as a page to read. */

import type { Latency } from '../histogram.js';
import type { Machine, Revision } from '../machine.js';
import { duration, markdownTable, micros, times } from '../markdown.js';
import { median } from '../statistics.js';
import type { RedisMeasurement } from './redis.js';
import { ENTRIES, MEMBERS, MESSAGE_BYTES } from './scenarios.js';

/** The medians of one entry with so many members and messages of so many bytes. */
export interface GroupResult {
  readonly entry: string;
  readonly about: string;
  readonly members: number;
  readonly messageBytes: number;
  readonly microsPerDelivery: number;
  readonly deliveriesPerSecond: number;
  readonly latency: Latency;
}

export interface RedisResult extends RedisMeasurement {
  readonly name: string;
  readonly title: string;
  readonly members: number;
  readonly messages: number;
}

export interface BroadcastResults {
  readonly date: string;
  readonly measuredAt: string;
  readonly node: string;
  readonly revision: Revision;
  readonly machine: Machine;
  readonly options: { readonly rounds: number; readonly seconds: number };
  readonly groups: readonly GroupResult[];
  readonly redis: readonly RedisResult[];
  /** Who was not measured, and why. */
  readonly missing: readonly string[];
}

/** The medians of several measurements of the same. */
export function mediansOfRedis(all: readonly RedisMeasurement[]): RedisMeasurement {
  const of = (value: (one: RedisMeasurement) => number): number => median(all.map(value));
  return {
    deliveriesPerSecond: of((one) => one.deliveriesPerSecond),
    latency: { p50: of((one) => one.latency.p50), p99: of((one) => one.latency.p99), p999: of((one) => one.latency.p999) },
    publisherMicros: of((one) => one.publisherMicros),
    receiverMicros: of((one) => one.receiverMicros),
    redisMicros: of((one) => one.redisMicros),
  };
}

export function pageOfBroadcast({ date, node, revision, machine, options, groups, redis, missing }: BroadcastResults): string {
  const sections = [
    `# Groups of Longwire on Node ${node}, ${date}`,
    [
      `- commit ${revision.commit}${revision.isDirty ? ', with changes' : ''}`,
      `- ${machine.system}, ${machine.cores} cores of ${machine.cpu}`,
      `- ${options.rounds} rounds of ${options.seconds} s, medians`,
    ].join('\n'),
    'µs are CPU time of the server’s process, user and system, for one message that came to one member; one message is sent in a turn, and the next when all have it.',
    ...MESSAGE_BYTES.map((bytes) => `## Messages of ${bytes.toLocaleString('en')} B\n\n${groupsTable(groups.filter(({ messageBytes }) => messageBytes === bytes))}`),
  ];
  if (redis.length > 0) sections.push('## Over Redis', REDIS_READING, redisTable(redis));
  if (missing.length > 0) sections.push('## Not measured', missing.map((reason) => `- ${reason}`).join('\n'));
  return `${sections.join('\n\n')}\n`;
}

const REDIS_READING = [
  'What is published in one process reaches WebSockets of another, 128 B each. Latency is from the request that publishes to the arrival at a member; µs are CPU time for one message,',
  'whatever the number of its members. Both servers share a core, Redis and the load share the other.',
].join(' ');

/** A line for each entry, with what one delivery costs in groups of each size. */
export function groupsTable(groups: readonly GroupResult[]): string {
  const found = (entry: string, members: number): GroupResult | undefined => groups.find((one) => one.entry === entry && one.members === members);
  const rows = ENTRIES.filter(({ name }) => groups.some(({ entry }) => entry === name)).map(({ name, title, beside }) => [
    title,
    ...MEMBERS.map((members) => {
      const [one, ours] = [found(name, members), beside && found(beside, members)];
      if (one === undefined) return '';
      return ours ? `${micros(one.microsPerDelivery)} (${times(one.microsPerDelivery / ours.microsPerDelivery)})` : micros(one.microsPerDelivery);
    }),
    found(name, 1000) === undefined ? '–' : Math.round(found(name, 1000)!.deliveriesPerSecond).toLocaleString('en'),
  ]);
  return markdownTable(['members', ...MEMBERS.map((members) => `µs each of ${members.toLocaleString('en')}`), 'a second, to 1,000'], rows);
}

export function redisTable(redis: readonly RedisResult[]): string {
  const rows = redis.map((one) => [
    one.title,
    one.members.toLocaleString('en'),
    String(one.messages),
    Math.round(one.deliveriesPerSecond).toLocaleString('en'),
    duration(one.latency.p50),
    duration(one.latency.p99),
    ...[one.receiverMicros, one.publisherMicros, one.redisMicros].map((value) => micros(value || undefined)),
  ]);
  return markdownTable(['from one to the other', 'members', 'messages a turn', 'deliveries a second', 'p50', 'p99', 'receiver µs', 'publisher µs', 'Redis µs'], rows);
}
