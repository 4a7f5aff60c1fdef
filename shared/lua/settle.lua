-- Note what an attempt to deliver a webhook came to, unless somebody has claimed it since.
-- KEYS: record, outbox, those given up
-- ARGV: attempt, 'delivered', 'pending' or 'failed', why it failed, when (the next attempt, or now),
--       seconds to keep the record from here, of those given up what is older than this is dropped
-- Returns 1, or 0 where it was claimed since.
if redis.call('HGET', KEYS[1], 'webhook_attempts') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'webhook_state', ARGV[2], 'webhook_error', ARGV[3])
if ARGV[2] == 'pending' then
  redis.call('ZADD', KEYS[2], ARGV[4], KEYS[1])
  return 1
end
redis.call('ZREM', KEYS[2], KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[6])
if ARGV[2] == 'failed' then redis.call('ZADD', KEYS[3], ARGV[4], KEYS[1]) end
return 1
