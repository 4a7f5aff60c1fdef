-- Admit a job, or say why not; nothing is stored unless it is admitted.
-- KEYS: active set, client's set, idempotency key, job record, set of all jobs
-- ARGV: now, job id, queue limit, client limit, seconds until a forgotten entry heals,
--       body digest, seconds an idempotency key lives, then field, value, field, value, …
-- The reply of a call that was carried out may have been lost on the way, and the call repeated.
if redis.call('EXISTS', KEYS[4]) == 1 then return {'admitted', ARGV[2]} end
local now = tonumber(ARGV[1])
local known = redis.call('GET', KEYS[3])
if known then
  local id, digest = string.match(known, '^(%S+) (%S+)$')
  if digest ~= ARGV[6] then return {'conflict', id} end
  return {'known', id}
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return {'queue_full', ''} end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return {'too_many', ''} end
local heals = now + tonumber(ARGV[5])
redis.call('ZADD', KEYS[1], heals, ARGV[2])
redis.call('ZADD', KEYS[2], heals, ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('ZADD', KEYS[5], now, ARGV[2])
redis.call('HSET', KEYS[4], unpack(ARGV, 8))
if ARGV[6] ~= '' then
  redis.call('SET', KEYS[3], ARGV[2] .. ' ' .. ARGV[6], 'EX', ARGV[7])
end
return {'admitted', ARGV[2]}
