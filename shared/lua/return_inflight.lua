-- Put a job that a dead worker took, and never started, back to the front of its queue, once.
-- KEYS: in-flight list, job as RQ keeps it, queue; ARGV: job id
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
if redis.call('HGET', KEYS[2], 'status') ~= 'queued' then return 0 end
return redis.call('LPUSH', KEYS[3], ARGV[1])
