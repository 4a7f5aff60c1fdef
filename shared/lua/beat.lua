-- Renew an execution's lease, only while it still exists; an expired one is never re-created.
-- KEYS: execution, registry of started executions, job's executions, job record
-- ARGV: now, lease seconds, composite id, execution id
-- Returns {alive (0|1), cancel asked for (0|1)}
local cancelled = redis.call('HEXISTS', KEYS[4], 'cancel')
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, cancelled} end
local expiry = tonumber(ARGV[1]) + tonumber(ARGV[2])
redis.call('HSET', KEYS[1], 'last_heartbeat', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], 'XX', expiry, ARGV[3])
redis.call('ZADD', KEYS[3], 'XX', expiry, ARGV[4])
return {1, cancelled}
