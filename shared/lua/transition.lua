-- Take a job to another state, refuse an illegal step, and tell the listeners.
-- KEYS: job record, stream, channel, active set, client's set
-- ARGV: now, job id, new state, states it may come from ('a,b,'), attempt that must still hold
--       ('' for none), worker that must still have it ('' for any), terminal (0|1), seconds to keep
--       an ended job's record and its stream, event as JSON, then field, value, …
-- Returns the attempt, or a refusal: 'unknown', 'fenced', or the state it is in.
--
-- A job that is begun is a new attempt, unless it stepped aside by itself (`yielded`): then the
-- attempt goes on. The word is good for one beginning, and for none after a worker died. Then one
-- attempt has had two workers, so it does not tell them apart: the reply of the first one's step may
-- have been lost on the way, and the call repeated when the second one speaks already.
local state, attempt, samples, take, yielded, worker =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'attempt', 'samples', 'take', 'yielded', 'worker'))
if not state then return 'unknown' end
if ARGV[5] ~= '' and ARGV[5] ~= (attempt or '0') then return 'fenced' end
if ARGV[6] ~= '' and ARGV[6] ~= (worker or ARGV[6]) then return 'fenced' end
if not string.find(ARGV[4], state .. ',', 1, true) then return state end
samples, take = samples or '0', take or '0'
if state == 'running' or ARGV[3] == 'running' then redis.call('HDEL', KEYS[1], 'yielded') end
redis.call('HSET', KEYS[1], 'state', ARGV[3], unpack(ARGV, 11))
if ARGV[3] == 'running' and yielded ~= '1' then
  attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('XADD', KEYS[2], samples .. '-' .. seq, 'k', 'e', 't', take, 'd', ARGV[10])
if ARGV[7] == '1' then
  redis.call('EXPIRE', KEYS[1], ARGV[8])
  redis.call('EXPIRE', KEYS[2], ARGV[9])
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('ZREM', KEYS[5], ARGV[2])
else
  redis.call('EXPIRE', KEYS[2], ARGV[8])
end
redis.call('PUBLISH', KEYS[3], 'e ' .. seq .. ' ' .. samples .. ' ' .. take .. '\n' .. ARGV[10])
return tonumber(attempt or 0)
