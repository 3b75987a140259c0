-- What wrk sends: the request of its first argument, as often as its second says in one write. Each mark in it is a number that differs every
-- time. At the end it prints what the harness reads.

local MARK = "########"
local parts = {}
local burst = ""
local count = 0

local function split(text)
  local at = 1
  while true do
    local from, to = text:find(MARK, at, true)
    if from == nil then break end
    parts[#parts + 1] = text:sub(at, from - 1)
    at = to + 1
  end
  parts[#parts + 1] = text:sub(at)
end

local function differing()
  count = count + 1
  return table.concat(parts, string.format("%08d", count))
end

function init(args)
  local text, times = args[1], tonumber(args[2])
  split(text)
  if #parts == 1 then
    burst = text:rep(times)
    request = function() return burst end
  else
    request = function()
      local all = {}
      for i = 1, times do all[i] = differing() end
      return table.concat(all)
    end
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"errors":%d,"p50":%d,"p99":%d,"p999":%d}\n',
    summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
