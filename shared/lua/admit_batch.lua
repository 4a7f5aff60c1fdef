-- Admit the jobs of a batch: all, or with `partial` as many as there is room for; else store nothing.
-- KEYS: active set, client's set, idempotency key, set of all jobs, batch, then a record for each job
-- ARGV: now, batch id, queue limit, client limit, seconds until a forgotten entry heals,
--       body digest, seconds an idempotency key lives, seconds the batch does, partial (0|1), then
--       of the batch, and of each job after its id: how many arguments follow, field, value, …
-- Returns what `admit` does, with the id of the batch.
-- The reply of a call that was carried out may have been lost on the way, and the call repeated.
if redis.call('EXISTS', KEYS[5]) == 1 then return {'admitted', ARGV[2]} end
local now = tonumber(ARGV[1])
local known = redis.call('GET', KEYS[3])
if known then
  local id, digest = string.match(known, '^(%S+) (%S+)$')
  if digest ~= ARGV[6] then return {'conflict', id} end
  return {'known', id}
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local wanted, refused = #KEYS - 5, ''
local admitted = wanted
local room = ARGV[3] - redis.call('ZCARD', KEYS[1])
if room < admitted then admitted, refused = room, 'queue_full' end
room = ARGV[4] - redis.call('ZCARD', KEYS[2])
if room < admitted then admitted, refused = room, 'too_many' end
if admitted < wanted and (ARGV[9] == '0' or admitted < 1) then return {refused, ''} end
local heals = now + tonumber(ARGV[5])
local at = 10
redis.call('HSET', KEYS[5], 'admitted', admitted, 'left', admitted, 'refused', refused,
  unpack(ARGV, at + 1, at + ARGV[at]))
redis.call('EXPIRE', KEYS[5], ARGV[8])
at = at + 1 + ARGV[at]
for i = 6, 5 + admitted do
  local id, count = ARGV[at], ARGV[at + 1]
  redis.call('ZADD', KEYS[1], heals, id)
  redis.call('ZADD', KEYS[2], heals, id)
  redis.call('ZADD', KEYS[4], now, id)
  redis.call('HSET', KEYS[i], unpack(ARGV, at + 2, at + 1 + count))
  at = at + 2 + count
end
redis.call('EXPIRE', KEYS[2], ARGV[5])
if ARGV[6] ~= '' then
  redis.call('SET', KEYS[3], ARGV[2] .. ' ' .. ARGV[6], 'EX', ARGV[7])
end
return {'admitted', ARGV[2]}
