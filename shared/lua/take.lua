-- Take the next job of the first queue that has one into the worker's in-flight list,
-- so that an id is in some list at every moment; an id that RQ has forgotten is dropped.
-- KEYS: in-flight list, then the queues in order
-- ARGV: prefixes of RQ's jobs and of its queues; then, where a checkpoint is loaded: prefix of the
--       job records, now, seconds of patience, how many of a queue are looked at, and what the
--       loaded ones serve, in words as the records' `needs`, each
--
-- `shared/turns.py` has the same rule for the estimates, and says why it is fair.
local loaded = {}
for i = 7, #ARGV do loaded[ARGV[i]] = true end
local now, patience = tonumber(ARGV[4] or 0), tonumber(ARGV[5] or 0)
local window = patience > 0 and next(loaded) and tonumber(ARGV[6]) or 1

-- Whether a job may be overtaken for the sake of the loaded checkpoints; notes since when it is.
local function can_wait(id)
  local state, needs, since =
    unpack(redis.call('HMGET', ARGV[3] .. id, 'state', 'needs', 'overtaken_at'))
  if not state or not needs or needs == '' or loaded[needs] then return false end
  return not since or now - tonumber(since) < patience
end

local function served(id)
  return loaded[redis.call('HGET', ARGV[3] .. id, 'needs')]
end

-- The next job of a queue, or nil; what RQ has forgotten on the way is dropped.
local function choose(queue)
  while true do
    local known = {}
    local ids = redis.call('LRANGE', queue, 0, window - 1)
    for _, id in ipairs(ids) do
      if redis.call('EXISTS', ARGV[1] .. id) == 1 then
        known[#known + 1] = id
      else
        redis.call('LREM', queue, 1, id)
      end
    end
    local head = known[1]
    if head and window > 1 and can_wait(head) then
      for i = 2, #known do
        if served(known[i]) then
          redis.call('HSETNX', ARGV[3] .. head, 'overtaken_at', ARGV[4])
          return known[i]
        end
      end
    end
    if head or #ids == 0 then return head end
  end
end

-- A worker has one job at a time: what still lies in its list was taken by a call whose reply was
-- lost on the way, and comes first.
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local status, origin = unpack(redis.call('HMGET', ARGV[1] .. id, 'status', 'origin'))
  if status == 'queued' and origin then return {ARGV[2] .. origin, id} end
  redis.call('LREM', KEYS[1], 1, id)
end
for i = 2, #KEYS do
  local id = choose(KEYS[i])
  if id then
    redis.call('LREM', KEYS[i], 1, id)
    redis.call('RPUSH', KEYS[1], id)
    return {KEYS[i], id}
  end
end
return false
