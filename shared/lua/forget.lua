-- Delete all that RQ keeps of a job, whole or half-written, in one step.
-- KEYS: job, its executions, results, dependents, dependencies, then of each queue its list and
--       its registry of started executions
-- ARGV: job id, prefix of RQ's executions
for _, execution in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local composite = ARGV[1] .. ':' .. execution
  redis.call('DEL', ARGV[2] .. composite)
  for i = 7, #KEYS, 2 do redis.call('ZREM', KEYS[i], composite) end
end
for i = 6, #KEYS, 2 do redis.call('LREM', KEYS[i], 0, ARGV[1]) end
redis.call('DEL', unpack(KEYS, 1, 5))
