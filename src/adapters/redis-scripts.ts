/**
 * The scripts that keep the history of a group in Redis, each of which Redis runs as one step. A history is one stream, which is all there
 * is of the group, so that whatever happens to a part of it happens to the whole, and a cluster keeps it in one place.
 *
 * An entry's id is the message's: `<epoch>-<sequence>`, where the epoch is Redis's clock in microseconds when the stream was made. Entry 0
 * is no message but the place before the first. The newest entry always stays, because it says how to go on. Fields: m, the message as
 * packed; t, when it was added, and u, until when it may be read, in milliseconds; n, the bytes of all messages of the epoch so far; r, the run of the server.
 *
 * Beside it stands a note for each bus that has added something lately, which says what its last call was, and what it was answered: where only
 * that answer was lost, the call is not carried out again. It is not a part of the stream because others may push a message out of that.
 *
 * A Redis that has lost data must not give the ids of what it lost to other messages. Where the run of the newest entry is not that of now,
 * the stream is only carried on if Redis keeps an append-only file that has every message it ever answered, and was no replica before; else
 * it begins anew, with another epoch, and whoever knows an older id is told that it does not reach back. How the file is written no script
 * may ask: it fails with `unsureOf`, and is told.
 */

import { createHash } from 'node:crypto';

/** A script, and the name by which Redis knows it once it has run. */
export interface RedisScript {
  readonly source: string;
  readonly sha: string;
}

/** Which run of Redis a script is unsure of, as its error says; `undefined` for every other error. */
export function unsureOf({ message }: Error): string | undefined {
  return /unsure of what survived until run (\w+)/.exec(message)?.[1];
}

/** What a script is told then, before all else: whether what was answered is on disk. */
export function verdictOn(run: string, isDurable: boolean): string {
  return `${run}${isDurable ? '+' : '-'}`;
}

const SHARED = `
local key = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local epoch, sequence, total, run
local verdict = table.remove(ARGV, 1)

local function section(name)
  local info = redis.pcall('INFO', name)
  return type(info) == 'string' and info or ''
end

local function fieldsOf(entry)
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return fields
end

local function decimal(number)
  return string.format('%.0f', number)
end

local function idOf(number)
  return epoch .. '-' .. decimal(number)
end

local function add(number, message)
  redis.call('XADD', key, idOf(number), 'm', message, 't', decimal(now), 'u', decimal(now + ARGV[3]), 'n', decimal(total), 'r', run)
end

local function hasSurvived()
  return string.find(section('persistence'), 'aof_enabled:1', 1, true) ~= nil
    and string.find(section('replication'), 'master_replid2:0+%s') ~= nil
end

-- Whether Redis, which has started anew since the newest entry, still has everything.
local function isWhole()
  if not hasSurvived() or verdict == run .. '-' then return false end
  return verdict == run .. '+' or error('unsure of what survived until run ' .. run)
end

-- Whether there is a history that can be carried on.
local function find()
  run = string.match(section('server'), 'run_id:(%w%w%w%w%w%w%w%w)') or ''
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  if not last then return false end
  local fields = fieldsOf(last)
  if not fields.r then error('the key holds something else than the history of a group') end
  if fields.r ~= run and not isWhole() then return false end
  epoch, sequence = string.match(last[1], '^(%d+)-(%d+)$')
  sequence, total = tonumber(sequence), tonumber(fields.n)
  return true
end

local function begin()
  redis.call('DEL', key)
  epoch, sequence, total = clock[1] .. string.format('%06d', clock[2]), 0, 0
  add(0, '')
end

-- Finds the history or begins one; also where the caller was handed what this server never had, or has lost.
local function open(expiry, knownEpoch, knownSequence)
  if not find() or (knownEpoch == epoch and tonumber(knownSequence) > sequence) then begin() end
  redis.call('PEXPIRE', key, expiry)
end

local function trim(maxMessages, maxAgeMs, maxBytes)
  redis.call('XTRIM', key, 'MAXLEN', '=', maxMessages)
  for _ = 2, redis.call('XLEN', key) do
    local oldest = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
    local fields = fieldsOf(oldest)
    local kept = total - tonumber(fields.n) + #fields.m
    if now - fields.t <= tonumber(maxAgeMs) and kept <= tonumber(maxBytes) then return end
    redis.call('XDEL', key, oldest[1])
  end
end
`;

/** Adds messages and tells them to whoever listens. KEYS[2]: the note of the bus. ARGV behind the verdict: as of `TEND`, then channel, call, '1' where it is called again, how long the note stays, messages. Gives the id of the first. */
export const APPEND = scriptOf(`
local CHANNEL, CALL, IS_REPEATED, NOTE_MS, FIRST = ARGV[7], ARGV[8], ARGV[9] == '1', ARGV[10], 11

-- The id of the first message, where the call was carried out before in this epoch and only its answer was lost.
local function findAnswer()
  local call, id = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%S+)$')
  if call == CALL and string.match(id, '^%d+') == epoch then return id end
end

open(ARGV[1], ARGV[5], ARGV[6])
local answer = IS_REPEATED and findAnswer()
if answer then return answer end
for i = FIRST, #ARGV do
  local number = sequence + 1 + i - FIRST
  total = total + #ARGV[i]
  add(number, ARGV[i])
  redis.call('PUBLISH', CHANNEL, idOf(number) .. '\\n' .. ARGV[i])
end
if sequence == 0 then redis.call('XDEL', key, idOf(0)) end
trim(ARGV[2], ARGV[3], ARGV[4])
redis.call('SET', KEYS[2], CALL .. ' ' .. idOf(sequence + 1), 'PX', NOTE_MS)
return idOf(sequence + 1)
`);

/** Keeps the history from being forgotten. ARGV behind the verdict: expiry, maxMessages, maxAgeMs, maxBytes, the epoch and sequence that the caller knows. Gives the id of the last message. */
export const TEND = scriptOf(`
open(ARGV[1], ARGV[5], ARGV[6])
trim(ARGV[2], ARGV[3], ARGV[4])
return idOf(sequence)
`);

/**
 * Reads on behind a message, if that is not too old: the newest one also stays then. ARGV behind the verdict: its epoch and sequence, limit.
 * Gives the id of the last message, where there is a history, entries, and the time as in their `t`.
 */
export const READ = scriptOf(`
if not find() then return {false, {}} end
for _ = 1, redis.call('XLEN', key) do
  local oldest = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
  if now <= tonumber(fieldsOf(oldest).u) then break end
  if oldest[1] == idOf(sequence) then return {oldest[1], {}, decimal(now)} end
  redis.call('XDEL', key, oldest[1])
end
local from = '-'
if ARGV[1] == epoch and tonumber(ARGV[2]) <= sequence then from = idOf(ARGV[2] + 1) end
return {idOf(sequence), redis.call('XRANGE', key, from, '+', 'COUNT', ARGV[3]), decimal(now)}
`);

/** Tells messages that are not kept to whoever listens: by way of the group's key, so that in a cluster one server keeps their order. ARGV: channel, messages. */
export const TELL = scriptOf(
  `
for i = 2, #ARGV do redis.call('PUBLISH', ARGV[1], '\\n' .. ARGV[i]) end
`,
  '',
);

function scriptOf(body: string, shared = SHARED): RedisScript {
  const source = shared + body;
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
