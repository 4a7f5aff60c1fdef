-- What becomes of a job between two lines: 'paused', 'queued' or 'running'.
-- KEYS: job record, the queue to which it gives way; none where it gives way to nobody
-- ARGV: prefixes of the job records and of RQ's jobs, how many of the queue are looked at
if redis.call('HGET', KEYS[1], 'pause') == '1' then return 'paused' end
if not KEYS[2] then return 'running' end
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, ARGV[3] - 1)) do
  -- What RQ has forgotten nobody takes, and what has ended nobody speaks.
  local waits = redis.call('HGET', ARGV[1] .. id, 'state') == 'queued'
  if waits and redis.call('EXISTS', ARGV[2] .. id) == 1 then return 'queued' end
end
return 'running'
